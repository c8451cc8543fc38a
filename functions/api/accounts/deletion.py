"""Deleting an account: its rows in one transaction, then its objects."""

import logging
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts import keys
from faplog.contracts.messages import AnalysisStatus
from faplog.errors import Unavailable

from ..db import worker_transaction
from ..delivery.average_requests import lock
from . import audit
from .audit import Event

log = logging.getLogger(__name__)

_BATCH: Final = 1000


def delete(user_id: UUID) -> dict[UUID, AnalysisStatus]:
    """Remove the account and every row in it; doing it again is no error.

    Only the event that an account was deleted remains. The user's row is locked first, so that no upload and no login
    that is under way slips past. Returns the analyses there were and how far each was, for `remove_objects`.
    """
    with worker_transaction() as connection:
        lock(connection, user_id)
        rows = connection.execute("SELECT id, status FROM fap_analysis WHERE user_id = %s", [user_id]).fetchall()
        connection.execute("DELETE FROM audit_log WHERE user_id = %s", [user_id])
        connection.execute("DELETE FROM users WHERE id = %s", [user_id])
        audit.record(connection, Event.DELETED, user_id=user_id, address=None)
    return {row["id"]: AnalysisStatus(row["status"]) for row in rows}


def remove_objects(blobs: Blobs, user_id: UUID, analyses: Mapping[UUID, AnalysisStatus]) -> None:
    """Remove the objects of a user who is gone, with these analyses.

    What is not removed, because the store is away or this process ends, is an orphan, which `reconcile` removes.
    """
    try:
        gone = [key for key, _ in blobs.list(f"{keys.AVERAGES}{user_id}/")]  # first: reconcile would keep them for days
        gone += [keys.result_key(i) for i, status in analyses.items() if status != AnalysisStatus.SUCCESS]
        gone += [key for i in analyses for key in (keys.log_key(i), keys.series_key(i))]
        for start in range(0, len(gone), _BATCH):
            blobs.delete(*gone[start : start + _BATCH])
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"user_id": user_id, "reason": str(error)})


def refused(user_id: UUID, address: str) -> None:
    """Note that somebody in a session of this account tried to delete it with a wrong password."""
    with worker_transaction() as connection:
        audit.record(connection, Event.DELETION_REFUSED, user_id=user_id, address=address)
