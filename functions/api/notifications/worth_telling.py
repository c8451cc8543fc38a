"""Which changes of a verdict, and which forecasts, are worth telling. Pure functions."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from faplog.contracts.limits import Code, Severity

from ..stored_values import member, objects, value_at
from .events import MAX_CODES, AverageAct, Event, LogAct, RegensInterrupted

FORECAST_KM: Final = 1_000
"""A forecast is due when its first limit may be reached within this distance."""


def of_log(analysis_id: UUID, verdict_before: str | None, analysis: Mapping[str, Any] | None) -> list[Event]:
    """Return the event of a log whose verdict became `act`.

    Args:
        analysis_id: The log.
        verdict_before: Its verdict until now; None before its first analysis.
        analysis: Its new analysis; None if it could not be analysed.
    """
    health = _health(analysis)
    if health.get("verdict") != Severity.ACT or verdict_before == Severity.ACT:
        return []
    return [LogAct(analysis_id=analysis_id, codes=act_codes(health))]


def of_average(
    generation: int,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    car_id: UUID | None = None,
) -> list[Event]:
    """Return the events of the average over all logs of a car.

    Interrupted regenerations have an event of their own, so a verdict that is `act` for nothing else has none besides.

    Args:
        generation: The generation of the new average.
        before: The average until now; None if there was none.
        after: The new average.
        car_id: The car.
    """
    old, new = _health(before), _health(after)
    events: list[Event] = []
    codes = act_codes(new)
    if Code.REGENS_ABORTED in codes and Code.REGENS_ABORTED not in act_codes(old):
        events.append(RegensInterrupted(car_id=car_id, generation=generation))
    became_act = new.get("verdict") == Severity.ACT and old.get("verdict") != Severity.ACT
    if became_act and codes != (Code.REGENS_ABORTED,):
        events.insert(0, AverageAct(car_id=car_id, generation=generation, codes=codes))
    return events


def is_near(figure: Mapping[str, Any]) -> bool:
    """Return whether a forecast of an average is due: its first limit may be reached within `FORECAST_KM`.

    A limit that has been reached (0 to 0 km) is a finding, and no forecast any more.
    """
    near_km = value_at(figure, "watch", "km_low")
    if member(Code, figure.get("code")) is None or not isinstance(near_km, int):
        return False
    return near_km <= FORECAST_KM and value_at(figure, "watch", "km_high") != 0


def forecast_id(car_id: UUID | None, name: str, figure: Mapping[str, Any]) -> str:
    """Return what names a forecast of a car: another one after each maintenance that resets the figure."""
    return f"{car_id}:{name}:{figure.get('since') or ''}"


def act_codes(health: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the codes of the findings at `act`, each once, in their order."""
    codes = (member(Code, finding["code"]) for finding in findings(health) if finding.get("severity") == Severity.ACT)
    return tuple(dict.fromkeys(code for code in codes if code))[:MAX_CODES]


def findings(health: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings that have a code; whatever else a stored verdict holds is left out."""
    return [one for one in objects(health.get("findings")) if one.get("code")]


def _health(stored: Mapping[str, Any] | None) -> Mapping[str, Any]:
    health = value_at(stored, "health")
    return health if isinstance(health, dict) else {}
