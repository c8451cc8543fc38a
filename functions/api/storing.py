"""Logs into the system: row, object, row again, message. Any step may fail and any upload may be tried again.

The row comes first and is committed, so that an object never exists that nobody knows of; while its stage is
`upload` the row waits for its object, and whoever uploads the same content puts the same object under the same key.
The step to stage `analyse` is taken by one of them, and that one publishes.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from werkzeug.exceptions import RequestEntityTooLarge

from faplog import telemetry
from faplog.blobs import Blobs
from faplog.bus import message_id
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.keys import log_key
from faplog.contracts.messages import AnalysisRequest, AnalysisRequestData, AnalysisStatus, Stage, Subject
from faplog.contracts.profiles import profile_of
from faplog.errors import Unavailable

from . import deleted, quota
from .auth import unauthorized
from .averaging import Asking, lock, settle
from .db import Conn, Database
from .publisher import Outgoing, Publisher
from .receive import Spooled

log = logging.getLogger(__name__)

_PUTS: Final = 3
"""Objects of a batch on their way to the store at once."""

_TRIES: Final = 3
"""How often a batch is begun again when rows vanish under it: another upload of them failed, or they were deleted."""


@dataclass(frozen=True, slots=True)
class Store:
    """The parts an upload goes through."""

    database: Database
    blobs: Blobs
    publisher: Publisher
    quota_logs: int

    def keep(self, user_id: UUID, logs: Sequence[Spooled]) -> list[UUID]:
        """Store a batch of logs of one user and queue them; their ids in the same order.

        The same content again has the same id, and is queued again if it had failed.

        Raises:
            RequestEntityTooLarge: the user would have more logs than the quota.
            Unauthorized: the account was deleted meanwhile.
            Unavailable: the database or the object store is away; what was begun is taken back.
        """
        by_digest = {log.sha256: log for log in reversed(logs)}  # of two the same, the first one's name counts
        self._restore_deleted(user_id, by_digest)
        for _ in range(_TRIES):
            try:
                waiting, ids, fresh = self._claim(user_id, by_digest)
            except psycopg.errors.ForeignKeyViolation:
                raise unauthorized("This account has been deleted.") from None
            try:
                self._put_all([(ids[digest], by_digest[digest]) for digest in waiting])
            except Unavailable:
                self._take_back(user_id, fresh)
                raise
            if self._hand_over(user_id, [ids[digest] for digest in waiting]):
                telemetry.count("faplog.uploads", len(logs))
                return [ids[log.sha256] for log in logs]
        raise Unavailable("uploads of the same logs got into each other's way")

    def _restore_deleted(self, user_id: UUID, logs: dict[bytes, Spooled]) -> None:
        """Restore those of the logs that the user has deleted; see `deleted.restore_uploaded`."""
        names = {digest: log.file_name for digest, log in logs.items()}
        try:
            due = deleted.restore_uploaded(self.database, user_id, names, self.quota_logs)
        except quota.QuotaExceeded as error:
            raise RequestEntityTooLarge(str(error)) from None
        Asking(self.database, self.blobs, self.publisher).ask(due)

    def _claim(self, user_id: UUID, logs: dict[bytes, Spooled]) -> tuple[list[bytes], dict[bytes, UUID], list[UUID]]:
        """The digests whose object is to be stored, the id of each digest, and the ids that are new."""
        digests = sorted(logs)  # one order for all, or two zips with the same logs would lock each other out
        with self.database.api(user_id, durable=False) as connection:  # if forgotten, so is the upload: no answer yet
            _check_quota(connection, user_id, digests, self.quota_logs)
            fresh = connection.execute(
                """
                INSERT INTO fap_analysis (id, user_id, file_name, size, sha256, version)
                SELECT id, %(user_id)s, file_name, size, sha256, %(version)s
                FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(sizes)s::int[], %(digests)s::bytea[])
                    AS new (id, file_name, size, sha256)
                ON CONFLICT (user_id, sha256) DO NOTHING
                RETURNING id
                """,
                {
                    "user_id": user_id,
                    "version": ANALYSIS_VERSION,
                    "ids": [uuid4() for _ in digests],
                    "names": [logs[digest].file_name for digest in digests],
                    "sizes": [logs[digest].size for digest in digests],
                    "digests": digests,
                },
            ).fetchall()
            if len(fresh) < len(digests):
                connection.execute(
                    """
                    UPDATE fap_analysis
                    SET status = %(processing)s, stage = %(upload)s, message = NULL, timed_out = false,
                        attempt = attempt + 1, retries = 0, version = %(version)s, queued_at = now()
                    WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s) AND status = %(failed)s
                    """,
                    {
                        "processing": AnalysisStatus.PROCESSING,
                        "upload": Stage.UPLOAD,
                        "version": ANALYSIS_VERSION,
                        "user_id": user_id,
                        "digests": digests,
                        "failed": AnalysisStatus.FAILED,
                    },
                )
            rows = connection.execute(
                "SELECT id, sha256, stage FROM fap_analysis WHERE user_id = %s AND sha256 = ANY(%s)",
                [user_id, digests],
            ).fetchall()
        ids = {row["sha256"]: row["id"] for row in rows}
        if len(ids) < len(digests):
            raise Unavailable("an upload was deleted while it came in")
        return [row["sha256"] for row in rows if row["stage"] == Stage.UPLOAD], ids, [row["id"] for row in fresh]

    def _put_all(self, logs: Sequence[tuple[UUID, Spooled]]) -> None:
        if len(logs) < 2:
            for one in logs:
                self._put(*one)
            return
        with ThreadPoolExecutor(_PUTS) as pool:
            for done in [pool.submit(self._put, *one) for one in logs]:
                done.result()

    def _put(self, analysis_id: UUID, log: Spooled) -> None:
        log.file.seek(0)
        self.blobs.put(log_key(analysis_id), log.file, content_type="text/csv", attachment=log.file_name)

    def _hand_over(self, user_id: UUID, ids: list[UUID]) -> bool:
        """Queue what has its object now, and publish it; false where a row is gone and everything is to begin again."""
        if not ids:
            return True
        with self.database.api(user_id) as connection:
            queued = connection.execute(
                """
                UPDATE fap_analysis SET stage = %s, queued_at = now(), sent = true
                WHERE id = ANY(%s) AND user_id = %s AND stage = %s AND status = %s
                RETURNING id, attempt, version, file_name
                """,
                [Stage.ANALYSE, ids, user_id, Stage.UPLOAD, AnalysisStatus.PROCESSING],
            ).fetchall()
            there = {row["id"] for row in queued}
            if len(queued) < len(ids):
                found = connection.execute(
                    "SELECT id FROM fap_analysis WHERE id = ANY(%s) AND user_id = %s", [ids, user_id]
                ).fetchall()
                there = {row["id"] for row in found}
        publish_requests(self.database, self.publisher, queued)
        if gone := [analysis_id for analysis_id in ids if analysis_id not in there]:
            self.blobs.delete(*(log_key(analysis_id) for analysis_id in gone))
        return not gone

    def _take_back(self, user_id: UUID, fresh: list[UUID]) -> None:
        """Forget rows made for objects that could not be stored; where even that fails, reconcile ends them."""
        try:
            with self.database.worker() as connection:
                lock(connection, user_id)
                connection.execute(
                    "DELETE FROM fap_analysis WHERE id = ANY(%s) AND user_id = %s AND stage = %s",
                    [fresh, user_id, Stage.UPLOAD],
                )
                due = settle(connection, user_id)
            Asking(self.database, self.blobs, self.publisher).ask(due)
        except Unavailable as error:
            log.warning("upload not taken back", extra={"analyses": len(fresh), "reason": str(error)})


def publish_requests(database: Database, publisher: Publisher, queued: Sequence[Mapping[str, Any]]) -> int:
    """Publish the requests of committed rows (id, attempt, version, file_name); how many the stream took.

    The others are marked, so that reconcile publishes them soon and does not take them for lost.
    """
    traceparent = telemetry.traceparent()
    messages = [
        Outgoing(
            Subject.ANALYSIS_REQUEST,
            _request(row, traceparent),
            message_id(Subject.ANALYSIS_REQUEST, str(row["id"]), row["attempt"]),
            traceparent,
        )
        for row in queued
    ]
    stored = publisher.publish(messages)
    if unsent := [row["id"] for row, done in zip(queued, stored, strict=True) if not done]:
        try:
            with database.worker() as connection:
                connection.execute(
                    "UPDATE fap_analysis SET sent = false WHERE id = ANY(%s) AND status = %s",
                    [unsent, AnalysisStatus.PROCESSING],
                )
        except Unavailable as error:
            log.warning("unsent requests not marked", extra={"analyses": len(unsent), "reason": str(error)})
    return sum(stored)


def _request(row: Mapping[str, Any], traceparent: str | None) -> bytes:
    """The message; the profile goes with it because only the uploaded file's name tells it."""
    data = AnalysisRequestData(
        file_name=row["id"], attempt=row["attempt"], version=row["version"], profile=profile_of(row["file_name"])
    )
    return AnalysisRequest(data=data, **({"traceparent": traceparent} if traceparent else {})).to_json()


def _check_quota(connection: Conn, user_id: UUID, digests: list[bytes], quota_logs: int) -> None:
    """Refuse (`RequestEntityTooLarge`) what goes beyond the quota; uploads of one user are counted one by one."""
    quota.lock(connection, user_id)
    try:
        quota.check(connection, user_id, quota_logs, digests)
    except quota.QuotaExceeded as error:
        raise RequestEntityTooLarge(str(error)) from None
