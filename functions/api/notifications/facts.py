"""What is still true about an event when its message is about to be sent."""

from enum import Enum
from typing import Final
from uuid import UUID

from faplog.contracts.limits import Code, Severity

from ..db import Conn
from .content import Facts
from .events import AverageAct, Due, Event, LogAct, RegensInterrupted
from .worth_telling import act_codes, forecast_id, is_near


class Moot(Enum):
    """Why an event is not told now."""

    OVER = "over"
    """It is no longer true."""
    DELETED = "deleted"
    """Its log is deleted, but may be restored."""


_LOG: Final = """
    SELECT log_date, deleted_at IS NOT NULL AS deleted, analysis->'health' AS health,
        verdict IS NOT DISTINCT FROM 'act' AND superseded_by IS NULL AS holds
    FROM fap_analysis WHERE id = %s AND user_id = %s
"""
_OVERALL: Final = """
    SELECT average.average->'health' AS health FROM fap_average AS average
    JOIN car ON car.user_id = average.user_id AND car.id = average.car_id AND car.deleted_at IS NULL
    WHERE average.user_id = %(user_id)s AND average.type = 'OVERALL'
        AND (%(car_id)s::uuid IS NULL OR average.car_id = %(car_id)s)
"""
_CAR_NAME: Final = """
    SELECT name FROM car
    WHERE user_id = %(user_id)s AND id = %(car_id)s AND deleted_at IS NULL
        AND 1 < (SELECT count(*) FROM car AS any_car WHERE any_car.user_id = %(user_id)s AND any_car.deleted_at IS NULL)
"""
"""The name of a car, if the user has several."""
_REMINDER: Final = """
    SELECT FROM note JOIN car ON car.user_id = note.user_id AND car.id = note.car_id AND car.deleted_at IS NULL
    WHERE note.user_id = %(user_id)s AND note.id::text = %(id)s AND note.car_id = %(car_id)s AND NOT note.done
        AND note.on_date IS NOT DISTINCT FROM %(due_on)s AND note.km IS NOT DISTINCT FROM %(due_km)s
"""
_FORECASTS: Final = """
    SELECT average.average->'forecast' AS forecasts FROM fap_average AS average
    JOIN car ON car.user_id = average.user_id AND car.id = average.car_id AND car.deleted_at IS NULL
    WHERE average.user_id = %(user_id)s AND average.car_id = %(car_id)s AND average.type = 'OVERALL'
"""


def of(connection: Conn, user_id: UUID, event: Event) -> Facts | Moot:
    """Return what is true about an event of this user, or why it is not told."""
    match event:
        case LogAct():
            return _of_log(connection, user_id, event)
        case AverageAct() | RegensInterrupted():
            return _of_average(connection, user_id, event)
        case Due():
            return _of_due(connection, user_id, event)


def _of_log(connection: Conn, user_id: UUID, event: LogAct) -> Facts | Moot:
    row = connection.execute(_LOG, [event.analysis_id, user_id]).fetchone()
    if row is None:
        return Moot.OVER
    if row["deleted"]:
        return Moot.DELETED
    return Facts(row["health"] or {}, row["log_date"]) if row["holds"] else Moot.OVER


def _of_average(connection: Conn, user_id: UUID, event: AverageAct | RegensInterrupted) -> Facts | Moot:
    """Return the facts of the car's average that is shown. Of an event without a car, one car must still say so."""
    values = {"user_id": user_id, "car_id": event.car_id}
    for row in connection.execute(_OVERALL, values).fetchall():
        health = row["health"] if isinstance(row["health"], dict) else {}
        if isinstance(event, RegensInterrupted):
            holds = Code.REGENS_ABORTED in act_codes(health)
        else:
            holds = health.get("verdict") == Severity.ACT
        if holds:
            return Facts(health, car_name=_car_name(connection, user_id, event.car_id))
    return Moot.OVER


def _of_due(connection: Conn, user_id: UUID, event: Due) -> Facts | Moot:
    """Return the facts of what is due.

    A reminder is over if it is done, deleted, postponed or of another car now; a forecast if the average of its car
    does not say it any more; both while their car is deleted. What is due again is written again (`cars.due`).
    """
    is_due = _is_reminder_open if event.about == "reminder" else _is_forecast_near
    if event.car_id and not is_due(connection, user_id, event):
        return Moot.OVER
    return Facts(health={}, car_name=_car_name(connection, user_id, event.car_id))


def _is_reminder_open(connection: Conn, user_id: UUID, event: Due) -> bool:
    values = {"user_id": user_id} | event.model_dump(include={"id", "car_id", "due_on", "due_km"})
    return connection.execute(_REMINDER, values).fetchone() is not None


def _is_forecast_near(connection: Conn, user_id: UUID, event: Due) -> bool:
    row = connection.execute(_FORECASTS, {"user_id": user_id, "car_id": event.car_id}).fetchone()
    forecasts = row["forecasts"] if row and isinstance(row["forecasts"], dict) else {}
    return any(
        isinstance(figure, dict) and is_near(figure) and event.id == forecast_id(event.car_id, name, figure)
        for name, figure in forecasts.items()
    )


def _car_name(connection: Conn, user_id: UUID, car_id: UUID | None) -> str | None:
    row = connection.execute(_CAR_NAME, {"user_id": user_id, "car_id": car_id}).fetchone() if car_id else None
    return row["name"] if row else None
