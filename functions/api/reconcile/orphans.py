"""Objects no row knows: left by deletions while the store was away, and by results nobody waited for."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import PurePosixPath
from typing import Final
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts.keys import AVERAGES, LOGS, RESULTS, SERIES

from ..db import Database

AVERAGE_KEPT: Final = timedelta(days=2)
"""After so long the list or the result of an average is removed even where its row waits: it is asked for anew then."""

_BATCH: Final = 500


def remove(database: Database, blobs: Blobs, min_age: timedelta) -> int:
    """Remove the objects older than `min_age` whose analysis or average is gone, or has its result; how many.

    The age guards what is just being written. Raises `Unavailable`; what was removed until then stays removed.
    """
    removed = 0
    for prefix in (LOGS, SERIES, RESULTS):
        for batch in _batches(_older(blobs, prefix, min_age)):
            owners = {key: _analysis(key) for key in batch}
            there = _known(database, [owner for owner in owners.values() if owner], waiting=prefix == RESULTS)
            gone = [key for key, owner in owners.items() if owner not in there]
            removed += _delete(blobs, gone)
    for batch in _batches(_older(blobs, AVERAGES, min_age)):
        waiting = _waiting_averages(database, batch)
        removed += _delete(blobs, [key for key in batch if key not in waiting])
    for batch in _batches(_older(blobs, AVERAGES, max(min_age, AVERAGE_KEPT))):
        removed += _delete(blobs, batch)
    return removed


def _older(blobs: Blobs, prefix: str, min_age: timedelta) -> Iterator[str]:
    until = time.time() - min_age.total_seconds()
    return (key for key, changed in blobs.list(prefix) if changed < until)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _analysis(key: str) -> UUID | None:
    try:
        return UUID(PurePosixPath(key).name.removesuffix(".csv").removesuffix(".json"))
    except ValueError:
        return None


def _known(database: Database, ids: list[UUID], *, waiting: bool) -> set[UUID]:
    """Those of the ids that have a row; with `waiting` a row that may still take a result."""
    with database.worker() as connection:
        rows = connection.execute(
            "SELECT id FROM fap_analysis WHERE id = ANY(%s) AND (NOT %s OR status = 'Processing' OR timed_out)",
            [ids, waiting],
        ).fetchall()
    return {row["id"] for row in rows}


def _waiting_averages(database: Database, keys: list[str]) -> set[str]:
    """Those of the keys whose average has been asked for, and may still take a result."""
    parts = {key: parsed for key in keys if (parsed := _average(key))}
    with database.worker() as connection:
        rows = connection.execute(
            """
            SELECT user_id, sha256 FROM fap_average
            WHERE user_id = ANY(%s) AND (status = 'CALCULATING' OR timed_out)
            """,
            [list({user_id for user_id, _ in parts.values()})],
        ).fetchall()
    waiting = {(row["user_id"], row["sha256"]) for row in rows}
    return {key for key, parsed in parts.items() if parsed in waiting}


def _average(key: str) -> tuple[UUID, str] | None:
    """The user and the digest of the analyses that a key of `averages/` names."""
    path = PurePosixPath(key)
    try:
        return UUID(path.parent.name), path.name.removesuffix(".json").removesuffix("-result")
    except ValueError:
        return None


def _delete(blobs: Blobs, keys: list[str]) -> int:
    if keys:
        blobs.delete(*keys)
    return len(keys)
