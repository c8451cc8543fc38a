"""Storing uploaded logs: row, object, row again, message. Any step may fail, and any upload may be retried.

The row is committed first, so that every object has a row. While its stage is `upload`, the row waits for its object;
concurrent uploads of the same content store the same object under the same key. One of them moves the row to stage
`analyse` and publishes the request. `queued_at` says which upload claimed a waiting row last: if that one fails, it
removes the row, and an earlier upload still in progress starts again.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Final
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import DictRow

from faplog import telemetry
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.keys import log_key
from faplog.contracts.messages import AnalysisStatus, Stage
from faplog.errors import Unavailable
from faplog.http_errors import refused

from ..accounts.authentication import unauthorized
from ..analyses import deletion, quota
from ..averages.staleness import mark_stale_averages
from ..cars import garage, membership
from ..db import Conn, lock_user
from ..delivery.analysis_requests import publish_requests
from ..services import Services
from .receive import Spooled

log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How often a batch is tried if its rows disappear, because another upload of them failed or they were deleted."""

_FIND_EXISTING: Final = """
    SELECT id, status, deleted_at IS NOT NULL AS deleted FROM fap_analysis
    WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s)
    ORDER BY created_at, id
"""
_INSERT_NEW: Final = """
    INSERT INTO fap_analysis (id, user_id, file_name, size, sha256, version, queued_at, car_id, car_chosen)
    SELECT id, %(user_id)s, file_name, size, sha256, %(version)s, %(at)s, %(car_id)s::uuid, %(car_id)s::uuid IS NOT NULL
    FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(sizes)s::int[], %(digests)s::bytea[])
        AS new (id, file_name, size, sha256)
    ON CONFLICT (user_id, sha256) DO NOTHING
    RETURNING id, sha256, stage
"""
_CLAIM_UPLOADING: Final = """
    UPDATE fap_analysis SET queued_at = %(at)s
    WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s) AND status = %(processing)s AND stage = %(upload)s
"""
_RESTART_FAILED: Final = """
    UPDATE fap_analysis
    SET status = %(processing)s, stage = %(upload)s, message = NULL, error_code = NULL, error_params = NULL,
        timed_out = false,
        attempt = attempt + 1, retries = 0, version = %(version)s, queued_at = %(at)s
    WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s) AND status = %(failed)s
"""
_QUEUE: Final = """
    UPDATE fap_analysis SET stage = %s, queued_at = now(), sent = true
    WHERE id = ANY(%s) AND user_id = %s AND stage = %s AND status = %s
    RETURNING id, attempt, version, file_name
"""
_ELSEWHERE: Final = """
    SELECT id FROM fap_analysis
    WHERE id = ANY(%s) AND user_id = %s AND (car_id IS DISTINCT FROM %s OR NOT car_chosen)
"""
_DELETE_NEW: Final = """
    DELETE FROM fap_analysis
    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND stage = %(upload)s
        AND status = %(processing)s AND queued_at = %(at)s AND attempt = 1
"""
_FAIL_EXISTING: Final = """
    UPDATE fap_analysis
    SET status = %(failed)s, message = %(message)s, error_code = %(code)s, error_params = '{}'
    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND stage = %(upload)s
        AND status = %(processing)s AND queued_at = %(at)s AND attempt > 1
"""


@dataclass(frozen=True, slots=True)
class Added:
    """The logs of an upload."""

    ids: list[UUID]
    """The ids, in the order of the logs."""

    known: list[UUID]
    """The ids of those that the user had already, neither failed nor deleted."""


@dataclass(slots=True)
class _Claim:
    """The rows of one try of an upload."""

    at: datetime
    """The value of `queued_at` in the rows that this try claimed last."""

    ids: dict[bytes, UUID] = field(default_factory=dict)
    """The row of each digest."""

    waiting: list[bytes] = field(default_factory=list)
    """The digests whose object has to be stored."""

    earlier: list[UUID] = field(default_factory=list)
    """The rows that were there before this try."""

    @property
    def waiting_ids(self) -> list[UUID]:
        """The ids of the rows that wait for their object."""
        return [self.ids[digest] for digest in self.waiting]


@dataclass(frozen=True, slots=True)
class UploadService:
    """Stores uploaded logs and queues them for analysis. Its callers hold a slot for uploads."""

    services: Services

    def add_logs(self, user_id: UUID, logs: Sequence[Spooled], car_id: UUID | None = None) -> Added:
        """Store a batch of logs of one user and queue them.

        The same content again has the same id, and is queued again if it had failed or restored if it was deleted; if a
        car is named, it moves there. If an error is raised, rows that still wait for their object are rolled back.

        Raises:
            RequestEntityTooLarge: The user would have more logs than the quota.
            Unauthorized: The account was deleted meanwhile.
            Unavailable: The database or the object store is away.
            NotFound: The named car is not the user's, or was deleted.
        """
        by_digest = {log.sha256: log for log in reversed(logs)}  # of two equal logs, the name of the first counts
        known: list[UUID] | None = None
        for _ in range(_TRIES):
            claim: _Claim | None = None
            try:
                with self._claiming(user_id) as connection:
                    counted = self._check(connection, user_id, by_digest, car_id)
                    existing = _find_existing(connection, user_id, by_digest) if counted.existing else []
                    if known is None:
                        known = _usable_ids(existing)
                    if not any(row["deleted"] for row in existing):
                        claim = self._claim(connection, user_id, by_digest, car_id, counted.at)
                if claim is None:
                    self._restore_deleted(user_id, by_digest, car_id)
                    with self._claiming(user_id) as connection:
                        counted = self._check(connection, user_id, by_digest, car_id)
                        claim = self._claim(connection, user_id, by_digest, car_id, counted.at)
                if len(claim.ids) < len(by_digest):
                    raise Unavailable("an upload was deleted while it came in")
                self._put_all([(claim.ids[digest], by_digest[digest]) for digest in claim.waiting])
                complete = self._queue(user_id, claim.waiting_ids)
            except psycopg.errors.ForeignKeyViolation as error:
                if "car" in (error.diag.constraint_name or ""):
                    raise refused(ErrorCode.CAR_NOT_FOUND) from None
                raise unauthorized(ErrorCode.ACCOUNT_DELETED) from None
            except BaseException:
                if claim:
                    self._roll_back(user_id, claim)
                raise
            if complete:
                telemetry.count("faplog.uploads", len(logs))
                if car_id is not None and claim.earlier:
                    self._move(user_id, claim.earlier, car_id)
                return Added([claim.ids[log.sha256] for log in logs], known)
        raise Unavailable("uploads of the same logs got into each other's way")

    def _claiming(self, user_id: UUID) -> AbstractContextManager[Conn]:
        """Open a transaction whose loss by a crash loses no upload that was answered."""
        return self.services.database.api(user_id, durable=False)

    def _check(self, connection: Conn, user_id: UUID, logs: dict[bytes, Spooled], car_id: UUID | None) -> quota.Counted:
        """Wait until no other upload of the user is being counted, and check the named car and the quota.

        Raises:
            NotFound: There is no such car.
            RequestEntityTooLarge: The user would have more logs than the quota.
        """
        if car_id is not None:
            garage.check_car(connection, user_id, car_id)
        quota.lock(connection, user_id)
        try:
            return quota.check(connection, user_id, self.services.settings.quota_logs, list(logs))
        except quota.QuotaExceeded as error:
            raise refused(error.code, **error.params) from None

    def _restore_deleted(self, user_id: UUID, logs: dict[bytes, Spooled], car_id: UUID | None) -> None:
        """Restore those of the logs that the user has deleted; see `deletion.restore_uploaded`."""
        names = {digest: log.file_name for digest, log in logs.items()}
        quota_logs = self.services.settings.quota_logs
        try:
            requests = deletion.restore_uploaded(self.services.database, user_id, names, quota_logs, car_id)
        except quota.QuotaExceeded as error:
            raise refused(error.code, **error.params) from None
        self.services.average_requests.publish(requests)

    def _move(self, user_id: UUID, ids: list[UUID], car_id: UUID) -> None:
        """Move those of the logs that have another car to the named one."""
        with self.services.database.worker() as connection:
            lock_user(connection, user_id)
            elsewhere = connection.execute(_ELSEWHERE, [ids, user_id, car_id]).fetchall()
            if not elsewhere:
                return
            garage.check_car(connection, user_id, car_id)
            membership.move(connection, user_id, [row["id"] for row in elsewhere], car_id)
            requests = mark_stale_averages(connection, user_id)
        self.services.average_requests.publish(requests)

    @staticmethod
    def _claim(
        connection: Conn, user_id: UUID, logs: dict[bytes, Spooled], car_id: UUID | None, at: datetime
    ) -> _Claim:
        """Insert the rows of new logs, claim those that wait for their object, and restart failed ones."""
        digests = sorted(logs)  # the same order for all, or two zips with the same logs would deadlock
        claim = _Claim(at)
        inserted = connection.execute(
            _INSERT_NEW,
            {
                "user_id": user_id,
                "car_id": car_id,
                "version": ANALYSIS_VERSION,
                "at": claim.at,
                "ids": [uuid4() for _ in digests],
                "names": [logs[digest].file_name for digest in digests],
                "sizes": [logs[digest].size for digest in digests],
                "digests": digests,
            },
        ).fetchall()
        rows = inserted
        if len(inserted) < len(digests):
            values = {
                "at": claim.at,
                "processing": AnalysisStatus.PROCESSING,
                "upload": Stage.UPLOAD,
                "version": ANALYSIS_VERSION,
                "user_id": user_id,
                "digests": digests,
                "failed": AnalysisStatus.FAILED,
            }
            connection.execute(_CLAIM_UPLOADING, values)
            connection.execute(_RESTART_FAILED, values)
            rows = connection.execute(
                "SELECT id, sha256, stage FROM fap_analysis WHERE user_id = %s AND sha256 = ANY(%s)",
                [user_id, digests],
            ).fetchall()
        claim.ids = {row["sha256"]: row["id"] for row in rows}
        claim.waiting = [row["sha256"] for row in rows if row["stage"] == Stage.UPLOAD]
        new = {row["id"] for row in inserted}
        claim.earlier = [row["id"] for row in rows if row["id"] not in new]
        return claim

    def _put_all(self, logs: Sequence[tuple[UUID, Spooled]]) -> None:
        """Store the objects; those of a zip a few at a time, in threads that all uploads of the process share."""
        if len(logs) < 2:
            for analysis_id, spooled in logs:
                self._put(analysis_id, spooled)
            return
        aborted = Event()  # also stops a task queued by a `submit` that failed to start its thread

        def put_unless_aborted(analysis_id: UUID, spooled: Spooled) -> None:
            if not aborted.is_set():
                self._put(analysis_id, spooled)

        pool = self.services.put_pool
        tasks: list[Future[None]] = []
        try:
            for log_to_put in logs:
                tasks.append(pool.submit(put_unless_aborted, *log_to_put))  # noqa: PERF401  (kept if one cannot start)
            for task in tasks:
                task.result()
        finally:
            aborted.set()
            wait([task for task in tasks if not task.cancel()])  # the caller closes the files

    def _put(self, analysis_id: UUID, log: Spooled) -> None:
        log.file.seek(0)
        blobs = self.services.direct_blobs
        blobs.put(log_key(analysis_id), log.file, content_type="text/csv", attachment=log.file_name)

    def _queue(self, user_id: UUID, ids: list[UUID]) -> bool:
        """Queue the logs whose objects are stored, and publish their requests.

        Returns:
            False if a row was removed by another upload or deleted meanwhile; the caller retries the batch.
        """
        if not ids:
            return True
        with self.services.database.api(user_id) as connection:
            queued = connection.execute(
                _QUEUE, [Stage.ANALYSE, ids, user_id, Stage.UPLOAD, AnalysisStatus.PROCESSING]
            ).fetchall()
            stages = {row["id"]: Stage.ANALYSE for row in queued}
            if len(queued) < len(ids):
                rows = connection.execute(
                    "SELECT id, stage FROM fap_analysis WHERE id = ANY(%s) AND user_id = %s", [ids, user_id]
                ).fetchall()
                stages = {row["id"]: row["stage"] for row in rows}
        publish_requests(self.services.database, self.services.publisher, queued)
        if gone := [analysis_id for analysis_id in ids if analysis_id not in stages]:
            self.services.direct_blobs.delete(*(log_key(analysis_id) for analysis_id in gone))
        return not gone and Stage.UPLOAD not in stages.values()

    def _roll_back(self, user_id: UUID, claim: _Claim) -> None:
        """Delete the new rows that still wait for their object, and fail those that existed before.

        Rows that another upload has claimed since are left to it. If this fails, reconcile ends the rows.
        """
        values = {
            "ids": claim.waiting_ids,
            "user_id": user_id,
            "upload": Stage.UPLOAD,
            "processing": AnalysisStatus.PROCESSING,
            "at": claim.at,
            "failed": AnalysisStatus.FAILED,
            "message": message(ErrorCode.UPLOAD_NOT_FINISHED),
            "code": ErrorCode.UPLOAD_NOT_FINISHED,
        }
        try:
            with self.services.database.worker() as connection:
                lock_user(connection, user_id)
                connection.execute(_DELETE_NEW, values)
                connection.execute(_FAIL_EXISTING, values)
                requests = mark_stale_averages(connection, user_id)
            self.services.average_requests.publish(requests)
        except Exception as error:  # noqa: BLE001  must not hide the error of the upload
            log.warning("upload not rolled back", extra={"analyses": len(claim.waiting), "reason": str(error)})


def _find_existing(connection: Conn, user_id: UUID, logs: dict[bytes, Spooled]) -> list[DictRow]:
    """Return the rows that the logs have already, deleted ones too."""
    return connection.execute(_FIND_EXISTING, {"user_id": user_id, "digests": list(logs)}).fetchall()


def _usable_ids(rows: Sequence[DictRow]) -> list[UUID]:
    """Return the ids of the rows that are neither failed nor deleted."""
    return [row["id"] for row in rows if not row["deleted"] and row["status"] != AnalysisStatus.FAILED]
