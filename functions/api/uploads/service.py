"""Logs into the system: row, object, row again, message. Any step may fail and any upload may be tried again.

The row comes first and is committed, so that an object never exists that nobody knows of; while its stage is
`upload` the row waits for its object, and whoever uploads the same content puts the same object under the same key.
The step to stage `analyse` is taken by one of them, and that one publishes. `queued_at` says which upload came last to
a waiting row: if that one fails it takes the row back, and an earlier upload that is still at work begins again.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
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

from ..accounts.authentication import unauthorized
from ..analyses import deletion, quota
from ..db import Conn, Database
from ..delivery.average_requests import Asking, lock, settle
from ..delivery.publisher import Outgoing, Publisher
from .receive import Spooled

log = logging.getLogger(__name__)

NOT_UPLOADED: Final = "The upload did not finish. Please upload the log again."
"""What is said of a log that was there before and whose new upload failed."""

_TRIES: Final = 3
"""How often a batch is begun again when rows vanish under it: another upload of them failed, or they were deleted."""


@dataclass(slots=True)
class _Claim:
    """The rows of one try of an upload."""

    at: datetime
    """What `queued_at` is in the rows that this try came to last."""

    ids: dict[bytes, UUID] = field(default_factory=dict)
    """The row of each digest."""

    waiting: list[bytes] = field(default_factory=list)
    """The digests whose object is to be stored."""

    @property
    def waiting_ids(self) -> list[UUID]:
        """The rows that wait for their object."""
        return [self.ids[digest] for digest in self.waiting]


@dataclass(frozen=True, slots=True)
class Store:
    """The parts an upload goes through."""

    database: Database
    blobs: Blobs
    publisher: Publisher
    puts: ThreadPoolExecutor
    quota_logs: int

    def keep(self, user_id: UUID, logs: Sequence[Spooled]) -> list[UUID]:
        """Store a batch of logs of one user and queue them; their ids in the same order.

        The same content again has the same id, and is queued again if it had failed.

        Raises:
            RequestEntityTooLarge: the user would have more logs than the quota.
            Unauthorized: the account was deleted meanwhile.
            Unavailable: the database or the object store is away.

        Whatever is raised, rows that still wait for their object are taken back.
        """
        by_digest = {log.sha256: log for log in reversed(logs)}  # of two the same, the first one's name counts
        self._restore_deleted(user_id, by_digest)
        for _ in range(_TRIES):
            claim: _Claim | None = None
            try:
                with self.database.api(user_id, durable=False) as connection:  # a crash that forgets it answered nobody
                    claim = self._claim(connection, user_id, by_digest)
                if len(claim.ids) < len(by_digest):
                    raise Unavailable("an upload was deleted while it came in")
                self._put_all([(claim.ids[digest], by_digest[digest]) for digest in claim.waiting])
                complete = self._hand_over(user_id, claim.waiting_ids)
            except psycopg.errors.ForeignKeyViolation:
                raise unauthorized("This account has been deleted.") from None
            except BaseException:
                if claim:
                    self._take_back(user_id, claim)
                raise
            if complete:
                telemetry.count("faplog.uploads", len(logs))
                return [claim.ids[log.sha256] for log in logs]
        raise Unavailable("uploads of the same logs got into each other's way")

    def _restore_deleted(self, user_id: UUID, logs: dict[bytes, Spooled]) -> None:
        """Restore those of the logs that the user has deleted; see `deleted.restore_uploaded`."""
        names = {digest: log.file_name for digest, log in logs.items()}
        try:
            due = deletion.restore_uploaded(self.database, user_id, names, self.quota_logs)
        except quota.QuotaExceeded as error:
            raise RequestEntityTooLarge(str(error)) from None
        Asking(self.database, self.blobs, self.publisher).ask(due)

    def _claim(self, connection: Conn, user_id: UUID, logs: dict[bytes, Spooled]) -> _Claim:
        """Insert the rows of new logs and let failed ones begin anew."""
        digests = sorted(logs)  # one order for all, or two zips with the same logs would lock each other out
        claim = _Claim(_check_quota(connection, user_id, digests, self.quota_logs))
        fresh = connection.execute(
            """
            INSERT INTO fap_analysis (id, user_id, file_name, size, sha256, version, queued_at)
            SELECT id, %(user_id)s, file_name, size, sha256, %(version)s, %(at)s
            FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(sizes)s::int[], %(digests)s::bytea[])
                AS new (id, file_name, size, sha256)
            ON CONFLICT (user_id, sha256) DO NOTHING
            RETURNING id
            """,
            {
                "user_id": user_id,
                "version": ANALYSIS_VERSION,
                "at": claim.at,
                "ids": [uuid4() for _ in digests],
                "names": [logs[digest].file_name for digest in digests],
                "sizes": [logs[digest].size for digest in digests],
                "digests": digests,
            },
        ).fetchall()
        if len(fresh) < len(digests):
            again = {
                "at": claim.at,
                "processing": AnalysisStatus.PROCESSING,
                "upload": Stage.UPLOAD,
                "version": ANALYSIS_VERSION,
                "user_id": user_id,
                "digests": digests,
                "failed": AnalysisStatus.FAILED,
            }
            connection.execute(
                """
                UPDATE fap_analysis SET queued_at = %(at)s
                WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s)
                    AND status = %(processing)s AND stage = %(upload)s
                """,
                again,
            )
            connection.execute(
                """
                UPDATE fap_analysis
                SET status = %(processing)s, stage = %(upload)s, message = NULL, timed_out = false,
                    attempt = attempt + 1, retries = 0, version = %(version)s, queued_at = %(at)s
                WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s) AND status = %(failed)s
                """,
                again,
            )
        rows = connection.execute(
            "SELECT id, sha256, stage FROM fap_analysis WHERE user_id = %s AND sha256 = ANY(%s)",
            [user_id, digests],
        ).fetchall()
        claim.ids = {row["sha256"]: row["id"] for row in rows}
        claim.waiting = [row["sha256"] for row in rows if row["stage"] == Stage.UPLOAD]
        return claim

    def _put_all(self, logs: Sequence[tuple[UUID, Spooled]]) -> None:
        """Store the objects; those of a zip a few at a time, in threads that all uploads of the process share."""
        if len(logs) < 2:
            for one in logs:
                self._put(*one)
            return
        given_up = Event()  # also stops what was queued by a `submit` that failed to start its thread

        def put(one: tuple[UUID, Spooled]) -> None:
            if not given_up.is_set():
                self._put(*one)

        began: list[Future[None]] = []
        try:
            for one in logs:
                began.append(self.puts.submit(put, one))  # noqa: PERF401  (those that began count if one cannot)
            for done in began:
                done.result()
        finally:
            given_up.set()
            wait([one for one in began if not one.cancel()])  # the caller closes the files

    def _put(self, analysis_id: UUID, log: Spooled) -> None:
        log.file.seek(0)
        self.blobs.put(log_key(analysis_id), log.file, content_type="text/csv", attachment=log.file_name)

    def _hand_over(self, user_id: UUID, ids: list[UUID]) -> bool:
        """Queue the logs that have their object now, and publish them.

        Returns False if a row was taken back by another upload or deleted meanwhile; the caller begins again.
        """
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
            stages = {row["id"]: Stage.ANALYSE for row in queued}
            if len(queued) < len(ids):
                rows = connection.execute(
                    "SELECT id, stage FROM fap_analysis WHERE id = ANY(%s) AND user_id = %s", [ids, user_id]
                ).fetchall()
                stages = {row["id"]: row["stage"] for row in rows}
        publish_requests(self.database, self.publisher, queued)
        if gone := [analysis_id for analysis_id in ids if analysis_id not in stages]:
            self.blobs.delete(*(log_key(analysis_id) for analysis_id in gone))
        return not gone and Stage.UPLOAD not in stages.values()

    def _take_back(self, user_id: UUID, claim: _Claim) -> None:
        """Delete the new rows that still wait for their object, and fail those that were there before.

        Rows that another upload came to later are left to it. If this fails, reconcile ends the rows.
        """
        mine = {
            "ids": claim.waiting_ids,
            "user_id": user_id,
            "upload": Stage.UPLOAD,
            "processing": AnalysisStatus.PROCESSING,
            "at": claim.at,
            "failed": AnalysisStatus.FAILED,
            "message": NOT_UPLOADED,
        }
        try:
            with self.database.worker() as connection:
                lock(connection, user_id)
                connection.execute(
                    """
                    DELETE FROM fap_analysis
                    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND stage = %(upload)s
                        AND status = %(processing)s AND queued_at = %(at)s AND attempt = 1
                    """,
                    mine,
                )
                connection.execute(
                    """
                    UPDATE fap_analysis SET status = %(failed)s, message = %(message)s
                    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND stage = %(upload)s
                        AND status = %(processing)s AND queued_at = %(at)s AND attempt > 1
                    """,
                    mine,
                )
                due = settle(connection, user_id)
            Asking(self.database, self.blobs, self.publisher).ask(due)
        except Exception as error:  # noqa: BLE001  must not hide what the upload failed of
            log.warning("upload not taken back", extra={"analyses": len(claim.waiting), "reason": str(error)})


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
    try:
        stored = publisher.publish(messages)
    except Exception as error:  # noqa: BLE001  the logs are stored and accepted whatever happens to their messages
        log.warning("requests not published", extra={"analyses": len(queued), "reason": str(error)})
        stored = [False] * len(messages)
    if unsent := [row["id"] for row, done in zip(queued, stored, strict=True) if not done]:
        try:
            with database.worker() as connection:
                connection.execute(
                    "UPDATE fap_analysis SET sent = false WHERE id = ANY(%s) AND status = %s",
                    [unsent, AnalysisStatus.PROCESSING],
                )
            publisher.resend.set()
        except Unavailable as error:
            log.warning("unsent requests not marked", extra={"analyses": len(unsent), "reason": str(error)})
    return sum(stored)


def _request(row: Mapping[str, Any], traceparent: str | None) -> bytes:
    """The message; the profile goes with it because only the uploaded file's name tells it."""
    data = AnalysisRequestData(
        file_name=row["id"], attempt=row["attempt"], version=row["version"], profile=profile_of(row["file_name"])
    )
    return AnalysisRequest(data=data, **({"traceparent": traceparent} if traceparent else {})).to_json()


def _check_quota(connection: Conn, user_id: UUID, digests: list[bytes], quota_logs: int) -> datetime:
    """Return the time once no other upload of the user is being counted.

    Raises:
        RequestEntityTooLarge: the user would have more logs than the quota.
    """
    quota.lock(connection, user_id)
    try:
        quota.check(connection, user_id, quota_logs, digests)
    except quota.QuotaExceeded as error:
        raise RequestEntityTooLarge(str(error)) from None
    now = connection.execute("SELECT clock_timestamp() AS at").fetchone()
    assert now is not None
    at: datetime = now["at"]
    return at
