"""Which car each log belongs to: decided when a log is analysed or restored, and changed by its owner.

Everything here needs `db.lock_user`. Call it after `update_superseded` and before `mark_stale_averages`. Versions of
the same file belong to the same car.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from faplog.contracts.notes import Kind
from faplog.contracts.profiles import profile_of

from ..db import Conn
from ..stored_values import number, value_at
from . import garage
from .assignment import (
    MAX_GUESSED,
    NO_TIME,
    Group,
    Misfit,
    Neighbours,
    Question,
    Reading,
    Reset,
    choose_car,
    is_guess,
    is_tangled,
    question_about,
    regroup,
)

MAX_COUNTER: Final = 10_000_000.0
"""A larger counter is nonsense and is ignored."""

_LOG: Final = """
    SELECT log.id, log.file_name, log.driven_at, log.life_km, log.additive_ml, log.mean_regen_km, log.distance,
        log.superseded_by, log.car_guessed, car.id AS car_id, car.profile AS car_profile,
        EXISTS (
            SELECT FROM fap_analysis AS older
            WHERE older.superseded_by = log.id AND older.user_id = log.user_id AND older.deleted_at IS NULL
        ) AS has_earlier_versions,
        EXISTS (
            SELECT FROM car AS asked
            WHERE asked.user_id = log.user_id AND asked.question IS NOT NULL AND asked.deleted_at IS NULL
        ) AS is_question_open
    FROM fap_analysis AS log
    LEFT JOIN car ON car.user_id = log.user_id AND car.id = log.car_id AND car.deleted_at IS NULL
    WHERE log.id = %(id)s AND log.user_id = %(user_id)s AND log.status = 'Success' AND log.deleted_at IS NULL
"""
_CAR_OF_VERSIONS: Final = """
    SELECT car.id FROM fap_analysis AS other
    JOIN car ON car.user_id = other.user_id AND car.id = other.car_id AND car.deleted_at IS NULL
    WHERE other.user_id = %(user_id)s AND other.id <> %(id)s AND other.deleted_at IS NULL
        AND (other.id = %(superseded_by)s OR other.superseded_by = %(superseded_by)s OR other.superseded_by = %(id)s)
    ORDER BY other.superseded_by IS NULL DESC, other.created_at, other.id LIMIT 1
"""
# Of each car the last reading before the log and the first one after it: of either counter, and of any log.
NEIGHBOURS: Final = """
    SELECT car.id AS car_id, car.profile, car.unsorted, around.id, around.driven_at, around.life_km, around.additive_ml,
        around.mean_regen_km, around.distance
    FROM car LEFT JOIN LATERAL (
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND life_km IS NOT NULL
            AND driven_at <= %(at)s AND id <> %(id)s ORDER BY driven_at DESC LIMIT 1)
        UNION
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND life_km IS NOT NULL
            AND driven_at > %(at)s AND id <> %(id)s ORDER BY driven_at LIMIT 1)
        UNION
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND additive_ml IS NOT NULL
            AND driven_at <= %(at)s AND id <> %(id)s ORDER BY driven_at DESC LIMIT 1)
        UNION
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND additive_ml IS NOT NULL
            AND driven_at > %(at)s AND id <> %(id)s ORDER BY driven_at LIMIT 1)
        UNION
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND analysis IS NOT NULL
            AND driven_at <= %(at)s AND id <> %(id)s ORDER BY driven_at DESC LIMIT 1)
        UNION
        (SELECT id, driven_at, life_km, additive_ml, mean_regen_km, distance FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND analysis IS NOT NULL
            AND driven_at > %(at)s AND id <> %(id)s ORDER BY driven_at LIMIT 1)
    ) AS around ON true
    WHERE car.user_id = %(user_id)s AND car.deleted_at IS NULL
    ORDER BY car.created_at, car.id, around.driven_at, around.id
"""
_CARS: Final = """
    SELECT id, profile, guessed FROM car WHERE user_id = %s AND deleted_at IS NULL ORDER BY created_at, id
"""
_RESETS: Final = "SELECT car_id, on_date, kind FROM note WHERE user_id = %s AND done"
_LOGS: Final = """
    SELECT id, file_name, driven_at, life_km, additive_ml, mean_regen_km, distance, car_id, car_chosen FROM fap_analysis
    WHERE user_id = %s AND deleted_at IS NULL AND superseded_by IS NULL AND analysis IS NOT NULL
"""
_ASSIGN: Final = """
    UPDATE fap_analysis AS log SET car_id = decided.car_id
    FROM unnest(%(logs)s::uuid[], %(cars)s::uuid[]) AS decided (id, car_id)
    WHERE log.id = decided.id AND log.user_id = %(user_id)s AND log.car_id IS DISTINCT FROM decided.car_id
"""
_ASSIGN_ONE: Final = """
    UPDATE fap_analysis SET car_id = %(car)s, car_guessed = coalesce(%(guessed)s, car_guessed)
    WHERE id = %(id)s AND user_id = %(user_id)s
"""
_SET_GUESSED: Final = """
    UPDATE fap_analysis AS log SET car_guessed = decided.guessed
    FROM unnest(%(logs)s::uuid[], %(guessed)s::boolean[]) AS decided (id, guessed)
    WHERE log.id = decided.id AND log.user_id = %(user_id)s AND log.car_guessed <> decided.guessed
"""
# Each newer version is looked up by its id: joined, the two sides have been compared pair by pair where the table had
# no statistics yet, which took minutes for 10,000 logs.
_ALIGN_VERSIONS: Final = """
    WITH aligned AS MATERIALIZED (
        SELECT older.id, newer.car_id
        FROM fap_analysis AS older, LATERAL (
            SELECT car_id FROM fap_analysis AS one
            WHERE one.id = older.superseded_by AND one.user_id = older.user_id AND one.deleted_at IS NULL LIMIT 1
        ) AS newer
        WHERE older.user_id = %(user_id)s AND older.superseded_by IS NOT NULL AND older.deleted_at IS NULL
            AND older.car_id IS DISTINCT FROM newer.car_id
            AND (%(id)s::uuid IS NULL OR older.superseded_by = %(id)s)
    )
    UPDATE fap_analysis AS log SET car_id = aligned.car_id
    FROM aligned WHERE log.id = aligned.id AND log.user_id = %(user_id)s
"""
_SET_PROFILES: Final = """
    UPDATE car SET profile = found.profile
    FROM unnest(%(cars)s::uuid[], %(profiles)s::text[]) AS found (id, profile)
    WHERE car.id = found.id AND car.user_id = %(user_id)s AND car.profile IS NULL AND found.profile IS NOT NULL
"""
_MARK_SORTED: Final = "UPDATE car SET unsorted = false WHERE user_id = %s AND unsorted"
_MOVE: Final = """
    WITH moved AS (
        SELECT id, superseded_by FROM fap_analysis WHERE id = ANY(%(logs)s) AND user_id = %(user_id)s
    )
    UPDATE fap_analysis AS log SET car_id = %(car)s, car_chosen = true, car_guessed = false
    WHERE log.user_id = %(user_id)s AND (
        log.id IN (SELECT id FROM moved) OR log.id IN (SELECT superseded_by FROM moved)
        OR log.superseded_by IN (SELECT id FROM moved) OR log.superseded_by IN (SELECT superseded_by FROM moved))
"""
_PROFILES_OF: Final = "SELECT file_name FROM fap_analysis WHERE user_id = %s AND id = ANY(%s)"
_RESTORE_CARS: Final = """
    UPDATE car SET deleted_at = NULL
    WHERE user_id = %(user_id)s AND deleted_at IS NOT NULL
        AND id IN (SELECT car_id FROM fap_analysis WHERE user_id = %(user_id)s AND id = ANY(%(logs)s))
"""
_CARLESS: Final = """
    SELECT id FROM fap_analysis
    WHERE user_id = %s AND car_id IS NULL AND status = 'Success' AND deleted_at IS NULL
    ORDER BY driven_at, id
"""
_ENDS_OF_ASKED: Final = """
    SELECT car.id AS asked, (car.question ->> 'otherCar')::uuid AS other, log.id, log.driven_at, log.life_km,
        log.additive_ml, log.mean_regen_km, log.distance
    FROM car CROSS JOIN LATERAL (
        (SELECT * FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND driven_at IS NOT NULL
            AND (life_km IS NOT NULL OR additive_ml IS NOT NULL) ORDER BY driven_at LIMIT 1)
        UNION ALL
        (SELECT * FROM fap_analysis
         WHERE user_id = car.user_id AND car_id = car.id AND deleted_at IS NULL AND driven_at IS NOT NULL
            AND (life_km IS NOT NULL OR additive_ml IS NOT NULL) ORDER BY driven_at DESC LIMIT 1)
    ) AS log
    WHERE car.user_id = %s AND car.question IS NOT NULL AND car.deleted_at IS NULL
    ORDER BY car.id, log.driven_at
"""
_UNSORTED_USERS: Final = """
    SELECT user_id FROM car WHERE unsorted
    UNION SELECT user_id FROM fap_analysis WHERE car_id IS NULL AND status = 'Success' AND deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class _Choice:
    """The car that a log is given to."""

    car_id: UUID
    guessed: bool | None = None
    """Whether it is marked as a guess; None leaves the mark of the log as it is."""


@dataclass(frozen=True, slots=True)
class _Effect:
    """What has to be looked at again once a log has its car."""

    moved_logs: bool
    """Whether other logs may have been moved with it, so that a guessed car may have lost its last one."""
    touches_questions: bool
    """Whether the user has open questions, or may have new ones."""


_ANY_EFFECT: Final = _Effect(moved_logs=True, touches_questions=True)


def counter_columns(
    log_date: datetime | None, drive_start: datetime | None, analysis: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the values of the columns by which a log's car is found; those of an analysis without them are None.

    Args:
        log_date: The day of the log.
        drive_start: The beginning of its first drive by the car's clock, which is more exact.
        analysis: The analysis; it may be of any version, or malformed.
    """
    day = log_date.replace(tzinfo=None) if log_date else None
    return {
        "life_km": _counter(analysis, "life", "life_km"),
        "additive_ml": _counter(analysis, "additive", "vol_ml"),
        "mean_regen_km": _counter(analysis, "last10Regen_km"),
        "driven_at": drive_start or day,
    }


def assign(connection: Conn, user_id: UUID, logs: Sequence[UUID]) -> None:
    """Decide which car analysed logs belong to. One that has a car keeps it."""
    effects = [_assign_log(connection, user_id, analysis_id) for analysis_id in logs]
    if any(effect.moved_logs for effect in effects):
        garage.remove_abandoned(connection, user_id)
    if any(effect.touches_questions for effect in effects):
        _renew_questions(connection, user_id)


def move(connection: Conn, user_id: UUID, logs: Sequence[UUID], car_id: UUID) -> None:
    """Move logs, and other versions of the same files, to a car of this user, because a person said so."""
    values = {"user_id": user_id, "logs": list(logs), "car": car_id}
    connection.execute(_MOVE, values)
    rows = connection.execute(_PROFILES_OF, [user_id, list(logs)]).fetchall()
    profile = next((found for row in rows if (found := profile_of(row["file_name"]))), None)
    _set_profiles(connection, user_id, {car_id: profile} if profile else {})
    garage.set_abandoned_aside(connection, user_id)
    _renew_questions(connection, user_id)


def restore_cars(connection: Conn, user_id: UUID, logs: Sequence[UUID]) -> None:
    """Restore the deleted cars of restored logs, without their other logs."""
    connection.execute(_RESTORE_CARS, {"user_id": user_id, "logs": list(logs)})


def sort_logs(connection: Conn, user_id: UUID) -> bool:
    """Distribute the logs of a user over cars anew (`assignment.regroup`).

    Returns:
        False if that would take too many new cars; then no log was moved.
    """
    cars = connection.execute(_CARS, [user_id]).fetchall()
    resets = _resets(connection, user_id)
    live = {row["id"] for row in cars}
    logs = [_reading(row, live) for row in connection.execute(_LOGS, [user_id]).fetchall()]
    profiles = {row["id"]: row["profile"] for row in cars}
    groups = regroup(logs, {car_id: resets[car_id] for car_id in profiles}, profiles)
    connection.execute(_MARK_SORTED, [user_id])
    added = [group for group in groups if group.car_id is None]
    if len(added) + sum(row["guessed"] for row in cars) > MAX_GUESSED or len(added) + len(cars) > garage.MAX_CARS:
        return False
    _create_groups(connection, user_id, groups, first=not cars)
    decided = [(log.id, group.car_id) for group in groups for log in group.logs if log.car_id != group.car_id]
    values = {"user_id": user_id, "logs": [log for log, _ in decided], "cars": [car for _, car in decided], "id": None}
    connection.execute(_ASSIGN, values)
    _set_guessed(
        connection,
        user_id,
        [log.id for log in logs if not log.chosen],
        [guess for group in groups for guess in group.guesses],
    )
    connection.execute(_ALIGN_VERSIONS, values)
    profiles = {group.car_id: group.profile for group in groups if group.car_id and group.profile}
    _set_profiles(connection, user_id, profiles)
    garage.remove_abandoned(connection, user_id)
    return True


def sort_all(connection: Conn, user_id: UUID) -> None:
    """Distribute the logs of a user over cars, and give every analysed log a car."""
    sort_logs(connection, user_id)
    assign(connection, user_id, [row["id"] for row in connection.execute(_CARLESS, [user_id]).fetchall()])


def unsorted_users(connection: Conn) -> list[UUID]:
    """Return the users whose logs are to be distributed over cars, after an upgrade."""
    return [row["user_id"] for row in connection.execute(_UNSORTED_USERS).fetchall()]


def neighbours(connection: Conn, user_id: UUID, log: Reading) -> tuple[list[Neighbours], bool]:
    """Return the user's cars as a log sees them, and whether one of them is unsorted."""
    values = {"user_id": user_id, "id": log.id, "at": log.at or NO_TIME}
    around: dict[UUID, list[Reading]] = {}
    profiles: dict[UUID, str | None] = {}
    unsorted = False
    for row in connection.execute(NEIGHBOURS, values).fetchall():
        profiles[row["car_id"]] = row["profile"]
        unsorted |= row["unsorted"]
        readings = around.setdefault(row["car_id"], [])
        if row["id"] is not None:
            readings.append(_neighbour(row))
    resets = _resets(connection, user_id)
    return [Neighbours(car, profiles[car], around[car], resets[car]) for car in around], unsorted


def _neighbour(row: Mapping[str, Any]) -> Reading:
    return Reading(
        id=row["id"],
        at=row["driven_at"],
        life_km=row["life_km"],
        additive_ml=row["additive_ml"],
        mean_regen_km=row["mean_regen_km"],
        distance_km=row["distance"],
    )


def _assign_log(connection: Conn, user_id: UUID, analysis_id: UUID) -> _Effect:
    values: dict[str, Any] = {"user_id": user_id, "id": analysis_id}
    row = connection.execute(_LOG, values).fetchone()
    if row is None:
        return _ANY_EFFECT
    profile = profile_of(row["file_name"])
    car_id: UUID | None = row["car_id"]
    log = _reading(row, ())
    if car_id is None:
        choice = _car_of_versions(connection, user_id, row) or _find_car(connection, user_id, log)
        if choice is None:
            return _ANY_EFFECT
        car_id = choice.car_id
        connection.execute(_ASSIGN_ONE, values | {"car": car_id, "guessed": choice.guessed})
    elif log.is_counted and row["car_guessed"]:
        _set_guessed(connection, user_id, [analysis_id], [])
    if profile and row["car_profile"] is None:
        _set_profiles(connection, user_id, {car_id: profile})
    if row["has_earlier_versions"]:
        connection.execute(_ALIGN_VERSIONS, values)
    return _Effect(moved_logs=row["has_earlier_versions"], touches_questions=row["is_question_open"])


def _car_of_versions(connection: Conn, user_id: UUID, log: Mapping[str, Any]) -> _Choice | None:
    """Return the car that other versions of a log belong to."""
    if not log["has_earlier_versions"] and log["superseded_by"] is None:
        return None
    values = {"user_id": user_id, "id": log["id"], "superseded_by": log["superseded_by"]}
    row = connection.execute(_CAR_OF_VERSIONS, values).fetchone()
    return _Choice(row["id"]) if row else None


def _find_car(connection: Conn, user_id: UUID, log: Reading) -> _Choice | None:
    """Return the car that a log without one belongs to, or None if all logs were distributed anew because of it."""
    cars, unsorted = neighbours(connection, user_id, log)
    if unsorted and sort_logs(connection, user_id):
        return None
    chosen = choose_car(log, cars)
    if not isinstance(chosen, Misfit):
        if is_tangled(log, chosen, cars) and sort_logs(connection, user_id):
            return None
        return _Choice(chosen, guessed=is_guess(log, cars))
    if not cars:
        return _Choice(garage.create(connection, user_id, profile=log.profile))
    if sort_logs(connection, user_id):
        return None
    if chosen.nearest is not None:
        return _Choice(chosen.nearest)
    if len(cars) < garage.MAX_CARS:
        return _Choice(garage.create(connection, user_id, profile=log.profile, guessed=True))
    return _Choice(cars[0].car_id)


def _renew_questions(connection: Conn, user_id: UUID) -> None:
    """Bring open questions up to date: a log in between shows more exactly when a counter fell."""
    asked: dict[UUID, list[tuple[Reading, Neighbours]]] = defaultdict(list)
    for row in connection.execute(_ENDS_OF_ASKED, [user_id]).fetchall():
        log = _neighbour(row)
        cars, _ = neighbours(connection, user_id, log)
        asked[row["asked"]] += [(log, car) for car in cars if car.car_id == row["other"]]
    for car_id, ends in asked.items():
        question = question_about(ends)
        if question is not None:
            garage.ask(connection, user_id, car_id, question)


def _set_guessed(connection: Conn, user_id: UUID, logs: Sequence[UUID], guesses: Collection[UUID]) -> None:
    """Mark those of the logs whose car was guessed, and no others of them."""
    wanted = set(guesses)
    values = {"user_id": user_id, "logs": list(logs), "guessed": [log in wanted for log in logs]}
    connection.execute(_SET_GUESSED, values)


def _create_groups(connection: Conn, user_id: UUID, groups: Sequence[Group], *, first: bool) -> None:
    """Create the cars of new groups. The first car of a user is not marked as guessed."""
    for group in groups:
        if group.car_id is None:
            question: Question | None = group.question
            group.car_id = garage.create(
                connection, user_id, profile=group.profile, guessed=not first, question=question
            )
            first = False


def _resets(connection: Conn, user_id: UUID) -> Mapping[UUID, list[Reset]]:
    found: dict[UUID, list[Reset]] = defaultdict(list)
    known = set(Kind)
    for row in connection.execute(_RESETS, [user_id]).fetchall():
        if row["kind"] in known:
            found[row["car_id"]].append(Reset(row["on_date"], Kind(row["kind"])))
    return found


def _set_profiles(connection: Conn, user_id: UUID, profiles: Mapping[UUID, str]) -> None:
    """Write down the profiles of cars whose profile was not known."""
    if profiles:
        values = {"user_id": user_id, "cars": list(profiles), "profiles": list(profiles.values())}
        connection.execute(_SET_PROFILES, values)


def _reading(row: Mapping[str, Any], live: Any) -> Reading:
    return Reading(
        id=row["id"],
        at=row["driven_at"],
        profile=profile_of(row["file_name"]),
        life_km=row["life_km"],
        additive_ml=row["additive_ml"],
        mean_regen_km=row["mean_regen_km"],
        distance_km=row["distance"],
        car_id=row["car_id"] if row["car_id"] in live else None,
        chosen=row.get("car_chosen", False),
    )


def _counter(analysis: Mapping[str, Any] | None, *path: str) -> float | None:
    """Return a counter of an analysis, or None where it has none or nonsense."""
    value = number(value_at(analysis, "fap", *path))
    return value if value is not None and 0 <= value < MAX_COUNTER else None
