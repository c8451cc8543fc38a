"""Deleting an account: its rows in one transaction, then its objects."""

import logging
from typing import Final
from uuid import UUID

from faplog.contracts import keys
from faplog.errors import Unavailable

from . import audit, parts
from .audit import Event
from .db import worker_transaction

log = logging.getLogger(__name__)

_BATCH: Final = 1000


def delete(user_id: UUID, address: str) -> None:
    """Remove the account and everything in it; doing it again is no error.

    The rows go by cascade in one transaction. The objects go after it: while the object store is away they stay
    behind as orphans of no row, which `reconcile` removes. Only the event that an account was deleted remains.
    """
    with worker_transaction() as connection:
        rows = connection.execute("SELECT id FROM fap_analysis WHERE user_id = %s", [user_id]).fetchall()
        connection.execute("DELETE FROM audit_log WHERE user_id = %s", [user_id])
        connection.execute("DELETE FROM users WHERE id = %s", [user_id])
        audit.record(connection, Event.DELETED, user_id=user_id, address=None)
    try:
        _delete_objects(user_id, [row["id"] for row in rows])
    except Unavailable as error:
        log.warning("objects left to reconcile", extra={"user_id": user_id, "reason": str(error)})
    log.info("account deleted", extra={"user_id": user_id, "from_address": bool(address)})


def refused(user_id: UUID, address: str) -> None:
    """Note that somebody in a session of this account tried to delete it with a wrong password."""
    with worker_transaction() as connection:
        audit.record(connection, Event.DELETION_REFUSED, user_id=user_id, address=address)


def _delete_objects(user_id: UUID, analysis_ids: list[UUID]) -> None:
    blobs = parts.blobs()
    gone = [key for i in analysis_ids for key in (keys.log_key(i), keys.series_key(i), keys.result_key(i))]
    gone += [key for key, _ in blobs.list(f"{keys.AVERAGES}{user_id}/")]
    for start in range(0, len(gone), _BATCH):
        blobs.delete(*gone[start : start + _BATCH])
