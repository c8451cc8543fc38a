"""Maintenance notes of cars, and reminders: notes of work that is not done yet."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from faplog.contracts.errors import ErrorCode
from faplog.contracts.notes import AHEAD_OF_UTC, MOST_KM, MOST_NOTES, Kind
from faplog.http_errors import refused

from ..db import Conn

FIRST_DATE: Final = date(1990, 1, 1)
FURTHEST: Final = timedelta(days=20 * 365)
"""How far in the future a reminder may be."""

_SELECT: Final = """
    SELECT note.id, note.car_id, note.kind, note.on_date, note.km, note.text, note.done, note.created_at,
        NOT note.done AND coalesce(note.on_date <= %(today)s OR note.km <= reading.life_km, false) AS due
    FROM note
    JOIN car ON car.user_id = note.user_id AND car.id = note.car_id AND car.deleted_at IS NULL
    LEFT JOIN LATERAL (
        SELECT life_km FROM fap_analysis
        WHERE user_id = note.user_id AND car_id = note.car_id AND deleted_at IS NULL AND life_km IS NOT NULL
            AND driven_at IS NOT NULL AND NOT note.done AND note.km IS NOT NULL
        ORDER BY driven_at DESC LIMIT 1
    ) AS reading ON true
    WHERE note.user_id = %(user_id)s AND (%(id)s::uuid IS NULL OR note.id = %(id)s)
        AND (%(car_id)s::uuid IS NULL OR note.car_id = %(car_id)s) AND (NOT %(reminders)s OR NOT note.done)
    ORDER BY note.on_date DESC NULLS LAST, note.created_at DESC, note.id
"""
_COUNT: Final = "SELECT count(*) AS n FROM note WHERE user_id = %s AND car_id = ANY(%s)"
_CREATE: Final = """
    INSERT INTO note (user_id, car_id, kind, on_date, km, text, done) VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_CHANGE: Final = """
    UPDATE note SET kind = %s, on_date = %s, km = %s, text = %s, done = %s WHERE user_id = %s AND id = %s
"""
_DELETE: Final = "DELETE FROM note WHERE user_id = %s AND id = %s"


@dataclass(frozen=True, slots=True)
class Content:
    """What a note says, in the order of its columns."""

    kind: Kind
    on_date: date | None
    km: int | None
    text: str
    done: bool


def today() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()


def new_content(kind: Kind, on_date: date | None, km: int | None, text: str, *, done: bool = False) -> Content:
    """Return what a new note says: done if its date is not in the future by UTC, else a reminder.

    Args:
        kind: The kind of work.
        on_date: Its day.
        km: The filter's counter.
        text: What else is said.
        done: Whether the work has been done, though its day may not have begun in UTC.

    Raises:
        BadRequest: The values are not possible.
    """
    content = Content(kind, on_date, km, text, done=has_begun(on_date, anywhere=done))
    _check_content(content)
    return content


def changed_content(old: Content, changes: dict[str, Any]) -> Content:
    """Return what a note says after changes. One that was done becomes a reminder if its date is moved to the future.

    Args:
        old: What it says so far.
        changes: The new values of its fields; `done` can only be true.

    Raises:
        BadRequest: The new values are not possible.
    """
    new = replace(old, **{name: value for name, value in changes.items() if name != "done"})
    if changes.get("done"):
        new = replace(new, done=True, on_date=new.on_date if has_begun(new.on_date, anywhere=True) else today())
    elif new.on_date != old.on_date:
        new = replace(new, done=has_begun(new.on_date))
    _check_content(new)
    return new


def has_begun(day: date | None, *, anywhere: bool = False) -> bool:
    """Return whether there is a day and it has begun: in UTC, or anywhere on Earth."""
    return day is not None and day <= (_furthest_today() if anywhere else today())


def _furthest_today() -> date:
    return (datetime.now(UTC) + AHEAD_OF_UTC).date()


def check_date(day: date, *, past: bool = False) -> None:
    """Raise `BadRequest` unless a note may have this date; with `past`, unless it may be of work that is done."""
    last = _furthest_today() if past else today() + FURTHEST
    if not FIRST_DATE <= day <= last:
        raise refused(ErrorCode.NOTE_DATE_OUT_OF_RANGE, first=FIRST_DATE.isoformat(), last=last.isoformat())


def _check_content(content: Content) -> None:
    if content.on_date is None and content.km is None:
        raise refused(ErrorCode.NOTE_NOT_PLACED)
    if content.on_date is not None:
        check_date(content.on_date)
    if content.km is not None and not 0 <= content.km <= MOST_KM:
        raise refused(ErrorCode.NOTE_KM_OUT_OF_RANGE, max_km=MOST_KM)


def check_limit(connection: Conn, user_id: UUID, cars: Sequence[UUID], *, added: int) -> None:
    """Raise `Conflict` if one car may not have the notes of these cars and so many more."""
    counted = connection.execute(_COUNT, [user_id, list(cars)]).fetchone() or {"n": 0}
    if counted["n"] + added > MOST_NOTES:
        raise refused(ErrorCode.NOTE_LIMIT_REACHED, max_notes=MOST_NOTES)


def list_notes(connection: Conn, user_id: UUID, car_id: UUID) -> list[dict[str, Any]]:
    """Return the notes of a car, newest date first."""
    return _select(connection, user_id, car_id=car_id)


def list_due(connection: Conn, user_id: UUID, day: date | None = None) -> dict[UUID, list[dict[str, Any]]]:
    """Return the reminders of the user that are due on a day, by default today, by car."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in _select(connection, user_id, reminders=True, day=day):
        if row["due"]:
            found[row["car_id"]].append(row)
    return found


def get_note(connection: Conn, user_id: UUID, note_id: UUID) -> dict[str, Any]:
    """Return a note of a car of the user. Raises `NotFound`."""
    rows = _select(connection, user_id, note_id=note_id)
    if not rows:
        raise refused(ErrorCode.NOTE_NOT_FOUND)
    return rows[0]


def create(connection: Conn, user_id: UUID, car_id: UUID, content: Content) -> UUID:
    """Add a note to a car and return its id."""
    row = connection.execute(_CREATE, [user_id, car_id, *astuple(content)]).fetchone()
    assert row is not None
    note_id: UUID = row["id"]
    return note_id


def change(connection: Conn, user_id: UUID, note_id: UUID, content: Content) -> None:
    """Replace what a note says."""
    connection.execute(_CHANGE, [*astuple(content), user_id, note_id])


def delete(connection: Conn, user_id: UUID, note_id: UUID) -> None:
    """Delete a note."""
    connection.execute(_DELETE, [user_id, note_id])


def _select(
    connection: Conn,
    user_id: UUID,
    *,
    note_id: UUID | None = None,
    car_id: UUID | None = None,
    reminders: bool = False,
    day: date | None = None,
) -> list[dict[str, Any]]:
    values = {"user_id": user_id, "id": note_id, "car_id": car_id, "reminders": reminders, "today": day or today()}
    return connection.execute(_SELECT, values).fetchall()
