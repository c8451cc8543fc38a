"""The regenerations of a car, from all its logs: each once, also where it is in two logs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from faplog.contracts.figures import Outcome

from ..db import Conn
from ..stored_values import number, objects
from .last_regeneration import COUNTER_TOLERANCE_KM, counter_km

JOINED_WITHIN: Final = timedelta(minutes=10)
"""How long the app may be away in the middle of a regeneration, such as while it begins a new file."""

_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}

# The rows are chosen before their analyses are read: each of those is tens of kilobytes.
_LOGS: Final = """
    WITH newest AS MATERIALIZED (
        SELECT id FROM fap_analysis
        WHERE user_id = %(user_id)s AND car_id = %(car_id)s AND status = 'Success' AND deleted_at IS NULL
            AND superseded_by IS NULL AND fap_regen
            AND (%(date_from)s::date IS NULL OR log_date >= %(date_from)s::timestamp AT TIME ZONE 'UTC')
            AND (%(date_to)s::date IS NULL OR log_date < (%(date_to)s::date + 1)::timestamp AT TIME ZONE 'UTC')
        ORDER BY log_date DESC NULLS LAST, id DESC LIMIT %(limit)s
    )
    SELECT id, distance, analysis -> 'regens' AS regens, analysis #> '{fap,life,life_km}' AS life_km,
        analysis #> '{fap,lastRegen_km}' AS last_regen_km
    FROM fap_analysis WHERE id IN (SELECT id FROM newest) AND user_id = %(user_id)s
"""


@dataclass(frozen=True, slots=True)
class Regeneration:
    """One regeneration of a car, as `Regeneration` in the schemas describes it."""

    logs: tuple[UUID, ...]
    start: str
    end: str
    outcome: Outcome
    duration_sec: int | None
    temp_max_c: int | None
    interval_km: int | None
    filter_km: int | None
    service: bool


def list_regenerations(
    connection: Conn,
    user_id: UUID,
    car_id: UUID,
    limit: int,
    date_from: date | None = None,
    date_to: date | None = None,
) -> list[Regeneration]:
    """Return the newest regenerations of a car, newest first. Superseded and deleted logs do not count.

    Args:
        connection: A transaction of the user.
        user_id: The owner of the car.
        car_id: The car.
        limit: How many at most.
        date_from: Only logs of this day or later.
        date_to: Only logs of this day or earlier.
    """
    values = {"user_id": user_id, "car_id": car_id, "limit": limit + 1, "date_from": date_from, "date_to": date_to}
    rows = connection.execute(_LOGS, values).fetchall()
    return joined(regeneration for row in rows for regeneration in of_log(row))[:limit]


def of_log(row: Mapping[str, Any]) -> Iterator[Regeneration]:
    """Yield the regenerations of one log. A stored analysis may be of any version; what is malformed is left out.

    Args:
        row: The log, with `id`, `distance`, `regens`, `life_km` and `last_regen_km`.
    """
    usable = [regen for regen in objects(row["regens"]) if _moment(regen.get("start"), regen.get("end"))]
    life_km, distance_km = number(row["life_km"]), row["distance"] or 0
    counted = counter_km(life_km, number(row["last_regen_km"]))
    for place, regen in enumerate(usable):
        outcome = _OUTCOMES.get(str(regen.get("outcome")), Outcome.UNKNOWN)
        is_counted = outcome is Outcome.COMPLETE and place == len(usable) - 1
        yield Regeneration(
            logs=(row["id"],),
            start=regen["start"],
            end=regen["end"],
            outcome=outcome,
            duration_sec=_whole(regen.get("duration_sec")),
            temp_max_c=_whole(regen.get("temp_max_c")),
            interval_km=_whole(regen.get("interval_km")),
            filter_km=_whole(filter_km(life_km, counted if is_counted else None, distance_km)),
            service=regen.get("service") is True,
        )


def filter_km(life_km: float | None, counted_km: float | None, distance_km: float) -> float | None:
    """Return the filter's kilometre of a regeneration: as the car counts it, else that of the log's end.

    Args:
        life_km: The filter's kilometre at the end of the log.
        counted_km: The one at which the car counts its last regeneration, if that is this one.
        distance_km: The distance of the log. A count further back is that of an earlier regeneration.
    """
    if life_km is None or counted_km is None:
        return life_km
    return counted_km if 0 <= life_km - counted_km <= distance_km + COUNTER_TOLERANCE_KM else life_km


def joined(regenerations: Iterable[Regeneration]) -> list[Regeneration]:
    """Return regenerations newest first, with those that one log begins and the next one ends as one."""
    ordered = sorted(regenerations, key=lambda one: (one.start, one.end, one.logs))
    found: list[Regeneration] = ordered[:1]
    for _, later in pairwise(ordered):
        if _goes_on(found[-1], later):
            found[-1] = _join(found[-1], later)
        else:
            found.append(_not_before(found[-1], later))
    return found[::-1]


def _not_before(earlier: Regeneration, later: Regeneration) -> Regeneration:
    """Even out what the counters are apart: they move in steps, and a later regeneration is at no lower kilometre.

    A larger step back is that of another filter, and stays.
    """
    if earlier.filter_km is None or later.filter_km is None:
        return later
    is_step = 0 < earlier.filter_km - later.filter_km <= COUNTER_TOLERANCE_KM
    return replace(later, filter_km=earlier.filter_km) if is_step else later


def _goes_on(earlier: Regeneration, later: Regeneration) -> bool:
    if earlier.outcome is not Outcome.UNKNOWN or set(earlier.logs) & set(later.logs):
        return False
    gap = datetime.fromisoformat(later.start) - datetime.fromisoformat(earlier.end)
    return timedelta() <= gap <= JOINED_WITHIN


def _join(earlier: Regeneration, later: Regeneration) -> Regeneration:
    hottest = [temp for temp in (earlier.temp_max_c, later.temp_max_c) if temp is not None]
    lengths = [length for length in (earlier.duration_sec, later.duration_sec) if length is not None]
    return replace(
        later,
        logs=earlier.logs + later.logs,
        start=earlier.start,
        duration_sec=sum(lengths) if lengths else None,
        temp_max_c=max(hottest, default=None),
        interval_km=earlier.interval_km if earlier.interval_km is not None else later.interval_km,
        filter_km=later.filter_km if later.filter_km is not None else earlier.filter_km,
    )


def _moment(*texts: object) -> bool:
    try:
        return all(isinstance(text, str) and datetime.fromisoformat(text).tzinfo is None for text in texts)
    except ValueError:
        return False


def _whole(value: object) -> int | None:
    known = number(value)
    return None if known is None or abs(known) > 1e9 else round(known)
