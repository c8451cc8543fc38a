"""The cars of a user: shown, created, changed and merged, and the question about a guessed one answered.

Everything that changes needs `db.lock_user`, and is followed by `mark_stale_averages`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from faplog.contracts.errors import ErrorCode
from faplog.contracts.notes import Kind
from faplog.http_errors import refused

from ..db import Conn
from . import notes
from .assignment import Counter, Question

MAX_CARS: Final = 50
"""How many cars a user may have, without deleted ones."""

MOVED_BACK_WITHIN: Final = timedelta(hours=1)
"""How long a guessed car whose last log was moved away can get it back."""

_SELECT: Final = """
    SELECT car.id, car.name, car.profile, car.guessed, car.created_at, coalesce(counted.logs, 0) AS logs,
        CASE WHEN EXISTS (
            SELECT FROM car AS other
            WHERE other.user_id = car.user_id AND other.id <> car.id AND other.deleted_at IS NULL
        ) THEN coalesce(counted.guessed_logs, 0) ELSE 0 END AS guessed_logs,
        counted.first_log, counted.last_log, newest.id AS last_log_id, newest.verdict, reading.life_km,
        CASE WHEN EXISTS (
            SELECT FROM car AS other
            WHERE other.user_id = car.user_id AND other.id = (car.question ->> 'otherCar')::uuid
                AND other.deleted_at IS NULL
        ) THEN car.question END AS question
    FROM car
    LEFT JOIN LATERAL (
        SELECT count(*) AS logs, min(log_date) AS first_log, max(log_date) AS last_log,
            count(*) FILTER (WHERE car_guessed AND superseded_by IS NULL) AS guessed_logs
        FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL
    ) AS counted ON true
    LEFT JOIN LATERAL (
        SELECT id, verdict FROM fap_analysis
        WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND status = 'Success'
            AND superseded_by IS NULL
        ORDER BY log_date DESC NULLS LAST, id DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN LATERAL (
        SELECT life_km FROM fap_analysis
        WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND life_km IS NOT NULL
            AND driven_at IS NOT NULL
        ORDER BY driven_at DESC LIMIT 1
    ) AS reading ON true
    WHERE car.user_id = %(user_id)s AND car.deleted_at IS NULL AND (%(id)s::uuid IS NULL OR car.id = %(id)s)
    ORDER BY counted.last_log DESC NULLS LAST, car.created_at, car.id
"""
_IS_THERE: Final = "SELECT FROM car WHERE user_id = %s AND id = %s AND deleted_at IS NULL"
_COUNT: Final = "SELECT count(*) AS n FROM car WHERE user_id = %s AND deleted_at IS NULL"
_CREATE: Final = """
    INSERT INTO car (user_id, name, profile, guessed, question)
    VALUES (%(user_id)s, %(name)s, %(profile)s, %(guessed)s, %(question)s)
    RETURNING id
"""
_RENAME: Final = """
    UPDATE car SET name = %(name)s, guessed = guessed AND %(name)s::text IS NULL
    WHERE user_id = %(user_id)s AND id = %(id)s
"""
_ASK: Final = """
    UPDATE car SET question = %(question)s
    WHERE user_id = %(user_id)s AND id = %(id)s AND question IS DISTINCT FROM %(question)s
"""
_CONFIRM: Final = "UPDATE car SET guessed = false, question = NULL WHERE user_id = %(user_id)s AND id = %(id)s"
_CHOOSE_LOGS: Final = "UPDATE fap_analysis SET car_chosen = true WHERE user_id = %(user_id)s AND car_id = %(id)s"
_MERGE_LOGS: Final = """
    UPDATE fap_analysis SET car_id = %(into)s, car_chosen = true, car_guessed = false
    WHERE user_id = %(user_id)s AND car_id = %(id)s
"""
_MERGE_NOTES: Final = "UPDATE note SET car_id = %(into)s WHERE user_id = %(user_id)s AND car_id = %(id)s"
_MERGE_CARS: Final = """
    UPDATE car SET guessed = car.guessed AND merged.guessed, profile = coalesce(car.profile, merged.profile),
        name = coalesce(car.name, merged.name), unsorted = car.unsorted OR merged.unsorted
    FROM car AS merged
    WHERE car.user_id = %(user_id)s AND car.id = %(into)s AND merged.user_id = %(user_id)s AND merged.id = %(id)s
"""
_REDIRECT_QUESTIONS: Final = """
    UPDATE car
    SET question = CASE WHEN id <> %(into)s THEN jsonb_set(question, '{otherCar}', to_jsonb(%(into)s::text)) END
    WHERE user_id = %(user_id)s AND question ->> 'otherCar' = %(id)s::text
"""
_CLOSE_QUESTION: Final = """
    UPDATE car SET question = NULL
    WHERE user_id = %(user_id)s AND id = %(into)s AND question ->> 'otherCar' IN (%(id)s::text, %(into)s::text)
"""
_REMOVE: Final = "DELETE FROM car WHERE user_id = %(user_id)s AND id = %(id)s"
# Whether a car has logs: NOT EXISTS would read all logs of a user; with ORDER BY the planner takes the index.
# For an hour a move can be undone. Cars without logs are not offered as deleted cars.
_SET_ABANDONED_ASIDE: Final = """
    UPDATE car SET deleted_at = clock_timestamp()
    WHERE user_id = %s AND deleted_at IS NULL AND guessed AND name IS NULL
        AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
             ORDER BY driven_at LIMIT 1) IS NULL
        AND NOT EXISTS (SELECT FROM note WHERE user_id = car.user_id AND car_id = car.id)
"""
_TAKE_BACK: Final = """
    UPDATE car SET deleted_at = NULL
    WHERE user_id = %s AND id = %s AND guessed AND deleted_at > now() - %s
        AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
             ORDER BY driven_at LIMIT 1) IS NULL
"""
_REMOVE_ABANDONED: Final = """
    DELETE FROM car
    WHERE user_id = %s AND deleted_at IS NULL AND guessed AND name IS NULL
        AND (SELECT true FROM fap_analysis WHERE user_id = car.user_id AND car_id = car.id
             ORDER BY driven_at LIMIT 1) IS NULL
        AND NOT EXISTS (SELECT FROM note WHERE user_id = car.user_id AND car_id = car.id)
"""


def list_cars(connection: Conn, user_id: UUID, car_id: UUID | None = None) -> list[dict[str, Any]]:
    """Return the user's cars, or one of them, with the reminders that are due: the car of the newest log first."""
    cars = connection.execute(_SELECT, {"user_id": user_id, "id": car_id}).fetchall()
    due = notes.list_due(connection, user_id)
    return [car | {"due_notes": due.get(car["id"], [])} for car in cars]


def get_car(connection: Conn, user_id: UUID, car_id: UUID) -> dict[str, Any]:
    """Return a car of the user as `list_cars` does. Raises `NotFound`."""
    cars = list_cars(connection, user_id, car_id)
    if not cars:
        raise refused(ErrorCode.CAR_NOT_FOUND)
    return cars[0]


def check_car(connection: Conn, user_id: UUID, car_id: UUID) -> None:
    """Raise `NotFound` unless this is a car of the user that is not deleted."""
    if connection.execute(_IS_THERE, [user_id, car_id]).fetchone() is None:
        raise refused(ErrorCode.CAR_NOT_FOUND)


def check_limit(connection: Conn, user_id: UUID) -> None:
    """Raise `Conflict` if the user may not have another car."""
    if count(connection, user_id) >= MAX_CARS:
        raise refused(ErrorCode.CAR_LIMIT_REACHED, max_cars=MAX_CARS)


def count(connection: Conn, user_id: UUID) -> int:
    """Return how many cars the user has."""
    counted: int = (connection.execute(_COUNT, [user_id]).fetchone() or {"n": 0})["n"]
    return counted


def create(
    connection: Conn,
    user_id: UUID,
    *,
    name: str | None = None,
    profile: str | None = None,
    guessed: bool = False,
    question: Question | None = None,
) -> UUID:
    """Create a car and return its id."""
    row = connection.execute(
        _CREATE,
        {
            "user_id": user_id,
            "name": name,
            "profile": profile,
            "guessed": guessed,
            "question": Jsonb(_to_json(question)) if question else None,
        },
    ).fetchone()
    assert row is not None
    car_id: UUID = row["id"]
    return car_id


def rename(connection: Conn, user_id: UUID, car_id: UUID, name: str | None) -> None:
    """Name a car, which confirms it, or remove its name."""
    connection.execute(_RENAME, {"user_id": user_id, "id": car_id, "name": name})


def confirm(connection: Conn, user_id: UUID, car_id: UUID) -> None:
    """Confirm that a guessed car is a car of its own, and close its question. Its logs stay with it from then on."""
    values = {"user_id": user_id, "id": car_id}
    connection.execute(_CONFIRM, values)
    connection.execute(_CHOOSE_LOGS, values)


def merge(connection: Conn, user_id: UUID, car_id: UUID, into: UUID) -> None:
    """Move the logs and notes of a car, deleted logs included, to another one, and remove it.

    Raises:
        BadRequest: Both are the same car.
        Conflict: Together they have too many notes.
    """
    if car_id == into:
        raise refused(ErrorCode.CAR_MERGED_WITH_ITSELF)
    notes.check_limit(connection, user_id, [car_id, into], added=0)
    values = {"user_id": user_id, "id": car_id, "into": into}
    for statement in (_MERGE_LOGS, _MERGE_NOTES, _MERGE_CARS, _REDIRECT_QUESTIONS, _CLOSE_QUESTION, _REMOVE):
        connection.execute(statement, values)


def answer_with_maintenance(
    connection: Conn, user_id: UUID, car: Mapping[str, Any], kind: Kind | None, on_date: date | None
) -> UUID:
    """Merge a guessed car with the one that its question names, make the maintenance note, and return that car's id.

    Raises:
        Conflict: The car has no open question, or the other one has too many notes.
    """
    question = open_question(car)
    other = UUID(question["otherCar"])
    notes.check_limit(connection, user_id, [car["id"], other], added=1)
    usual = Kind.ADDITIVE_REFILLED if question["counter"] == Counter.ADDITIVE else Kind.FILTER_REPLACED
    done_on = on_date or date.fromisoformat(question["onDate"])
    merge(connection, user_id, car["id"], other)
    notes.create(connection, user_id, other, notes.Content(kind or usual, done_on, None, "", done=True))
    return other


def ask(connection: Conn, user_id: UUID, car_id: UUID, question: Question) -> None:
    """Replace the question about a car."""
    connection.execute(_ASK, {"user_id": user_id, "id": car_id, "question": Jsonb(_to_json(question))})


def open_question(car: Mapping[str, Any]) -> dict[str, Any]:
    """Return the open question of a car. Raises `Conflict` if it has none."""
    question: dict[str, Any] | None = car["question"]
    if question is None:
        raise refused(ErrorCode.CAR_WITHOUT_QUESTION)
    return question


def remove_abandoned(connection: Conn, user_id: UUID) -> None:
    """Remove guessed cars that have lost their last log and have neither a name nor notes."""
    connection.execute(_REMOVE_ABANDONED, [user_id])


def set_abandoned_aside(connection: Conn, user_id: UUID) -> None:
    """Delete guessed cars that have lost their last log by a move, so that `take_back` can restore them for an hour."""
    connection.execute(_SET_ABANDONED_ASIDE, [user_id])


def take_back(connection: Conn, user_id: UUID, car_id: UUID) -> None:
    """Restore a guessed car that was set aside, if it is one, because a log is moved back to it.

    Raises:
        Conflict: The user has as many cars as one may have.
    """
    if connection.execute(_TAKE_BACK, [user_id, car_id, MOVED_BACK_WITHIN]).rowcount and (
        count(connection, user_id) > MAX_CARS
    ):
        raise refused(ErrorCode.CAR_LIMIT_REACHED, max_cars=MAX_CARS)


def _to_json(question: Question) -> dict[str, Any]:
    return {
        "otherCar": str(question.other),
        "counter": question.counter,
        "before": question.before,
        "after": question.after,
        "onDate": question.on_date.isoformat(),
    }
