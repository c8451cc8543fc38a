"""Decide which car a log belongs to, by its ECU profile and its counters. Pure: readings in, decisions out.

Two counters tell cars apart: `FAP life`, the kilometres driven with the filter, and `FAPAdditiveVol`. Neither falls
unless maintenance resets it, and the first cannot rise faster than a car drives. A log fits a car if it contradicts
neither the log before it nor the log after it, in the order in which they were driven.
"""

from collections import Counter as Tally
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from math import inf
from typing import Final, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from faplog.contracts.notes import Kind

TOLERANCE_KM: Final = 50.0
"""How far `FAP life` may fall: counters of two ECUs of the same car may lag behind each other."""

TOLERANCE_ML: Final = 10.0
"""How far `FAPAdditiveVol` may fall, for rounding."""

MAX_KM_AT_ONCE: Final = 1_500.0
MAX_KM_PER_DAY: Final = 500.0
"""How far a car is driven between two logs at most: once a long day's journey, and so much for each day between."""

SAVED_KM: Final = 5.0
"""From how many kilometres fewer between logs on two cars exchange logs."""

MAX_EXCHANGES: Final = 30
"""How often two cars exchange logs at most when all are distributed anew."""

SAME_MEAN_KM: Final = 30.0
"""How far the mean of the last ten regenerations may be apart in logs of one car that are close in time."""

OTHER_MEAN_KM: Final = 60.0
"""From where on such a mean is that of another car."""

MEAN_HOLDS: Final = timedelta(days=30)
"""How long that mean tells cars apart: each regeneration changes it."""

MAX_GUESSED: Final = 10
"""How many cars that wait for confirmation a user has at most; beyond them a log goes to the car it fits best."""

NO_TIME: Final = datetime.fromisoformat("9999-12-31")
"""The time used for a log without one; it sorts after all others."""

Key = TypeVar("Key")


class Counter(StrEnum):
    """A counter that tells cars apart."""

    LIFE = "life"
    ADDITIVE = "additive"


RESET_BY: Final[Mapping[Counter, frozenset[Kind]]] = {
    Counter.LIFE: frozenset({Kind.FILTER_REPLACED, Kind.FILTER_CLEANED, Kind.SOFTWARE}),
    Counter.ADDITIVE: frozenset({Kind.ADDITIVE_REFILLED, Kind.SOFTWARE}),
}
"""The maintenance after which a counter may begin anew."""


class Reset(NamedTuple):
    """Maintenance that was done to a car."""

    on_date: date
    kind: Kind


@dataclass(frozen=True, slots=True)
class Reading:
    """The profile and the counters of one log. `at` is its beginning by the car's clock; None if it has no date."""

    id: UUID
    at: datetime | None
    profile: str | None = None
    life_km: float | None = None
    additive_ml: float | None = None
    car_id: UUID | None = None
    """The car that it belongs to so far."""
    chosen: bool = False
    """Whether a person said so."""
    mean_regen_km: float | None = None
    """The mean distance between its last ten regenerations, by the engine control unit."""
    distance_km: float | None = None
    """How far the car was driven in it: `life_km` is read at its end."""

    @property
    def is_counted(self) -> bool:
        """Whether it has a date and a counter by which its car can be found."""
        return self.at is not None and (self.life_km is not None or self.additive_ml is not None)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two logs that are not of the same car, unless the counter that `fell` was reset."""

    counter: Counter
    fell: bool
    before: Reading
    after: Reading


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A car as one log sees it: of each counter the last reading before the log and the first one after it."""

    car_id: UUID
    profile: str | None
    around: Sequence[Reading]
    """At most two readings of each counter. A car without counters has any of its logs, an empty car has none."""
    resets: Sequence[Reset] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Another car, or maintenance of `other`? A counter fell between the logs `before` and `after`."""

    other: UUID
    counter: Counter
    before: float
    after: float
    on_date: date


class Misfit(NamedTuple):
    """No car fits a log."""

    nearest: UUID | None
    """The car to fall back on if no more cars can be added."""


@dataclass(eq=False, slots=True)
class Group:
    """The logs of one car, as `regroup` found them. `car_id` is None for a car that is not there yet."""

    car_id: UUID | None
    profile: str | None = None
    logs: list[Reading] = field(default_factory=list)
    question: Question | None = None
    guesses: set[UUID] = field(default_factory=set)
    """Those of its logs that may as well be of another car."""


_Counted: TypeAlias = Mapping[Counter, Reading]
"""Of each counter the reading next to a place."""


def contradiction(before: Reading, after: Reading, resets: Iterable[Reset] = ()) -> Contradiction | None:
    """Return why two logs, the first driven before the second, cannot be of the same car; None if they can.

    Args:
        before: The earlier log.
        after: The later log.
        resets: The maintenance of the car, which explains a counter that fell between them.
    """
    if before.at is None or after.at is None:
        return None
    kinds = {reset.kind for reset in resets if before.at.date() <= reset.on_date <= after.at.date()}
    if before.life_km is not None and after.life_km is not None and not kinds & RESET_BY[Counter.LIFE]:
        driven_km = after.life_km - before.life_km
        days = (after.at - before.at).total_seconds() / 86_400
        if driven_km < -TOLERANCE_KM:
            return Contradiction(Counter.LIFE, True, before, after)
        if driven_km > MAX_KM_AT_ONCE + MAX_KM_PER_DAY * days:
            return Contradiction(Counter.LIFE, False, before, after)
    if before.additive_ml is None or after.additive_ml is None or kinds & RESET_BY[Counter.ADDITIVE]:
        return None
    if after.additive_ml < before.additive_ml - TOLERANCE_ML:
        return Contradiction(Counter.ADDITIVE, True, before, after)
    return None


def choose_car(log: Reading, cars: Sequence[Neighbours]) -> UUID | Misfit:
    """Return the car that fits a log best, or that none does.

    A car fits better the nearer its counter is; then, without counters, the nearer its logs are in time. A car without
    logs is taken before a new one is guessed.
    """
    possible = [car for car in cars if same_profile(log.profile, car.profile)]
    used = [car for car in possible if car.around]
    fitting = [car for car in used if _first_contradiction(log, car) is None]
    fitting = fitting or [car for car in used if _fits_one_side(log, car)]
    if not log.is_counted:
        same = told_apart(log, [(car, car.around) for car in fitting])
        fitting = fitting if same is None else [same]
    if fitting:
        return min(fitting, key=lambda car: (_distance(log, car.around), car.profile is None, str(car.car_id))).car_id
    empty = next((car for car in possible if not car.around), None)
    if empty is not None:
        return empty.car_id
    nearest = min(used, key=lambda car: (_distance(log, car.around), str(car.car_id)), default=None)
    return Misfit(nearest.car_id if nearest else None)


def is_tangled(log: Reading, car_id: UUID, cars: Sequence[Neighbours]) -> bool:
    """Return whether two cars may exchange logs if all are distributed anew (`regroup`).

    Args:
        log: A log that has come.
        car_id: The car that it goes to (`choose_car`).
        cars: All cars as the log sees them.
    """
    own = next(car for car in cars if car.car_id == car_id)
    before, after = _around(log, own)
    counted = _counters(log)
    for other in cars:
        if other is not own and other.around and same_profile(own.profile, other.profile):
            theirs_before, theirs_after = _around(log, other)
            if (
                _saved_km((before, theirs_before), ({**after, **counted}, theirs_after)) > SAVED_KM
                or _saved_km(({**before, **counted}, theirs_before), (after, theirs_after)) > SAVED_KM
            ):
                return True
    return False


def _around(log: Reading, car: Neighbours) -> tuple[_Counted, _Counted]:
    """Return of each counter the last reading before a log and the first one after it."""
    before: dict[Counter, Reading] = {}
    after: dict[Counter, Reading] = {}
    for other in sorted(car.around, key=_order):
        if _is_before(log, other):
            after = {**_counters(other), **after}
        else:
            before.update(_counters(other))
    return before, after


def is_guess(log: Reading, cars: Sequence[Neighbours]) -> bool:
    """Return whether nothing but the time tells which of several cars a log belongs to (`choose_car`)."""
    possible = [(car, car.around) for car in cars if car.around and same_profile(log.profile, car.profile)]
    return not log.is_counted and len(possible) > 1 and told_apart(log, possible) is None


def told_apart(log: Reading, cars: Sequence[tuple[Key, Sequence[Reading]]]) -> Key | None:
    """Return the one of several cars that a log without counters belongs to, or None if that cannot be told.

    The engine control unit keeps the mean distance of the last ten regenerations. It tells cars apart where it is known
    of all of them at that time, like that of the log in one, and clearly different in the others.

    Args:
        log: The log.
        cars: The cars that it may be of, and logs of each.
    """
    if log.mean_regen_km is None or log.at is None:
        return None
    off_km = []
    for key, logs in cars:
        near = _nearest_mean(log.at, logs)
        if near is None:
            return None
        off_km.append((abs(near - log.mean_regen_km), key))
    off_km.sort(key=lambda one: one[0])
    if not off_km or off_km[0][0] > SAME_MEAN_KM or any(off < OTHER_MEAN_KM for off, _ in off_km[1:]):
        return None
    return off_km[0][1]


def _nearest_mean(at: datetime, logs: Iterable[Reading]) -> float | None:
    known = [
        (abs(log.at - at), log.mean_regen_km)
        for log in logs
        if log.at is not None and log.mean_regen_km is not None and abs(log.at - at) <= MEAN_HOLDS
    ]
    return min(known)[1] if known else None


def regroup(
    logs: Iterable[Reading],
    cars: Mapping[UUID, Sequence[Reset]],
    profiles: Mapping[UUID, str | None] | None = None,
) -> list[Group]:
    """Distribute all logs of a user over cars, so that no two neighbours contradict each other.

    Logs whose car was chosen stay there, whatever their counters say. Of the others each goes, in the order in which
    they were driven, to the group whose last counter is nearest; then groups that took each other's logs are untangled
    (`_untangle`). Logs without counters go to the group that is told apart (`told_apart`), else stay where they are, or
    go to the group that is nearest in time.

    Args:
        logs: All logs of the user.
        cars: The cars, and their maintenance. A car without logs is used before a new one is guessed.
        profiles: The profiles of the cars that have one. Others take that of their first log with a profile.

    Returns:
        The groups of all these cars, some of them empty, and of the cars to be added.
    """
    ordered = sorted(logs, key=_order)
    groups = {car_id: Group(car_id, (profiles or {}).get(car_id)) for car_id in cars}
    added: list[Group] = []
    unused = {*cars} - {log.car_id for log in ordered}
    last: dict[int, list[Reading]] = {}
    uncounted = []
    for log in ordered:
        own = groups.get(log.car_id) if log.car_id else None
        if own is not None and log.chosen:
            group = own
        elif not log.is_counted:
            uncounted.append(log)
            continue
        else:
            every = [*groups.values(), *added]
            group = _group_for(log, own, every, unused, cars, last) or Group(None)
            if group.car_id is None and group not in added:
                added.append(group)
        _append(group, log, last)
        if group.car_id is not None:
            unused.discard(group.car_id)
    every = [*groups.values(), *added]
    _untangle(every, cars)
    _keep_cars(every, cars)
    added = [group for group in added if group.logs]
    every = [*groups.values(), *added]
    settled = [group for group in every if group.logs]
    for log in uncounted:
        if (placed := _place_uncounted(log, groups, every, settled)) not in every:
            added.append(placed)
            every.append(placed)
    for group in added:
        group.question = _question_of(group, every, cars)
    return every


def same_profile(one: str | None, other: str | None) -> bool:
    """Return whether two profiles may be of the same car. One that is not known may be any."""
    return one is None or other is None or one == other


def _first_contradiction(log: Reading, car: Neighbours) -> Contradiction | None:
    """Return how a log contradicts its neighbours in a car; a counter that fell comes first."""
    return min([*_against_earlier(log, car), *_against_later(log, car)], key=lambda one: not one.fell, default=None)


def _fits_one_side(log: Reading, car: Neighbours) -> bool:
    """Return whether a log fits one of two neighbours that contradict each other: a person put them together."""
    earlier = [other for other in car.around if not _is_before(log, other)]
    later = [other for other in car.around if _is_before(log, other)]
    is_torn = any(contradiction(before, after, car.resets) for before in earlier for after in later)
    return is_torn and not (_against_earlier(log, car) and _against_later(log, car))


def _against_earlier(log: Reading, car: Neighbours) -> list[Contradiction]:
    earlier = [other for other in car.around if not _is_before(log, other)]
    return [found for other in earlier if (found := contradiction(other, log, car.resets))]


def _against_later(log: Reading, car: Neighbours) -> list[Contradiction]:
    later = [other for other in car.around if _is_before(log, other)]
    return [found for other in later if (found := contradiction(log, other, car.resets))]


def _order(log: Reading) -> tuple[datetime, UUID]:
    """Return what logs are sorted by: the time at which they were driven."""
    return log.at or NO_TIME, log.id


def _is_before(log: Reading, other: Reading) -> bool:
    return log.at is not None and other.at is not None and (log.at, log.id) < (other.at, other.id)


def _distance(log: Reading, others: Iterable[Reading]) -> tuple[bool, float]:
    """Return how far a log is from others: in kilometres where they have the counter, else behind those, in time."""
    others = list(others)
    gaps = [
        _driven_km(log, other) if _is_before(log, other) else _driven_km(other, log)
        for other in others
        if log.life_km is not None and other.life_km is not None
    ]
    if gaps:
        return False, min(gaps)
    apart = [abs((log.at - other.at).total_seconds()) for other in others if log.at and other.at]
    return True, min(apart, default=inf)


def _question(car_id: UUID, found: Contradiction) -> Question | None:
    """Return the question that a contradiction with the only car raises: only a counter that fell can be a reset."""
    if not found.fell or found.after.at is None:
        return None
    before, after = (_counter_value(reading, found.counter) for reading in (found.before, found.after))
    return Question(car_id, found.counter, before, after, found.after.at.date())


def _counter_value(reading: Reading, counter: Counter) -> float:
    return (reading.life_km if counter is Counter.LIFE else reading.additive_ml) or 0.0


def _group_for(
    log: Reading,
    own: Group | None,
    groups: Sequence[Group],
    unused: Collection[UUID],
    cars: Mapping[UUID, Sequence[Reset]],
    last: Mapping[int, Sequence[Reading]],
) -> Group | None:
    """Return the group that a log continues, or None if it begins a new one."""
    possible = [group for group in groups if same_profile(log.profile, group.profile)]
    fitting = [
        group
        for group in possible
        if (readings := last.get(id(group)))
        and not any(contradiction(reading, log, _resets(group, cars)) for reading in readings)
    ]
    if fitting:
        return min(fitting, key=lambda group: (_distance(log, last[id(group)]), group is not own))
    if own is not None and not own.logs:
        return own
    return next((group for group in possible if group.car_id in unused), None)


def _append(group: Group, log: Reading, last: dict[int, list[Reading]]) -> None:
    """Add a log to a group. `last` keeps of each counter the last reading of a group."""
    group.logs.append(log)
    group.profile = group.profile or log.profile
    readings = last.setdefault(id(group), [])
    if log.life_km is not None or log.additive_ml is not None:
        readings[:] = [
            old
            for old in readings
            if (old.life_km is not None and log.life_km is None)
            or (old.additive_ml is not None and log.additive_ml is None)
        ]
        readings.append(log)


def _untangle(groups: Sequence[Group], cars: Mapping[UUID, Sequence[Reset]]) -> None:
    """Exchange logs between groups of the same profile where that leaves fewer kilometres that are in no log.

    The first log of a car continues the counter of another one as long as there are no more of it.
    """
    for one, other in combinations([group for group in groups if group.logs], 2):
        if same_profile(one.profile, other.profile):
            dates = [reset.on_date for group in (one, other) for reset in _resets(group, cars)]
            for _ in range(MAX_EXCHANGES):
                if not _exchange(one, other, dates):
                    break


def _exchange(one: Group, other: Group, resets: Sequence[date]) -> bool:
    """Exchange what two groups have after one moment, or before it. Return whether that made them better.

    What was chosen stays where it is, and so does what lies around the dates of maintenance that resets a counter.
    """
    logs = sorted([(log, 0) for log in one.logs] + [(log, 1) for log in other.logs], key=lambda pair: _order(pair[0]))
    chosen = [place for place, (log, _) in enumerate(logs) if log.chosen]
    later: list[tuple[_Counted, _Counted]] = []
    seen: tuple[_Counted, _Counted] = ({}, {})
    for log, number in reversed(logs):
        seen = _seen(seen, number, log)
        later.append(seen)
    later.reverse()
    best_km, best = SAVED_KM, None
    seen = ({}, {})
    for place, (log, number) in enumerate(logs):
        saved_km = _saved_km(seen, later[place])
        if saved_km > best_km and log.at is not None:
            day = log.at.date()
            from_here = all(before < place for before in chosen) and all(on < day for on in resets)
            until_here = all(after >= place for after in chosen) and all(on > day for on in resets)
            if from_here or until_here:
                best_km, best = saved_km, (place, from_here and not (until_here and place < len(logs) / 2))
        seen = _seen(seen, number, log)
    if best is None:
        return False
    place, from_here = best
    moved = [number ^ ((at >= place) is from_here) for at, (_, number) in enumerate(logs)]
    one.logs = [log for (log, _), number in zip(logs, moved, strict=True) if not number]
    other.logs = [log for (log, _), number in zip(logs, moved, strict=True) if number]
    return True


def _seen(counted: tuple[_Counted, _Counted], number: int, log: Reading) -> tuple[_Counted, _Counted]:
    """Return the readings next to a place of two groups, with a log that is the next one of one of them."""
    own = {**counted[number], **_counters(log)}
    return (own, counted[1]) if number == 0 else (counted[0], own)


def _counters(log: Reading) -> dict[Counter, Reading]:
    """Return the counters that a log has."""
    counters = {Counter.LIFE: log.life_km, Counter.ADDITIVE: log.additive_ml}
    return {counter: log for counter, value in counters.items() if value is not None}


def _saved_km(before: tuple[_Counted, _Counted], after: tuple[_Counted, _Counted]) -> float:
    """Return how many kilometres fewer are in no log if two cars exchange what follows.

    Minus infinity if they are not fewer, if the cars cannot, or if readings contradict each other already.
    """
    straight = [(before[0], after[0]), (before[1], after[1])]
    crossed = [(before[0], after[1]), (before[1], after[0])]
    saved_km = sum(_gap_km(*pair) for pair in straight) - sum(_gap_km(*pair) for pair in crossed)
    if saved_km <= SAVED_KM:
        return -inf
    return -inf if any(_is_torn(*pair) for pair in [*straight, *crossed]) else saved_km


def _gap_km(before: _Counted, after: _Counted) -> float:
    """Return the kilometres between two logs that are in neither, 0 if that is not known."""
    one, other = before.get(Counter.LIFE), after.get(Counter.LIFE)
    return 0.0 if one is None or other is None else _driven_km(one, other)


def _is_torn(before: _Counted, after: _Counted) -> bool:
    """Return whether readings contradict each other, though maintenance may explain it."""
    return any(contradiction(one, other) for one in before.values() for other in after.values())


def _driven_km(before: Reading, after: Reading) -> float:
    """Return how far a car was driven between two logs, by `FAP life`; for a counter that lags, how far it lags."""
    assert before.life_km is not None
    assert after.life_km is not None
    return abs(after.life_km - (after.distance_km or 0.0) - before.life_km)


def _keep_cars(groups: Sequence[Group], cars: Mapping[UUID, Sequence[Reset]]) -> None:
    """Swap the logs of groups until no two of them would leave more logs with the car that they had.

    A car whose logs were chosen, or whose counters were reset, keeps the group that it has.
    """
    free = [group for group in groups if not _resets(group, cars) and not any(log.chosen for log in group.logs)]
    had = {id(group): Tally(log.car_id for log in group.logs if log.car_id) for group in free}
    pairs = list(combinations(free, 2))
    while sum(_swap(one, other, had) for one, other in pairs):
        pass


def _swap(one: Group, other: Group, had: dict[int, Tally[UUID]]) -> bool:
    """Swap the logs of two groups if more of them then keep their car. Return whether they were swapped."""
    mine, others = had[id(one)], had[id(other)]
    kept = sum(logs[group.car_id] for logs, group in ((mine, one), (others, other)) if group.car_id)
    swapped = sum(logs[group.car_id] for logs, group in ((mine, other), (others, one)) if group.car_id)
    if swapped <= kept or not same_profile(one.profile, other.profile):
        return False
    one.logs, other.logs = other.logs, one.logs
    had[id(one)], had[id(other)] = others, mine
    return True


def _place_uncounted(
    log: Reading, groups: Mapping[UUID, Group], every: Sequence[Group], settled: Sequence[Group]
) -> Group:
    """Put a log without counters where it is told apart, where it was, or where the nearest log is.

    Args:
        log: The log.
        groups: The groups of the cars that are there.
        every: All groups.
        settled: Those that have logs with counters, or whose car was chosen.

    Returns:
        Its group, which may be a new one.
    """
    own = groups.get(log.car_id) if log.car_id else None
    possible = [group for group in every if same_profile(log.profile, group.profile)]
    candidates = [group for group in settled if group in possible]
    same = told_apart(log, [(group, group.logs) for group in candidates])
    if same is not None:
        group = same
    elif own is not None and own in possible:
        group = own
    elif possible:
        group = min(possible, key=lambda group: _distance(log, group.logs))
    else:
        group = Group(None)
    if same is None and any(candidate is not group for candidate in candidates):
        group.guesses.add(log.id)
    group.logs.append(log)
    group.profile = group.profile or log.profile
    return group


def _question_of(added: Group, groups: Sequence[Group], cars: Mapping[UUID, Sequence[Reset]]) -> Question | None:
    """Return the question about a group to be added, if there is only one other with its profile."""
    others = [one for one in groups if one is not added and one.logs and same_profile(added.profile, one.profile)]
    if len(others) != 1 or (car_id := others[0].car_id) is None:
        return None
    (other,) = others
    counted = [log for log in added.logs if log.at and (log.life_km is not None or log.additive_ml is not None)]
    if not counted:
        return None
    seen = []
    for log in (counted[0], counted[-1]):
        earlier = [one for one in other.logs if _is_before(one, log)]
        later = [one for one in other.logs if _is_before(log, one)]
        neighbours = [*_last_counted(earlier), *_last_counted(reversed(later))]
        seen.append((log, Neighbours(car_id, other.profile, neighbours, cars[car_id])))
    return question_about(seen)


def question_about(ends: Iterable[tuple[Reading, Neighbours]]) -> Question | None:
    """Return the question about a guessed car: whether a counter fell between it and another one, and when.

    Args:
        ends: The first and the last log with a counter of the guessed car, each with the other car as it sees it.
    """
    asked = []
    for log, other in ends:
        found = _first_contradiction(log, other)
        if found is not None and (question := _question(other.car_id, found)) and found.before.at and found.after.at:
            asked.append((found.after.at - found.before.at, question))
    return min(asked, key=lambda one: one[0])[1] if asked else None


def _last_counted(logs: Iterable[Reading]) -> list[Reading]:
    """Return the last log of each counter, the logs being in the order in which they were driven."""
    found: dict[Counter, Reading] = {}
    for log in logs:
        if log.life_km is not None:
            found[Counter.LIFE] = log
        if log.additive_ml is not None:
            found[Counter.ADDITIVE] = log
    return list(found.values())


def _resets(group: Group, cars: Mapping[UUID, Sequence[Reset]]) -> Sequence[Reset]:
    return cars.get(group.car_id, ()) if group.car_id else ()
