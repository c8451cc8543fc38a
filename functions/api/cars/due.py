"""Which reminders and forecasts of cars are due, and their events for the outbox.

A reminder is told once for each date and reading it is moved to, a forecast once after each maintenance.
"""

from datetime import date
from typing import Any, Final

from faplog.contracts.catalogue import WORDS
from faplog.contracts.limits import Code

from ..db import Conn
from ..notifications import outbox
from ..notifications.events import Due
from ..notifications.worth_telling import forecast_id, is_near
from ..stored_values import member
from . import notes

# Only of users with a channel: without one nothing can be told.
_USERS_WITH_REMINDERS: Final = """
    SELECT DISTINCT note.user_id FROM note JOIN notification_channel AS channel ON channel.user_id = note.user_id
    WHERE NOT note.done
"""
_FORECASTS: Final = """
    SELECT average.user_id, average.car_id, figure.key AS figure, figure.value AS forecast
    FROM fap_average AS average
    JOIN car ON car.user_id = average.user_id AND car.id = average.car_id AND car.deleted_at IS NULL
    CROSS JOIN LATERAL jsonb_each(
        CASE jsonb_typeof(average.average->'forecast') WHEN 'object' THEN average.average->'forecast' ELSE '{}' END
    ) AS figure
    WHERE average.type = 'OVERALL' AND jsonb_typeof(figure.value) = 'object'
        AND EXISTS (SELECT FROM notification_channel AS channel WHERE channel.user_id = average.user_id)
    ORDER BY average.user_id, average.car_id, figure.key
"""


def enqueue_due(connection: Conn, today: date) -> int:
    """Write an event for each reminder and forecast that is due, and return how many messages were written.

    Args:
        connection: A worker transaction.
        today: The date in UTC.
    """
    users = [row["user_id"] for row in connection.execute(_USERS_WITH_REMINDERS).fetchall()]
    reminders = [
        (user_id, reminder(note))
        for user_id in users
        for due in notes.list_due(connection, user_id, today).values()
        for note in due
    ]
    forecasts = [(row["user_id"], forecast(row)) for row in connection.execute(_FORECASTS).fetchall()]
    return sum(outbox.enqueue(connection, user_id, event) for user_id, event in [*reminders, *forecasts] if event)


def reminder(row: dict[str, Any]) -> Due:
    """Return the event of a reminder: its text, or what is to be done if it has none."""
    title = " ".join(row["text"].split())[:120] or str(row["kind"]).replace("_", " ").capitalize()
    return Due(
        about="reminder",
        id=str(row["id"]),
        title=title,
        due_on=row["on_date"],
        due_km=row["km"],
        car_id=row["car_id"],
    )


def forecast(row: dict[str, Any]) -> Due | None:
    """Return the event of a forecast whose first limit is near, or None. Once after each maintenance that resets it."""
    figure = row["forecast"]
    code = member(Code, figure.get("code"))
    if code is None or not is_near(figure):
        return None
    return Due(
        about="forecast",
        id=forecast_id(row["car_id"], row["figure"], figure),
        title=WORDS[code].title,
        text=str(figure.get("text") or "")[:500],
        car_id=row["car_id"],
    )
