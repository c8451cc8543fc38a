"""Which logs of a user are earlier versions of others, so that the same kilometres count once.

A log is superseded while another log of the user, analysed and not deleted, holds all its drives. It keeps its row and
its file, but no average is made from it. The superseding log is never superseded itself: of the versions of a file,
all but the longest refer to the longest.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from faplog.contracts.analysis import Fingerprint
from faplog.contracts.profiles import profile_of
from faplog.contracts.superseding import same_drives, superseded_by

from ..db import Conn
from ..stored_values import objects, value_at

MAX_RELATED: Final = 100
"""How many earlier versions, and how many overlapping logs, are named at most."""

_FINGERPRINTS: Final = TypeAdapter(list[Fingerprint])

# Two logs that were analysed by different versions, or are being analysed, cannot be compared: what was decided about
# them stays until both have a result of the same version.
# Of a single changed log it says whether another log that counts has one of its drives. That is counted, since for
# EXISTS the planner reads the user's logs one after the other instead of the index of the keys.
AFFECTED: Final = """
    SELECT log.id, log.superseded_by, CASE WHEN cardinality(%(changed)s::uuid[]) = 1 THEN (
            SELECT count(*) > 0 FROM fap_analysis
            WHERE user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL AND superseded_by IS NULL
                AND id <> (%(changed)s::uuid[])[1] AND drive_keys && (
                    SELECT coalesce(drive_keys, '{}') FROM fap_analysis
                    WHERE id = (%(changed)s::uuid[])[1] AND user_id = %(user_id)s)
        ) END AS shares_drives
    FROM fap_analysis AS log LEFT JOIN fap_analysis AS newer ON newer.id = log.superseded_by
    WHERE log.user_id = %(user_id)s AND (log.id = ANY(%(changed)s) OR log.superseded_by = ANY(%(changed)s))
        AND (newer.id IS NULL OR log.deleted_at IS NOT NULL OR newer.deleted_at IS NOT NULL
            OR log.status = 'Failed' OR newer.status = 'Failed'
            OR log.status = 'Success' AND newer.status = 'Success' AND log.version = newer.version)
"""
# Logs that count and share a drive with an affected one, and the affected ones themselves.
CANDIDATES: Final = """
    WITH shared AS MATERIALIZED (
        SELECT coalesce(array_agg(DISTINCT key), '{}') AS keys
        FROM fap_analysis, unnest(drive_keys) AS key
        WHERE id = ANY(%(affected)s) AND user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL
    )
    SELECT id, file_name, created_at, drive_rows,
        jsonb_path_query_array(analysis, '$.drives[*].fingerprint') AS fingerprints,
        analysis -> 'drives_total' AS drives_total
    FROM fap_analysis
    WHERE user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL AND superseded_by IS NULL
        AND drive_keys && (SELECT keys FROM shared)
    UNION ALL
    SELECT id, file_name, created_at, drive_rows,
        jsonb_path_query_array(analysis, '$.drives[*].fingerprint') AS fingerprints,
        analysis -> 'drives_total' AS drives_total
    FROM fap_analysis
    WHERE id = ANY(%(affected)s) AND user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL
        AND superseded_by IS NOT NULL AND drive_keys IS NOT NULL
"""
_WRITE: Final = """
    UPDATE fap_analysis AS log SET superseded_by = decided.newer
    FROM unnest(%(decided)s::uuid[], %(newer)s::uuid[]) AS decided (id, newer)
    WHERE log.id = decided.id AND log.user_id = %(user_id)s AND log.superseded_by IS DISTINCT FROM decided.newer
"""
_WRITE_EARLIER_VERSIONS: Final = """
    UPDATE fap_analysis AS log SET superseded_by = decided.newer
    FROM unnest(%(decided)s::uuid[], %(newer)s::uuid[]) AS decided (id, newer)
    WHERE decided.newer IS NOT NULL AND log.superseded_by = decided.id AND log.user_id = %(user_id)s
"""

_NEWER: Final = """
    SELECT newer.id, newer.file_name, newer.drive_rows = log.drive_rows AS same_drives
    FROM fap_analysis AS log JOIN fap_analysis AS newer ON newer.id = log.superseded_by
    WHERE log.id = %(id)s AND log.user_id = %(user_id)s AND newer.user_id = %(user_id)s
        AND log.deleted_at IS NULL AND newer.deleted_at IS NULL
"""
_EARLIER_VERSIONS: Final = """
    SELECT older.id, older.file_name, older.drive_rows = log.drive_rows AS same_drives
    FROM fap_analysis AS log JOIN fap_analysis AS older ON older.superseded_by = log.id
    WHERE log.id = %(id)s AND log.user_id = %(user_id)s AND older.user_id = %(user_id)s
        AND log.deleted_at IS NULL AND older.deleted_at IS NULL
    ORDER BY older.drive_rows DESC, older.created_at, older.id LIMIT %(limit)s
"""
OVERLAPPING: Final = """
    SELECT other.id, other.file_name, log.file_name AS own_file_name
    FROM fap_analysis AS log
    JOIN fap_analysis AS other
        ON other.user_id = log.user_id AND other.status = 'Success' AND other.deleted_at IS NULL
            AND other.superseded_by IS NULL AND other.car_id IS NOT DISTINCT FROM log.car_id
            AND lower(other.drive_times) < upper(log.drive_times)
            AND upper(other.drive_times) > lower(log.drive_times)
            AND other.drive_times && log.drive_times
    WHERE log.id = %(id)s AND log.user_id = %(user_id)s AND log.status = 'Success' AND log.deleted_at IS NULL
        AND other.id <> log.id AND other.id IS DISTINCT FROM log.superseded_by
    ORDER BY lower(other.drive_times), other.id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Version:
    """What is compared of a log."""

    id: UUID
    created_at: datetime
    profile: str | None
    fingerprints: Sequence[Fingerprint]
    is_whole: bool
    """False if the log has more drives than its analysis lists."""

    @property
    def rows(self) -> int:
        """The rows of all listed drives."""
        return sum(drive.rows for drive in self.fingerprints)

    def is_version_of(self, newer: "Version") -> bool:
        """Return whether the other log, no shorter and no later than this one if equally long, holds all its drives.

        File names of different profiles are of different cars.
        """
        if not self.is_whole or _are_different(self.profile, newer.profile):
            return False
        if newer.is_whole and same_drives(self.fingerprints, newer.fingerprints):
            return True
        return superseded_by(self.fingerprints, newer.fingerprints)


def find_superseded(logs: Iterable[Version], affected: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the id of the superseding log for each log that is superseded.

    Of logs with the same drives the first uploaded one counts; of several longer ones the longest supersedes.

    Args:
        logs: The logs that may supersede each other.
        affected: Those of them to be compared with all others; the rest are known not to hold each other's drives.
    """
    counted_by_start: dict[str, list[Version]] = defaultdict(list)
    superseded: dict[UUID, UUID] = {}
    for log in sorted(logs, key=lambda log: (-log.rows, log.created_at, log.id)):
        starts = {mark for drive in log.fingerprints for mark in drive.starts[:1]}
        candidates = min((counted_by_start[start] for start in starts), key=len, default=[])
        for newer in candidates:
            if (log.id in affected or newer.id in affected) and log.is_version_of(newer):
                superseded[log.id] = newer.id
                break
        else:
            for start in starts:
                counted_by_start[start].append(log)
    return superseded


def update_superseded(connection: Conn, user_id: UUID, changed: Iterable[UUID]) -> None:
    """Decide anew which logs are superseded, after some were analysed, failed, deleted or restored.

    Needs `db.lock_user`. Call it before `mark_stale_averages`.
    """
    values: dict[str, Any] = {"user_id": user_id, "changed": list(changed)}
    rows = connection.execute(AFFECTED, values).fetchall()
    match rows:
        case [] | [{"superseded_by": None, "shares_drives": False}]:
            return
    values["affected"] = affected = [row["id"] for row in rows]
    logs = [_version(row) for row in connection.execute(CANDIDATES, values).fetchall()]
    decided: dict[UUID, UUID | None] = dict.fromkeys(affected) | find_superseded(logs, set(affected))
    values |= {"decided": list(decided), "newer": list(decided.values())}
    connection.execute(_WRITE, values)
    connection.execute(_WRITE_EARLIER_VERSIONS, values)


def drive_columns(user_id: UUID, analysis: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values of the columns about drives: those of an analysis without fingerprints are None."""
    drives = objects(value_at(analysis, "drives"))
    fingerprints = _parse_fingerprints([drive.get("fingerprint") for drive in drives])
    times = [times for drive in drives if (times := _times(drive))]
    return {
        "drive_keys": sorted({_drive_key(user_id, drive) for drive in fingerprints if drive.starts}) or None,
        "drive_rows": sum(drive.rows for drive in fingerprints) or None,
        "drive_times": "{" + ",".join(times) + "}" if times else None,
    }


def first_start(analysis: Mapping[str, Any] | None) -> datetime | None:
    """Return when the first drive of an analysis began by the car's clock, or None if it has no drive with a time."""
    drives = value_at(analysis, "drives")
    first = drives[0] if isinstance(drives, list) and drives else None
    try:
        start = datetime.fromisoformat(first["start"]) if isinstance(first, dict) else None
    except (KeyError, TypeError, ValueError):
        return None
    return start if start and start.tzinfo is None else None


def find_related(connection: Conn, user_id: UUID, analysis_id: UUID) -> dict[str, Any]:
    """Return the log that supersedes one, its earlier versions, and the logs that overlap with it, as JSON values."""
    values = {"user_id": user_id, "id": analysis_id, "limit": MAX_RELATED}
    newer = connection.execute(_NEWER, values).fetchone()
    earlier = connection.execute(_EARLIER_VERSIONS, values).fetchall()
    overlapping = connection.execute(OVERLAPPING, values).fetchall()
    return {
        "supersededBy": _reference(newer) if newer else None,
        "earlierVersions": [_reference(row) for row in earlier],
        "overlaps": [
            {"id": row["id"], "fileName": row["file_name"]}
            for row in overlapping
            if not _are_different(profile_of(row["file_name"]), profile_of(row["own_file_name"]))
        ],
    }


def _are_different(one: str | None, other: str | None) -> bool:
    """Return whether two profiles are known and different."""
    return one is not None and other is not None and one != other


def _reference(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "fileName": row["file_name"], "sameDrives": bool(row["same_drives"])}


def _version(row: Mapping[str, Any]) -> Version:
    fingerprints = _parse_fingerprints(row["fingerprints"])
    return Version(
        id=row["id"],
        created_at=row["created_at"],
        profile=profile_of(row["file_name"]),
        fingerprints=fingerprints,
        is_whole=row["drives_total"] == len(fingerprints),
    )


def _parse_fingerprints(found: Any) -> list[Fingerprint]:
    """Return the fingerprints of all drives, or none if one is missing or not as this version knows it."""
    try:
        return _FINGERPRINTS.validate_python(found)
    except ValidationError:
        return []


def _drive_key(user_id: UUID, drive: Fingerprint) -> int:
    """Return a hash over the owner and the drive's first row, so that equal drives of two users differ."""
    digest = blake2b(drive.starts[0].encode(), digest_size=8, key=user_id.bytes).digest()
    return int.from_bytes(digest, "big", signed=True)


def _times(drive: Mapping[str, Any]) -> str | None:
    """Return the time of a drive as a range of PostgreSQL's, without its end."""
    try:
        start, end = (datetime.fromisoformat(drive[name]) for name in ("start", "end"))
    except (KeyError, TypeError, ValueError):
        return None
    if start.tzinfo or end.tzinfo or start >= end:
        return None
    return f"[{start.isoformat()},{end.isoformat()})"
