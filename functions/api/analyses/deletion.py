"""Deletion of logs, restoring within an hour, and purging after it.

A deleted log keeps its row and its objects, but is not shown or averaged; `deleted_at` is the time of the deletion.
Every function that changes it also marks the averages that changed, and returns the requests for them, to be published
after the commit.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.errors import ErrorCode
from faplog.contracts.keys import log_key, result_key, series_key
from faplog.errors import Unavailable
from faplog.http_errors import refused

from ..averages.staleness import mark_stale_averages
from ..cars import garage, membership
from ..db import Conn, Database, lock_user
from ..delivery.average_requests import AverageRequest
from . import quota
from .superseding import update_superseded

log = logging.getLogger(__name__)

RESTORABLE: Final = timedelta(hours=1)
"""How long a deleted log can be restored."""

PURGE_BATCH: Final = 300

_DELETE: Final = """
    UPDATE fap_analysis SET deleted_at = clock_timestamp()
    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND deleted_at IS NULL
    RETURNING id
"""
_FIND: Final = """
    SELECT id, sha256, deleted_at FROM fap_analysis
    WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND (deleted_at IS NULL OR deleted_at > now() - %(restorable)s)
"""
_RESTORE: Final = "UPDATE fap_analysis SET deleted_at = NULL WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s"
_RENAME: Final = """
    UPDATE fap_analysis AS kept
    SET file_name = new.file_name, status = 'Processing', stage = 'upload', message = NULL, error_code = NULL,
        error_params = NULL, timed_out = false, attempt = attempt + 1, retries = 0, version = %(version)s,
        queued_at = now(), car_id = CASE WHEN car_chosen THEN car_id END
    FROM unnest(%(digests)s::bytea[], %(names)s::text[]) AS new (digest, file_name)
    WHERE user_id = %(user_id)s AND sha256 = new.digest AND deleted_at IS NOT NULL
        AND kept.file_name <> new.file_name AND status <> 'Processing'
"""
_RESTORE_UPLOADED: Final = """
    UPDATE fap_analysis SET deleted_at = NULL
    WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s) AND deleted_at IS NOT NULL
    RETURNING id
"""
_COUNT: Final = """
    SELECT count(*) AS n FROM fap_analysis WHERE user_id = %(user_id)s AND deleted_at > now() - %(restorable)s
"""
PAGE: Final = """
    SELECT id, file_name, created_at, log_date, status, stage, message, error_code, error_params, fap_regen, distance,
        verdict, car_id, note, deleted_at, deleted_at + %(restorable)s AS restorable_until
    FROM fap_analysis WHERE user_id = %(user_id)s AND deleted_at > now() - %(restorable)s
    ORDER BY deleted_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s
"""
_DELETE_CAR: Final = """
    UPDATE car SET deleted_at = clock_timestamp() WHERE user_id = %(user_id)s AND id = %(car_id)s
"""
# Logs that were deleted before the car keep their own time, and are not restored with it.
_DELETE_LOGS_OF_CAR: Final = """
    UPDATE fap_analysis AS log SET deleted_at = car.deleted_at
    FROM car
    WHERE car.user_id = %(user_id)s AND car.id = %(car_id)s
        AND log.user_id = %(user_id)s AND log.car_id = %(car_id)s AND log.deleted_at IS NULL
    RETURNING log.id
"""
_FIND_CAR: Final = """
    SELECT deleted_at FROM car
    WHERE user_id = %(user_id)s AND id = %(car_id)s AND (deleted_at IS NULL OR deleted_at > now() - %(restorable)s)
"""
_LOGS_DELETED_WITH_CAR: Final = """
    SELECT log.id, log.sha256 FROM fap_analysis AS log
    JOIN car ON car.user_id = log.user_id AND car.id = log.car_id AND car.deleted_at = log.deleted_at
    WHERE log.user_id = %(user_id)s AND log.car_id = %(car_id)s
"""
_RESTORE_LOGS_OF_CAR: Final = """
    UPDATE fap_analysis AS log SET deleted_at = NULL
    FROM car
    WHERE car.user_id = %(user_id)s AND car.id = %(car_id)s
        AND log.user_id = %(user_id)s AND log.car_id = %(car_id)s AND log.deleted_at = car.deleted_at
"""
_RESTORE_CAR: Final = "UPDATE car SET deleted_at = NULL WHERE user_id = %(user_id)s AND id = %(car_id)s"
# In the next three NOT EXISTS would read all logs of a user; with ORDER BY the planner takes the index.
_DELETED_CARS: Final = """
    SELECT id, name, profile, deleted_at, deleted_at + %(restorable)s AS restorable_until,
        (SELECT count(*) FROM fap_analysis AS log
         WHERE log.user_id = car.user_id AND log.car_id = car.id AND log.deleted_at = car.deleted_at) AS logs
    FROM car
    WHERE user_id = %(user_id)s AND deleted_at > now() - %(restorable)s
        AND NOT (guessed AND name IS NULL
            AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
                 ORDER BY driven_at LIMIT 1) IS NULL)
    ORDER BY deleted_at DESC, id
"""
_PURGE_CARS: Final = """
    DELETE FROM car
    WHERE deleted_at <= now() - %(restorable)s
        AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
             ORDER BY driven_at LIMIT 1) IS NULL
"""
# Guessed cars that lost their last log; those with a name or notes stay, and for an hour those that lost it by a move.
_PURGE_GUESSED_CARS: Final = """
    DELETE FROM car
    WHERE (deleted_at IS NULL OR deleted_at <= now() - %(restorable)s) AND guessed AND name IS NULL
        AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
             ORDER BY driven_at LIMIT 1) IS NULL
        AND NOT EXISTS (SELECT FROM note WHERE user_id = car.user_id AND car_id = car.id)
"""
_OWNERS_TO_PURGE: Final = "SELECT DISTINCT user_id FROM fap_analysis WHERE deleted_at <= now() - %(restorable)s"
_PURGE: Final = """
    DELETE FROM fap_analysis WHERE id = ANY(ARRAY(
        SELECT id FROM fap_analysis WHERE user_id = %(user_id)s AND deleted_at <= now() - %(restorable)s
        ORDER BY deleted_at LIMIT %(batch)s FOR UPDATE))
    RETURNING id
"""


def delete_log(database: Database, user_id: UUID, analysis_id: UUID) -> list[AverageRequest] | None:
    """Delete a log of this user.

    Returns:
        The requests for the averages that changed, or None if the user has no such log or has deleted it already.
    """
    ids, requests = delete_logs(database, user_id, [analysis_id])
    return requests if ids else None


def delete_logs(
    database: Database, user_id: UUID, analysis_ids: Sequence[UUID]
) -> tuple[list[UUID], list[AverageRequest]]:
    """Delete several logs of this user at once.

    Returns:
        The ids of those that were deleted, without those that the user does not have or has deleted already; and the
        requests for the averages that changed.
    """
    with database.worker() as connection:
        lock_user(connection, user_id)
        rows = connection.execute(_DELETE, {"ids": list(analysis_ids), "user_id": user_id}).fetchall()
        ids = [row["id"] for row in rows]
        if not ids:
            return [], []
        update_superseded(connection, user_id, ids)
        garage.remove_abandoned(connection, user_id)
        return ids, mark_stale_averages(connection, user_id)


def restore_log(database: Database, user_id: UUID, analysis_id: UUID, quota_logs: int) -> list[AverageRequest] | None:
    """Restore a log that this user deleted less than `RESTORABLE` ago. One that is not deleted stays as it is.

    Returns:
        The requests for the averages that changed, or None if there is no such log or it was deleted too long ago.

    Raises:
        QuotaExceeded: The user has uploaded others in its place.
    """
    ids, requests = restore_logs(database, user_id, [analysis_id], quota_logs)
    return requests if ids else None


def restore_logs(
    database: Database, user_id: UUID, analysis_ids: Sequence[UUID], quota_logs: int
) -> tuple[list[UUID], list[AverageRequest]]:
    """Restore several logs that this user deleted less than `RESTORABLE` ago, all of them or none.

    Returns:
        The ids of those that are not deleted now, without those that do not exist or were deleted too long ago; and
        the requests for the averages that changed.

    Raises:
        QuotaExceeded: The user has uploaded others in their place.
    """
    values = {"ids": list(analysis_ids), "user_id": user_id, "restorable": RESTORABLE}
    with database.worker() as connection:
        quota.lock(connection, user_id)
        lock_user(connection, user_id)
        rows = connection.execute(_FIND, values).fetchall()
        found = [row["id"] for row in rows]
        deleted = [row for row in rows if row["deleted_at"] is not None]
        if not deleted:
            return found, []
        quota.check(connection, user_id, quota_logs, [row["sha256"] for row in deleted])
        restored = [row["id"] for row in deleted]
        connection.execute(_RESTORE, values | {"ids": restored})
        _after_restoring(connection, user_id, restored)
        return found, mark_stale_averages(connection, user_id)


def restore_uploaded(
    database: Database, user_id: UUID, names: Mapping[bytes, str], quota_logs: int, car_id: UUID | None = None
) -> list[AverageRequest]:
    """Restore the deleted logs whose content is uploaded again, however long ago they were deleted.

    A log that is uploaded under another name takes that name and is analysed again, because the analysis reads the
    profile of the engine control unit from the name.

    Args:
        database: Both roles.
        user_id: The user who uploads.
        names: The file name by the SHA-256 of the content.
        quota_logs: How many logs one user may keep.
        car_id: The car that the upload names; the restored logs move there.

    Returns:
        The requests for the averages that changed.

    Raises:
        QuotaExceeded: The upload as a whole would exceed the quota; nothing was restored.
    """
    values: dict[str, Any] = {
        "user_id": user_id,
        "digests": list(names),
        "names": list(names.values()),
        "version": ANALYSIS_VERSION,
    }
    with database.worker() as connection:
        quota.lock(connection, user_id)
        lock_user(connection, user_id)
        quota.check(connection, user_id, quota_logs, list(names))
        connection.execute(_RENAME, values)
        restored = [row["id"] for row in connection.execute(_RESTORE_UPLOADED, values).fetchall()]
        if car_id is not None:
            garage.check_car(connection, user_id, car_id)
            membership.move(connection, user_id, restored, car_id)
        _after_restoring(connection, user_id, restored)
        return mark_stale_averages(connection, user_id)


def delete_car(database: Database, user_id: UUID, car_id: UUID) -> list[AverageRequest]:
    """Delete a car of this user and its logs.

    Returns:
        The requests for the averages that changed.

    Raises:
        NotFound: The user has no such car or has deleted it already.
        Conflict: It is the user's only car.
    """
    values = {"user_id": user_id, "car_id": car_id}
    with database.worker() as connection:
        lock_user(connection, user_id)
        garage.check_car(connection, user_id, car_id)
        if garage.count(connection, user_id) == 1:
            raise refused(ErrorCode.CAR_IS_LAST)
        connection.execute(_DELETE_CAR, values)
        deleted = connection.execute(_DELETE_LOGS_OF_CAR, values).fetchall()
        update_superseded(connection, user_id, [row["id"] for row in deleted])
        return mark_stale_averages(connection, user_id)


def restore_car(database: Database, user_id: UUID, car_id: UUID, quota_logs: int) -> list[AverageRequest]:
    """Restore a car that this user deleted less than `RESTORABLE` ago, with the logs that were deleted with it.

    A car that is not deleted stays as it is.

    Returns:
        The requests for the averages that changed.

    Raises:
        NotFound: There is no such car, or it was deleted too long ago.
        Conflict: The user has as many cars as one may have.
        QuotaExceeded: The user has uploaded other logs in the place of its logs.
    """
    values = {"user_id": user_id, "car_id": car_id, "restorable": RESTORABLE}
    with database.worker() as connection:
        quota.lock(connection, user_id)
        lock_user(connection, user_id)
        row = connection.execute(_FIND_CAR, values).fetchone()
        if row is None:
            raise refused(ErrorCode.CAR_NOT_FOUND)
        if row["deleted_at"] is None:
            return []
        garage.check_limit(connection, user_id)
        logs = connection.execute(_LOGS_DELETED_WITH_CAR, values).fetchall()
        quota.check(connection, user_id, quota_logs, [log["sha256"] for log in logs])
        connection.execute(_RESTORE_LOGS_OF_CAR, values)
        connection.execute(_RESTORE_CAR, values)
        _after_restoring(connection, user_id, [log["id"] for log in logs])
        return mark_stale_averages(connection, user_id)


def list_deleted_cars(connection: Conn, user_id: UUID) -> list[dict[str, Any]]:
    """Return the cars of this user that can be restored, last deleted first."""
    return connection.execute(_DELETED_CARS, {"user_id": user_id, "restorable": RESTORABLE}).fetchall()


def _after_restoring(connection: Conn, user_id: UUID, logs: Sequence[UUID]) -> None:
    """Decide which restored logs are earlier versions, and which cars they belong to."""
    update_superseded(connection, user_id, logs)
    membership.restore_cars(connection, user_id, logs)
    membership.assign(connection, user_id, logs)


def list_deleted(connection: Conn, user_id: UUID, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
    """Return how many logs of this user can be restored, and one page of them, last deleted first."""
    values = {"user_id": user_id, "restorable": RESTORABLE, "limit": limit, "offset": offset}
    counted = connection.execute(_COUNT, values).fetchone()
    return (counted or {"n": 0})["n"], connection.execute(PAGE, values).fetchall()


def purge(database: Database, blobs: Blobs) -> int:
    """Remove the rows that can no longer be restored, and then their objects; in the end the cars without rows.

    Works user by user in batches of `PURGE_BATCH`, each committed before its objects are removed. Objects that cannot
    be removed now are orphans, which reconcile finds later.

    Returns:
        How many logs were purged.

    Raises:
        Unavailable: The database is away; logs purged before stay purged.
    """
    with database.worker() as connection:
        owners = connection.execute(_OWNERS_TO_PURGE, {"restorable": RESTORABLE}).fetchall()
    purged = 0
    for owner in owners:
        while batch := _purge_batch(database, owner["user_id"]):
            _remove_objects(blobs, batch)
            purged += len(batch)
    with database.worker() as connection:
        connection.execute(_PURGE_CARS, {"restorable": RESTORABLE})
        connection.execute(_PURGE_GUESSED_CARS, {"restorable": RESTORABLE})
    return purged


def _purge_batch(database: Database, user_id: UUID) -> list[UUID]:
    """Remove a batch of rows under the lock that uploads and restores take, and return their ids."""
    with database.worker() as connection:
        quota.lock(connection, user_id)
        values = {"user_id": user_id, "restorable": RESTORABLE, "batch": PURGE_BATCH}
        return [row["id"] for row in connection.execute(_PURGE, values).fetchall()]


def _remove_objects(blobs: Blobs, analysis_ids: Sequence[UUID]) -> None:
    """Remove the objects of analyses whose rows are gone. Reconcile finds later what cannot be removed now."""
    try:
        blobs.delete(*(key(analysis_id) for analysis_id in analysis_ids for key in (log_key, series_key, result_key)))
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"analyses": len(analysis_ids), "reason": str(error)})
