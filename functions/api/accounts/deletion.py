"""Deletion of an account: its rows in one transaction, then its objects."""

import logging
from collections.abc import Mapping
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts import keys
from faplog.contracts.messages import AnalysisStatus
from faplog.errors import Unavailable

from ..db import Database, lock_user
from . import audit
from .audit import Event

log = logging.getLogger(__name__)


def delete_account(database: Database, user_id: UUID) -> dict[UUID, AnalysisStatus]:
    """Delete the account and all its rows. Deleting it again is no error.

    Only the event that an account was deleted remains. The user's row is locked first, so that uploads and logins in
    progress cannot add rows.

    Returns:
        The analyses that were deleted and the status of each, for `remove_objects`.
    """
    with database.worker() as connection:
        lock_user(connection, user_id)
        rows = connection.execute("SELECT id, status FROM fap_analysis WHERE user_id = %s", [user_id]).fetchall()
        connection.execute("DELETE FROM audit_log WHERE user_id = %s", [user_id])
        connection.execute("DELETE FROM users WHERE id = %s", [user_id])
        audit.record(connection, Event.DELETED, user_id=user_id, address=None)
    return {row["id"]: AnalysisStatus(row["status"]) for row in rows}


def remove_objects(blobs: Blobs, user_id: UUID, analyses: Mapping[UUID, AnalysisStatus]) -> None:
    """Remove the objects of a deleted user.

    Objects that are not removed, because the store is away or this process ends, are orphans; `reconcile` removes them.

    Args:
        blobs: The object store.
        user_id: The user.
        analyses: The deleted analyses and their status.
    """
    try:
        # The averages first, because reconcile keeps orphans of that kind for days.
        object_keys = [key for key, _ in blobs.list(f"{keys.AVERAGES}{user_id}/")]
        object_keys += [keys.result_key(i) for i, status in analyses.items() if status != AnalysisStatus.SUCCESS]
        object_keys += [key for i in analyses for key in (keys.log_key(i), keys.series_key(i))]
        blobs.delete(*object_keys)
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"user_id": user_id, "reason": str(error)})


def record_refused_deletion(database: Database, user_id: UUID, address: str) -> None:
    """Record in the audit log that a session of this account tried to delete it with a wrong password."""
    with database.worker() as connection:
        audit.record(connection, Event.DELETION_REFUSED, user_id=user_id, address=address)
