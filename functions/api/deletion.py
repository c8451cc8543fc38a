"""Deleting an account: its rows in one transaction, then its objects."""

import logging
import time
from typing import Final
from uuid import UUID

from faplog.contracts import keys
from faplog.contracts.messages import AnalysisStatus
from faplog.errors import Unavailable

from . import audit, parts
from .audit import Event
from .db import worker_transaction

log = logging.getLogger(__name__)

_BATCH: Final = 1000

OBJECTS_SEC: Final = 10.0
"""How long a request begins batches of objects. A store takes a millisecond for each, and 20,000 logs have 40,000."""


def delete(user_id: UUID, address: str) -> None:
    """Remove the account and everything in it; doing it again is no error.

    The rows go by cascade in one transaction, the objects after it. What the object store does not remove in time, or
    while it is away, stays behind as orphans of no row, which `reconcile` removes. Only the event that an account was
    deleted remains.
    """
    with worker_transaction() as connection:
        rows = connection.execute("SELECT id, status FROM fap_analysis WHERE user_id = %s", [user_id]).fetchall()
        connection.execute("DELETE FROM audit_log WHERE user_id = %s", [user_id])
        connection.execute("DELETE FROM users WHERE id = %s", [user_id])
        audit.record(connection, Event.DELETED, user_id=user_id, address=None)
    try:
        if left := _delete_objects(user_id, {row["id"]: row["status"] for row in rows}):
            log.info("objects left to reconcile", extra={"user_id": user_id, "objects": left})
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"user_id": user_id, "reason": str(error)})
    log.info("account deleted", extra={"user_id": user_id, "from_address": bool(address)})


def refused(user_id: UUID, address: str) -> None:
    """Note that somebody in a session of this account tried to delete it with a wrong password."""
    with worker_transaction() as connection:
        audit.record(connection, Event.DELETION_REFUSED, user_id=user_id, address=address)


def _delete_objects(user_id: UUID, analyses: dict[UUID, str]) -> int:
    """Remove the objects of a user with these analyses, by id their status; how many there was no time for."""
    blobs = parts.blobs()
    until = time.monotonic() + OBJECTS_SEC
    gone = [key for key, _ in blobs.list(f"{keys.AVERAGES}{user_id}/")]  # first: reconcile would keep them for days
    gone += [keys.result_key(i) for i, status in analyses.items() if status != AnalysisStatus.SUCCESS]
    gone += [key for i in analyses for key in (keys.log_key(i), keys.series_key(i))]
    for start in range(0, len(gone), _BATCH):
        if time.monotonic() > until:
            return len(gone) - start
        blobs.delete(*gone[start : start + _BATCH])
    return 0
