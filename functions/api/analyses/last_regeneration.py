"""The last regeneration up to the end of a log, which may be in an earlier log of the same car."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from faplog.contracts.messages import AnalysisStatus
from faplog.contracts.profiles import profile_of

from ..db import Conn
from ..stored_values import number, objects, value_at

MAX_CANDIDATES: Final = 10
"""How many earlier logs with a regeneration are looked at: of one day there may be several, and of several cars."""

COUNTER_TOLERANCE_KM: Final = 30
"""How far the car's counters may be apart without a regeneration, besides what was driven in the two logs.

The app may read a counter once in a log, so that its value is behind by up to the distance of the log.
"""

# The rows are chosen before their analyses are read: each of those is tens of kilobytes.
_EARLIER: Final = """
    WITH earlier AS MATERIALIZED (
        SELECT earlier.id
        FROM fap_analysis AS log JOIN fap_analysis AS earlier ON earlier.user_id = log.user_id
        WHERE log.id = %(id)s AND log.user_id = %(user_id)s AND earlier.status = 'Success'
            AND earlier.deleted_at IS NULL AND earlier.superseded_by IS NULL AND earlier.fap_regen
            AND (earlier.car_id = log.car_id OR earlier.car_id IS NULL OR log.car_id IS NULL)
            AND earlier.id <> log.id AND earlier.id IS DISTINCT FROM log.superseded_by
            AND earlier.log_date <= log.log_date
            AND (earlier.car_id = log.car_id OR earlier.car_id IS NULL OR log.car_id IS NULL)
        ORDER BY earlier.log_date DESC NULLS LAST, earlier.id DESC LIMIT %(limit)s
    )
    SELECT id, file_name, distance, analysis -> 'regens' AS regens, analysis #> '{fap,life,life_km}' AS life_km,
        analysis #> '{fap,lastRegen_km}' AS last_regen_km
    FROM fap_analysis WHERE id IN (SELECT id FROM earlier) AND user_id = %(user_id)s
"""

Regen = Mapping[str, Any]


def find_last_regeneration(connection: Conn, user_id: UUID, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the last regeneration up to the end of a log as JSON values, or None if it is not known.

    Superseded and deleted logs do not count, nor do logs of another car, or whose file name has another engine
    control unit.

    Args:
        connection: A transaction of the user.
        user_id: The owner of the log.
        row: The log, with `id`, `file_name`, `status`, `distance` and its `analysis` as JSON text.
    """
    if row["status"] != AnalysisStatus.SUCCESS or not row["analysis"]:
        return None
    analysis = orjson.loads(row["analysis"])
    if own := objects(value_at(analysis, "regens")):
        return _described(row["id"], own[-1])
    day = value_at(analysis, "overall", "date")
    start = f"{value_at(day, 'date')}T{value_at(day, 'start')}"
    found = [
        (before[-1], earlier)
        for earlier in connection.execute(
            _EARLIER, {"id": row["id"], "user_id": user_id, "limit": MAX_CANDIDATES}
        ).fetchall()
        if not _are_different(profile_of(row["file_name"]), profile_of(earlier["file_name"]))
        and (before := regenerations_before(objects(earlier["regens"]), start))
    ]
    if not found:
        return None
    regen, earlier = max(found, key=lambda one: str(one[0].get("end")))
    fap = value_at(analysis, "fap")
    now = counter_km(number(value_at(fap, "life", "life_km")), number(value_at(fap, "lastRegen_km")))
    then = counter_km(number(earlier["life_km"]), number(earlier["last_regen_km"]))
    driven_km = (row["distance"] or 0) + (earlier["distance"] or 0)
    return _described(earlier["id"], regen) if is_last(now, then, driven_km) else None


def regenerations_before(regens: Sequence[Regen], start: str) -> list[Regen]:
    """Return the regenerations that ended before a moment, given as the log writes it."""
    return [regen for regen in regens if str(regen.get("end")) <= start]


def counter_km(life_km: float | None, last_regen_km: float | None) -> float | None:
    """Return the filter's kilometre at which the car counts its last regeneration, or None if it does not say."""
    return None if life_km is None or last_regen_km is None else life_km - last_regen_km


def is_last(now_km: float | None, then_km: float | None, driven_km: float) -> bool:
    """Return whether the car has counted no other regeneration since a log with one; true if it does not say.

    A filter's kilometre that has fallen is that of another filter, or of another car.

    Args:
        now_km: The filter's kilometre of the last regeneration, by a log without one.
        then_km: The same by the earlier log.
        driven_km: The distance of both logs.
    """
    return now_km is None or then_km is None or abs(now_km - then_km) <= COUNTER_TOLERANCE_KM + driven_km


def _are_different(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _described(analysis_id: UUID, regen: Regen) -> dict[str, Any]:
    return {
        "analysisId": analysis_id,
        "start": regen.get("start"),
        "end": regen.get("end"),
        "outcome": regen.get("outcome"),
        "service": regen.get("service") is True,
    }
