"""The regenerations of a car: read from stored analyses of any version, and joined where they are in two logs."""

from typing import Any
from uuid import UUID

import pytest

from functions.api.analyses.regenerations import Regeneration, filter_km, joined, of_log

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))


def regen(start: str = "08:00", end: str = "08:20", outcome: str = "complete", **more: Any) -> dict[str, Any]:
    day = "2025-03-01T"
    return {"start": f"{day}{start}:00", "end": f"{day}{end}:00", "outcome": outcome} | more


def row(
    *regens: Any, log: UUID = ONE, life: Any = None, since: Any = None, distance: float | None = 10.5
) -> dict[str, Any]:
    return {"id": log, "distance": distance, "regens": list(regens), "life_km": life, "last_regen_km": since}


def joined_rows(*rows: dict[str, Any]) -> list[Regeneration]:
    return joined(one for given in rows for one in of_log(given))


def test_one_with_all_it_knows() -> None:
    (found,) = of_log(
        row(regen(duration_sec=1200, temp_max_c=620, interval_km=702, service=True), life=10_400, since=8)
    )
    assert found.logs == (ONE,)
    assert (found.start, found.end, found.outcome) == ("2025-03-01T08:00:00", "2025-03-01T08:20:00", "complete")
    assert (found.duration_sec, found.temp_max_c, found.interval_km) == (1200, 620, 702)
    assert (found.filter_km, found.service) == (10_392, True)


@pytest.mark.parametrize(
    "regens",
    [
        None,
        "text",
        [None],
        ["text"],
        [{}],
        [{"start": "2025-03-01T08:00:00", "end": None}],
        [{"start": 1, "end": 2}],
        [{"start": "yesterday", "end": "today"}],
        [{"start": "2025-03-01T08:00:00Z", "end": "2025-03-01T08:20:00Z"}],
    ],
)
def test_what_is_malformed_is_left_out(regens: Any) -> None:
    assert list(of_log(row() | {"regens": regens})) == []


def test_what_is_not_known_is_null_and_never_zero() -> None:
    (found,) = of_log(row(regen(outcome="of a later release", duration_sec="long", temp_max_c=True, interval_km=1e300)))
    assert (found.outcome, found.duration_sec, found.temp_max_c, found.interval_km) == ("unknown", None, None, None)
    assert (found.filter_km, found.service) == (None, False)


@pytest.mark.parametrize(
    ("life", "counted", "distance", "expected"),
    [
        (None, None, 10, None),
        (10_400, None, 10, 10_400),  # the car does not count this one: about the end of the log
        (10_400, 10_392, 10, 10_392),
        (10_400, 10_360, 10, 10_360),
        (10_400, 10_359, 10, 10_400),  # an earlier regeneration
        (10_400, 10_401, 10, 10_400),
    ],
)
def test_the_kilometre_of_the_filter(life: float | None, counted: float | None, distance: float, expected: Any) -> None:
    assert filter_km(life, counted, distance) == expected


def test_only_the_last_complete_one_of_a_log_is_counted_by_the_car() -> None:
    first, last = of_log(row(regen("08:00", "08:20"), regen("17:00", "17:20"), life=10_400, since=3))
    assert (first.filter_km, last.filter_km) == (10_400, 10_397)
    (aborted,) = of_log(row(regen(outcome="aborted"), life=10_400, since=3))
    assert aborted.filter_km == 10_400


def test_newest_first() -> None:
    found = joined_rows(row(regen("08:00", "08:20"), regen("17:00", "17:20")), row(regen("12:00", "12:20"), log=TWO))
    assert [one.start[11:16] for one in found] == ["17:00", "12:00", "08:00"]


def test_one_that_two_logs_recorded_is_listed_once() -> None:
    begun = row(regen("08:00", "08:10", "unknown", duration_sec=600, temp_max_c=610, interval_km=700), life=10_000)
    ended = row(
        regen("08:12", "08:20", "complete", duration_sec=480, temp_max_c=640, interval_km=3),
        log=TWO,
        life=10_009,
        since=1,
    )
    (found,) = joined_rows(ended, begun)
    assert found == Regeneration(
        logs=(ONE, TWO),
        start="2025-03-01T08:00:00",
        end="2025-03-01T08:20:00",
        outcome=found.outcome,
        duration_sec=1080,
        temp_max_c=640,
        interval_km=700,
        filter_km=10_008,
        service=False,
    )
    assert found.outcome == "complete"


def test_three_logs_of_one_regeneration() -> None:
    rows = [
        row(regen(start, end, outcome), log=log)
        for log, start, end, outcome in (
            (ONE, "08:00", "08:05", "unknown"),
            (TWO, "08:06", "08:10", "unknown"),
            (THREE, "08:11", "08:20", "aborted"),
        )
    ]
    (found,) = joined_rows(*rows)
    assert (found.logs, found.outcome, found.duration_sec) == ((ONE, TWO, THREE), "aborted", None)


@pytest.mark.parametrize(
    ("outcome", "start", "log"),
    [
        ("unknown", "08:31", TWO),  # too long a pause
        ("complete", "08:22", TWO),
        ("aborted", "08:22", TWO),
        ("unknown", "08:22", ONE),  # the analysis of one log has decided
        ("unknown", "08:19", TWO),  # before the end of the first
    ],
)
def test_two_regenerations_stay_two(outcome: str, start: str, log: UUID) -> None:
    assert len(joined_rows(row(regen(outcome=outcome)), row(regen(start, "08:40"), log=log))) == 2


def test_without_a_regeneration() -> None:
    assert joined_rows(row()) == []


@pytest.mark.parametrize(
    ("life", "expected"),
    [
        (10_395, 10_400),  # the counters move in steps
        (10_370, 10_400),
        (10_369, 10_369),  # another filter
        (10_401, 10_401),
        (None, None),
    ],
)
def test_a_later_regeneration_is_at_no_lower_kilometre(life: int | None, expected: int | None) -> None:
    first = row(regen("08:00", "08:20", outcome="aborted"), life=10_400)
    second = row(regen("12:00", "12:20", outcome="aborted"), log=TWO, life=life)
    assert [one.filter_km for one in joined_rows(first, second)] == [expected, 10_400]
