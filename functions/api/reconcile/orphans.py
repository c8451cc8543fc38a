"""Objects without a row: left by deletions while the store was away, and by results that no row waited for."""

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
"""The objects of an average are removed after this time even if its row still waits, which is then requested again."""

_BATCH: Final = 500
"""Keys looked up in the database at once."""


def remove(database: Database, blobs: Blobs, min_age: timedelta) -> int:
    """Remove the objects older than `min_age` whose analysis or average is gone or has its result.

    The age protects objects that are just being written.

    Returns:
        How many objects were removed.

    Raises:
        Unavailable: The database or the store is away; objects removed before stay removed.
    """
    removed = 0
    for prefix in (LOGS, SERIES, RESULTS):
        for batch in _batches(_older(blobs, prefix, min_age)):
            ids = {key: _analysis_id(key) for key in batch}
            existing = _existing(database, [i for i in ids.values() if i], waiting=prefix == RESULTS)
            removed += _delete(blobs, [key for key, analysis_id in ids.items() if analysis_id not in existing])
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


def _analysis_id(key: str) -> UUID | None:
    try:
        return UUID(PurePosixPath(key).name.removesuffix(".csv").removesuffix(".json"))
    except ValueError:
        return None


def _existing(database: Database, ids: list[UUID], *, waiting: bool) -> set[UUID]:
    """Return those of the ids that have a row; with `waiting`, a row that may still accept a result."""
    with database.worker() as connection:
        rows = connection.execute(
            "SELECT id FROM fap_analysis WHERE id = ANY(%s) AND (NOT %s OR status = 'Processing' OR timed_out)",
            [ids, waiting],
        ).fetchall()
    return {row["id"] for row in rows}


def _waiting_averages(database: Database, keys: list[str]) -> set[str]:
    """Return those of the keys whose average has been requested and may still accept a result."""
    averages = {key: parsed for key in keys if (parsed := _parse_average_key(key))}
    with database.worker() as connection:
        rows = connection.execute(
            """
            SELECT user_id, sha256 FROM fap_average
            WHERE user_id = ANY(%s) AND (status = 'CALCULATING' OR timed_out)
            """,
            [list({user_id for user_id, _ in averages.values()})],
        ).fetchall()
    waiting = {(row["user_id"], row["sha256"]) for row in rows}
    return {key for key, parsed in averages.items() if parsed in waiting}


def _parse_average_key(key: str) -> tuple[UUID, str] | None:
    """Return the user and the digest of the analyses in a key of `averages/`, or None if it is malformed."""
    path = PurePosixPath(key)
    try:
        return UUID(path.parent.name), path.name.removesuffix(".json").removesuffix("-result")
    except ValueError:
        return None


def _delete(blobs: Blobs, keys: list[str]) -> int:
    blobs.delete(*keys)
    return len(keys)
