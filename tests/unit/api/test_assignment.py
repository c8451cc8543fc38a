"""Which car a log belongs to: profiles, counters that fall or jump, maintenance, and any order of arrival."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import md5
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.notes import Kind
from functions.api.cars.assignment import (
    Counter,
    Group,
    Misfit,
    Neighbours,
    Question,
    Reading,
    Reset,
    choose_car,
    contradiction,
    is_guess,
    is_tangled,
    regroup,
    told_apart,
)

START = datetime.fromisoformat("2025-01-01T08:00")
GOLF, DUSTER = UUID(int=101), UUID(int=102)


def reading(
    day: float,
    life_km: float | None = None,
    additive_ml: float | None = None,
    *,
    profile: str | None = "DCM62v2",
    car: UUID | None = None,
    chosen: bool = False,
) -> Reading:
    """Return a log that began so many days after the first of January."""
    at = START + timedelta(days=day)
    number = UUID(bytes=md5(repr((day, life_km, additive_ml, profile)).encode(), usedforsecurity=False).digest())
    return Reading(number, at, profile, life_km, additive_ml, car, chosen)


def car(*logs: Reading, id: UUID = GOLF, profile: str | None = "DCM62v2", resets: Sequence[Reset] = ()) -> Neighbours:
    """Return a car with these logs around the one in question."""
    return Neighbours(id, profile, logs, resets)


def on(day: float) -> date:
    return (START + timedelta(days=day)).date()


# Two logs


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ((0, 1000.0), (1, 1000.0), None),
        ((0, 1000.0), (1, 950.0), None),  # 50 km of tolerance
        ((0, 1000.0), (1, 949.0), (Counter.LIFE, True)),
        ((0, 1000.0), (1, 3000.0), None),  # 1,500 km at once and 500 km a day
        ((0, 1000.0), (1, 3001.0), (Counter.LIFE, False)),
        ((0, 1000.0), (30, 17_500.0), None),
        ((0, 1000.0), (30, 17_501.0), (Counter.LIFE, False)),
        ((0, None), (1, 5.0), None),
        ((0, 5000.0), (1, None), None),
        ((0, 1000.0, 1260.0), (1, 1010.0, 1250.0), None),
        ((0, 1000.0, 1260.0), (1, 1010.0, 1249.0), (Counter.ADDITIVE, True)),
        ((0, 1000.0, 900.0), (1, 1010.0, 1260.0), None),  # it may rise as it likes
    ],
)
def test_what_two_logs_of_one_car_can_say(
    before: tuple[float, ...], after: tuple[float, ...], found: tuple[Counter, bool] | None
) -> None:
    said = contradiction(reading(*before), reading(*after))
    assert (said and (said.counter, said.fell)) == found


def test_a_log_without_a_date_contradicts_none() -> None:
    undated = Reading(UUID(int=1), None, "DCM62v2", 5.0)
    assert contradiction(reading(0, 5000), undated) is None
    assert contradiction(undated, reading(0, 1)) is None


@pytest.mark.parametrize(
    ("kind", "day", "explains"),
    [
        (Kind.FILTER_REPLACED, 5, True),
        (Kind.FILTER_CLEANED, 5, True),
        (Kind.SOFTWARE, 5, True),
        (Kind.FILTER_REPLACED, 0, True),  # on the day of the log itself
        (Kind.FILTER_REPLACED, 10, True),
        (Kind.FILTER_REPLACED, 11, False),
        (Kind.FILTER_REPLACED, -1, False),
        (Kind.OIL_CHANGED, 5, False),
        (Kind.ADDITIVE_REFILLED, 5, False),
    ],
)
def test_maintenance_between_two_logs_explains_a_counter_that_fell(kind: Kind, day: int, explains: bool) -> None:
    said = contradiction(reading(0, 90_000), reading(10, 12), [Reset(on(day), kind)])
    assert (said is None) is explains


def test_a_refill_explains_the_additive_but_not_the_filter() -> None:
    refill = [Reset(on(5), Kind.ADDITIVE_REFILLED)]
    assert contradiction(reading(0, 90_000, 1260), reading(10, 90_100, 200), refill) is None
    said = contradiction(reading(0, 90_000, 1260), reading(10, 100, 200), refill)
    assert said is not None
    assert said.counter is Counter.LIFE


# One log and the cars that are there


def test_the_first_log_has_no_car() -> None:
    assert choose_car(reading(0, 1000), []) == Misfit(None)


def test_a_log_between_its_neighbours_fits() -> None:
    assert choose_car(reading(5, 1200), [car(reading(0, 1000), reading(9, 1300))]) == GOLF


@pytest.mark.parametrize(("day", "life_km"), [(5, 12), (1, 154_300), (-5, 154_300)])
def test_a_log_that_contradicts_a_neighbour_does_not_fit(day: int, life_km: float) -> None:
    assert choose_car(reading(day, life_km), [car(reading(0, 10_765))]) == Misfit(GOLF)


def test_another_profile_is_another_car() -> None:
    assert choose_car(reading(5, 154_310, profile="EDC17"), [car(reading(0, 154_300))]) == Misfit(None)


@pytest.mark.parametrize(("log", "known"), [(None, "DCM62v2"), ("DCM62v2", None), (None, None)])
def test_an_unknown_profile_may_be_any(log: str | None, known: str | None) -> None:
    assert choose_car(reading(5, 1010, profile=log), [car(reading(0, 1000), profile=known)]) == GOLF


def test_the_nearer_counter_decides_between_two_cars() -> None:
    cars = [car(reading(0, 10_000)), car(reading(0, 11_000), id=DUSTER)]
    assert choose_car(reading(3, 11_010), cars) == DUSTER
    assert choose_car(reading(3, 10_400), cars) == GOLF


def test_between_logs_that_a_person_put_together_one_side_has_to_fit() -> None:
    torn = [car(reading(0, 90_000), reading(10, 20))]
    assert choose_car(reading(5, 90_200), torn) == GOLF
    assert choose_car(reading(5, 10), torn) == GOLF
    assert isinstance(choose_car(reading(5, 50_000), torn), Misfit)
    whole = car(reading(0, 89_000), id=DUSTER)
    assert choose_car(reading(5, 90_010), [*torn, whole]) == DUSTER  # before one that is whole it has no claim


def test_without_counters_the_nearer_time_decides() -> None:
    cars = [car(reading(0, 10_000)), car(reading(30, 90_000), id=DUSTER)]
    assert choose_car(reading(28), cars) == DUSTER
    assert choose_car(reading(2), cars) == GOLF


def test_a_car_without_logs_is_taken_before_one_is_guessed() -> None:
    cars = [car(reading(0, 154_300)), Neighbours(DUSTER, None, ())]
    assert choose_car(reading(1, 12), cars) == DUSTER
    assert choose_car(reading(1, 154_310), cars) == GOLF


# All logs at once


def two_cars(seed: int, logs: int) -> tuple[list[Reading], list[Reading]]:
    """Return logs of two cars with the same profile: from 10,000 km at 30 km a day, from 150,000 km at 60."""
    random = Random(seed)  # noqa: S311  (logs, not secrets)
    days = sorted(random.uniform(0, 300) for _ in range(logs))
    first = [reading(day, 10_000 + 30 * day, 1260) for day in days[::2]]
    second = [reading(day, 150_000 + 60 * day, 1260) for day in days[1::2]]
    return first, second


def ids(group: Group) -> set[UUID]:
    return {log.id for log in group.logs}


@given(st.randoms(use_true_random=False), st.integers(0, 1000))
def test_two_cars_are_found_in_any_order(random: Random, seed: int) -> None:
    first, second = two_cars(seed, 40)
    logs = [*first, *second]
    random.shuffle(logs)
    groups = regroup(logs, {})
    assert {frozenset(ids(group)) for group in groups} == {
        frozenset(log.id for log in first),
        frozenset(log.id for log in second),
    }
    assert [group.car_id for group in groups] == [None, None]


def near_cars(apart_km: float, seed: int = 0) -> tuple[list[Reading], list[Reading]]:
    """Return two weeks of logs of two cars whose counters are near; those of the second begin later each day."""
    random = Random(seed)  # noqa: S311  (logs, not secrets)
    cars: list[list[Reading]] = []
    for begun_km, hour in ((10_000.0, 0.0), (10_000.0 + apart_km, 0.05)):
        logs, life_km = [], begun_km
        for day in range(14):
            driven_km = random.uniform(25, 45)
            life_km += driven_km + random.choice((0.0, 0.0, random.uniform(4, 25)))
            logs.append(replace(reading(day + hour, round(life_km), 1260), distance_km=driven_km))
        cars.append(logs)
    return cars[0], cars[1]


@given(st.floats(150, 1400), st.integers(0, 1000))
def test_cars_with_near_counters_do_not_share_logs(apart_km: float, seed: int) -> None:
    """The first log of the one fits the other, which has driven further, until its second log is there."""
    first, second = near_cars(apart_km, seed)
    groups = regroup([*first, *second], {})
    expected = {frozenset(log.id for log in logs) for logs in (first, second)}
    assert {frozenset(ids(group)) for group in groups} == expected


def test_a_log_that_two_cars_could_have_shows_that_their_logs_are_tangled() -> None:
    first, second = near_cars(700)
    tangled = [car(*first[:3], second[2]), car(*second[:2], id=DUSTER)]
    assert is_tangled(second[3], DUSTER, tangled)
    sorted_out = [car(*first[:3]), car(*second[:3], id=DUSTER)]
    assert not is_tangled(second[3], DUSTER, sorted_out)
    assert not is_tangled(second[3], DUSTER, [car(*second[:3], id=DUSTER)])


def test_cars_whose_logs_are_exchanged_keep_most_of_them() -> None:
    """Each car keeps its name: only the logs that were wrong go to another one."""
    first, second = near_cars(700)
    first_car, second_car = [*first[1:]], [first[0], *second]
    settled = [*(_with_car(log, GOLF) for log in first_car), *(_with_car(log, DUSTER) for log in second_car)]
    groups = regroup(settled, {DUSTER: (), GOLF: ()})
    assert {group.car_id: ids(group) for group in groups} == {
        GOLF: {log.id for log in first},
        DUSTER: {log.id for log in second},
    }


def test_logs_that_a_person_chose_are_not_exchanged() -> None:
    first, second = near_cars(700)
    chosen = replace(first[0], car_id=DUSTER, chosen=True)
    last = replace(second[-1], car_id=DUSTER, chosen=True)
    groups = regroup([chosen, *first[1:], *second[:-1], last], {DUSTER: ()})
    assert [ids(group) for group in groups] == [
        {first[0].id, *(log.id for log in second)},
        {log.id for log in first[1:]},
    ]


readings = st.builds(
    reading,
    st.integers(0, 30),
    st.none() | st.integers(0, 3).map(lambda n: 40_000.0 * n) | st.floats(0, 2e5),
    st.none() | st.sampled_from([500.0, 1260.0]),
    profile=st.sampled_from([None, "DCM62v2", "EDC17"]),
    car=st.sampled_from([None, GOLF, DUSTER]),
    chosen=st.booleans(),
)


@given(st.lists(readings, max_size=25, unique_by=lambda log: log.id), st.randoms(use_true_random=False))
def test_regrouping_keeps_every_log_and_every_choice(logs: list[Reading], random: Random) -> None:
    cars: dict[UUID, Sequence[Reset]] = {GOLF: (), DUSTER: ()}
    groups = regroup(logs, cars)
    assert sorted(log.id for group in groups for log in group.logs) == sorted(log.id for log in logs)
    assert {group.car_id for group in groups} - {None} == {GOLF, DUSTER}
    for group in groups:
        assert all(log.car_id == group.car_id for log in group.logs if log.chosen and log.car_id)
        if not any(log.chosen for log in group.logs):
            for counter in ("life_km", "additive_ml"):
                counted = sorted(
                    (log for log in group.logs if getattr(log, counter) is not None),
                    key=lambda log: (log.at, str(log.id)),
                )
                pairs = pairwise(counted)
                assert all(
                    (said := contradiction(*pair)) is None or said.counter != Counter(counter.split("_")[0])
                    for pair in pairs
                )
    shuffled = list(logs)
    random.shuffle(shuffled)
    assert [ids(group) for group in regroup(shuffled, cars)] == [ids(group) for group in groups]


@given(st.integers(0, 1000))
def test_regrouping_again_changes_nothing(seed: int) -> None:
    first, second = two_cars(seed, 30)
    settled = [*(_with_car(log, GOLF) for log in first), *(_with_car(log, DUSTER) for log in second)]
    groups = regroup(settled, {GOLF: (), DUSTER: ()})
    assert [(group.car_id, ids(group)) for group in groups] == [
        (GOLF, {log.id for log in first}),
        (DUSTER, {log.id for log in second}),
    ]


def _with_car(log: Reading, car_id: UUID) -> Reading:
    return replace(log, car_id=car_id)


def test_a_log_that_went_to_the_wrong_car_is_corrected() -> None:
    """A lone log of the second car fitted the first one, until a third log showed that it did not."""
    right, wrong = reading(0, 100_000, car=GOLF), reading(330, 157_500, car=GOLF)
    later, telling = reading(31, 101_000, car=GOLF), reading(60, 155_000)
    groups = regroup([right, wrong, later, telling], {GOLF: ()})
    assert [ids(group) for group in groups] == [{right.id, later.id}, {wrong.id, telling.id}]


def test_a_chosen_car_is_kept_against_all_counters() -> None:
    odd = reading(5, 12, car=GOLF, chosen=True)
    logs = [reading(0, 154_000, car=GOLF), odd, reading(9, 154_300)]
    (golf, added) = regroup(logs, {GOLF: ()})
    assert odd.id in ids(golf)
    assert ids(added) == {logs[2].id}


def test_a_new_filter_in_the_middle_is_asked_about_once() -> None:
    old = [reading(day, 90_000 + 40 * day, car=GOLF) for day in range(0, 30, 3)]
    new = [reading(30 + day, 15 + 40 * day) for day in range(0, 30, 3)]
    golf, added = regroup([*old, *new], {GOLF: ()})
    assert (ids(golf), ids(added)) == ({log.id for log in old}, {log.id for log in new})
    assert added.question == Question(GOLF, Counter.LIFE, 90_000 + 40 * 27, 15, on(30))


@pytest.mark.parametrize(
    ("known", "new", "question"),
    [
        (reading(0, 154_300, car=GOLF), reading(5, 12), Question(GOLF, Counter.LIFE, 154_300.0, 12.0, on(5))),
        # the log with the new filter was uploaded first
        (reading(5, 12, car=GOLF), reading(0, 154_300), Question(GOLF, Counter.LIFE, 154_300.0, 12.0, on(5))),
        (reading(0, 10_765, car=GOLF), reading(1, 154_300), None),  # a counter that jumped is no new filter
        (reading(0, 154_300, car=GOLF), reading(5, 12, profile="EDC17"), None),
        (
            reading(0, 9_000, 1260, car=GOLF),
            reading(1, 9_010, 400),
            Question(GOLF, Counter.ADDITIVE, 1260.0, 400.0, on(1)),
        ),
    ],
)
def test_only_a_counter_that_fell_on_the_same_profile_is_asked_about(
    known: Reading, new: Reading, question: Question | None
) -> None:
    golf, added = regroup([known, new], {GOLF: ()})
    assert (ids(golf), ids(added), added.question) == ({known.id}, {new.id}, question)


def test_nothing_is_asked_where_there_are_two_such_cars() -> None:
    logs = [reading(0, 154_300, car=GOLF), reading(1, 90_000, car=DUSTER), reading(5, 12)]
    *_, added = regroup(logs, {GOLF: (), DUSTER: ()})
    assert (ids(added), added.question) == ({logs[2].id}, None)


def test_a_written_down_filter_is_not_asked_about() -> None:
    old = [reading(day, 90_000 + 40 * day, car=GOLF) for day in range(0, 30, 3)]
    new = [reading(30 + day, 15 + 40 * day) for day in range(0, 30, 3)]
    (golf,) = regroup([*old, *new], {GOLF: [Reset(on(29), Kind.FILTER_REPLACED)]})
    assert len(golf.logs) == 20


def test_a_car_keeps_its_profile() -> None:
    """Whatever log comes first: the one of the other profile was driven at the same time."""
    own, other = reading(0, car=GOLF), reading(0, profile="EDC17")
    groups = regroup([own, other], {GOLF: ()}, {GOLF: "DCM62v2"})
    assert [(group.car_id, ids(group)) for group in groups] == [(GOLF, {own.id}), (None, {other.id})]


def test_an_empty_car_is_used_if_its_profile_may_be_the_same() -> None:
    logs = [reading(0, 1000, car=GOLF), reading(1, 150_000)]
    assert [len(group.logs) for group in regroup(logs, {GOLF: (), DUSTER: ()})] == [1, 1]
    assert [len(group.logs) for group in regroup(logs, {GOLF: (), DUSTER: ()}, {DUSTER: "EDC17"})] == [1, 0, 1]


def test_profiles_are_cars_of_their_own_and_a_log_without_one_joins() -> None:
    logs = [reading(0, 1000), reading(1, 1010, profile="EDC17"), reading(2, 1020, profile=None)]
    groups = regroup(logs, {})
    assert sorted((group.profile or "", len(group.logs)) for group in groups) == [("DCM62v2", 1), ("EDC17", 2)]


# Logs without counters


def by_mean(day: float, mean_km: float | None, life_km: float | None = None, **more: Any) -> Reading:
    return replace(reading(day, life_km, **more), mean_regen_km=mean_km)


@pytest.mark.parametrize(
    ("own_km", "golf_km", "duster_km", "expected"),
    [
        (610, 600, 900, GOLF),
        (890, 600, 900, DUSTER),
        (630, 600, 690, GOLF),  # 30 km off the one, 60 km off the other
        (631, 600, 900, None),  # like neither
        (610, 600, 669, None),  # like both
        (None, 600, 900, None),
        (610, None, 900, None),  # the first may be like it, too
        (610, 600, None, None),
    ],
)
def test_the_mean_of_the_regenerations_tells_two_cars_apart(
    own_km: float | None, golf_km: float | None, duster_km: float | None, expected: UUID | None
) -> None:
    """At eight both cars were driven; nothing but the ECU's mean distance tells whose log that of nine is."""
    log = by_mean(0.04, own_km)
    golf, duster = by_mean(0, golf_km, 10_000), by_mean(0.1, duster_km, 154_000)
    around = [car(golf), car(duster, id=DUSTER)]
    assert told_apart(log, [(one.car_id, one.around) for one in around]) == expected
    assert is_guess(log, around) is (expected is None)
    assert choose_car(log, around) == (expected or GOLF), "else the nearest in time"
    groups = regroup([replace(golf, car_id=GOLF), replace(duster, car_id=DUSTER), log], {GOLF: [], DUSTER: []})
    (found,) = [group for group in groups if log in group.logs]
    assert found.car_id == (expected or GOLF)
    assert found.guesses == (set() if expected else {log.id})


def test_a_mean_of_long_ago_tells_nothing() -> None:
    cars = [(GOLF, [by_mean(0, 600, 10_000)]), (DUSTER, [by_mean(0, 900, 154_000)])]
    assert told_apart(by_mean(30, 600), cars) == GOLF
    assert told_apart(by_mean(30.1, 600), cars) is None


def test_of_several_means_that_of_the_nearest_log_counts() -> None:
    cars = [(GOLF, [by_mean(0, 900, 10_000), by_mean(8, 600, 11_000)]), (DUSTER, [by_mean(9, 900, 154_000)])]
    assert told_apart(by_mean(10, 900), cars) == DUSTER


def test_without_a_second_car_with_that_profile_nothing_is_guessed() -> None:
    log = reading(1)
    assert not is_guess(log, [car(reading(0, 10_000))])
    assert not is_guess(log, [car(reading(0, 10_000)), car(reading(0, 5), id=DUSTER, profile="EDC17")])
    assert not is_guess(log, [car(reading(0, 10_000)), car(id=DUSTER)]), "a car without logs"
    assert not is_guess(reading(1, 10_100), [car(reading(0, 10_000)), car(reading(0, 154_000), id=DUSTER)])
    assert is_guess(log, [car(reading(0, 10_000)), car(reading(0, 154_000), id=DUSTER)])


def test_a_log_that_was_in_the_only_car_becomes_a_guess_when_another_one_is_found() -> None:
    logs = [reading(0, 10_000, car=GOLF), reading(1, car=GOLF), reading(2, 154_000, car=GOLF)]
    first, second = regroup(logs, {GOLF: []})
    assert (first.logs, second.logs) == ([logs[0], logs[1]], [logs[2]])
    assert (first.guesses, second.guesses) == ({logs[1].id}, set())
    chosen = [logs[0], replace(logs[1], chosen=True), logs[2]]
    assert [group.guesses for group in regroup(chosen, {GOLF: []})] == [set(), set()]
