"""Whether the filter is getting worse, on hand-made histories."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.course import Change, Course, Direction, Watched
from functions.average.core import average
from functions.average.core.course import is_trend, relative_change_perc
from tests.unit.average.analyses import Json, analysis, regen

PATHS = {
    "kv": "restriction.kv",
    "kv_after": "restriction.kv_afterRegen",
    "idle": "fap.pressure_idle.avg_mbar",
    "soot": "sootRate_gl100km",
    "soot_gl": "fap.soot.start_gl",
    "ash": "fap.deposits.percentage_perc",
    "life": "fap.life.life_km",
}
RISING_KV = [0.20, 0.21, 0.23, 0.24, 0.26, 0.28]


def history(figure: str, values: list[float], **more: Any) -> list[Json]:
    """Return a log a week with one figure."""
    first = date(2025, 1, 1)
    return [
        analysis({PATHS[figure]: value}, date=(first + timedelta(days=7 * at)).isoformat(), **more)
        for at, value in enumerate(values)
    ]


def course(logs: list[Json], *notes: Json) -> Course:
    found = average(logs, notes).course
    assert found is not None
    return found


def one_change(logs: list[Json], *notes: Json) -> Change:
    (change,) = course(logs, *notes).changes
    return change


def test_without_a_log_there_is_no_course() -> None:
    assert average([]).course is None


def test_four_logs_are_too_few_to_say() -> None:
    assert course(history("kv", RISING_KV[:4])) == Course(direction=Direction.UNKNOWN, changes=[])


def with_soot(figure: str, values: list[float], soot: list[float]) -> list[Json]:
    """Return a log a week with one figure, and the soot in the filter."""
    return [
        analysis({PATHS[figure]: value, PATHS["soot_gl"]: gl}, date=f"2025-01-{at + 1:02}")
        for at, (value, gl) in enumerate(zip(values, soot, strict=True))
    ]


FILLING = [3.0, 4.5, 6.0, 7.5, 9.0, 10.5, 12.0]
"""Soot between two regenerations."""


@pytest.mark.parametrize(("figure", "clean", "per_gl"), [("kv", 0.18, 0.0075), ("idle", 8.0, 0.35)])
def test_soot_between_two_regenerations_makes_no_filter_worse(figure: str, clean: float, per_gl: float) -> None:
    found = one_change(with_soot(figure, [clean + per_gl * gl for gl in FILLING], FILLING))
    assert (found.direction, found.change_perc) == (Direction.STEADY, 0)


def test_a_filter_that_gets_worse_by_more_than_its_soot() -> None:
    """At most 6 % of 0.35 for each of 9 g/l are the soot's; it rose by 0.45."""
    found = one_change(with_soot("kv", [0.20 + 0.05 * gl for gl in FILLING], FILLING))
    assert found.direction is Direction.WORSE
    assert found.change_perc == pytest.approx(59, abs=2)


def test_a_filter_that_gets_worse_from_regeneration_to_regeneration() -> None:
    soot = [*FILLING, *FILLING, *FILLING]
    found = one_change(with_soot("kv", [0.18 + 0.0075 * gl + 0.005 * at for at, gl in enumerate(soot)], soot))
    assert found.direction is Direction.WORSE
    assert found.change_perc == pytest.approx(36, abs=2)


def test_restriction_that_rises() -> None:
    found = course(history("kv", RISING_KV))
    assert found.direction is Direction.WORSE
    assert found.changes == [Change(figure=Watched.RESTRICTION, direction=Direction.WORSE, count=6, change_perc=41)]


@pytest.mark.parametrize(
    ("figure", "values", "direction"),
    [
        ("kv", [0.20, 0.21, 0.20, 0.22, 0.21, 0.20], Direction.STEADY),
        ("kv", [0.20, 0.202, 0.204, 0.206, 0.208, 0.21], Direction.STEADY),  # certain, and too little to matter
        ("kv", [0.30, 0.10, 0.40, 0.20, 0.50, 0.20], Direction.STEADY),  # much, and in no order
        ("kv", RISING_KV[::-1], Direction.BETTER),
        ("idle", [10, 11, 12, 13, 14, 15], Direction.WORSE),
        ("idle", [1, 1.1, 1.2, 1.3, 1.4, 1.5], Direction.STEADY),  # half a millibar is nothing
        ("soot", [1, 1.2, 1.4, 1.6, 1.8, 2], Direction.WORSE),
        ("soot", [1, 1.05, 1.1, 1.15, 1.2, 1.25], Direction.STEADY),
        ("soot", [2, 1.8, 1.6, 1.4, 1.2, 1], Direction.BETTER),
    ],
)
def test_a_change_counts_if_it_is_large_and_in_order(figure: str, values: list[float], direction: Direction) -> None:
    found = course(history(figure, values))
    assert (found.direction, found.changes[0].direction) == (direction, direction)


def test_shorter_distances_between_regenerations_are_worse() -> None:
    logs = [
        analysis(date=f"2025-0{month}-01", regens=[regen(interval_km=km)])
        for month, km in enumerate([900, 800, 700, 600, 500, 400], 1)
    ]
    change = one_change(logs)
    assert (change.figure, change.direction, change.change_perc) == (Watched.REGEN_INTERVAL, Direction.WORSE, -56)


def test_the_clean_filter_is_judged_where_there_are_enough_complete_regenerations() -> None:
    """The soot in the filter moves `kv`; after complete regenerations only what stays is measured."""
    logs = [
        analysis({"restriction.kv": kv, "restriction.kv_afterRegen": 0.2}, date=f"2025-01-0{day}", regens=[regen()])
        for day, kv in enumerate(RISING_KV, 1)
    ]
    assert one_change(logs).direction is Direction.STEADY
    interrupted = [log | {"regens": [regen(outcome="aborted")]} for log in logs]
    assert [change.direction for change in course(interrupted).changes] == [Direction.WORSE]


def test_a_finding_makes_it_worse_with_few_readings() -> None:
    """The answer must not say less than the findings below it."""
    logs = [
        analysis({"restriction.kv_afterRegen": kv}, date=f"2025-01-0{day}", regens=[regen()])
        for day, kv in enumerate([0.2, 0.3, 0.4], 1)
    ]
    assert "restriction_rise" in {one.code for one in average(logs).health.findings if one.severity == "act"}
    assert one_change(logs) == Change(figure=Watched.RESTRICTION, direction=Direction.WORSE, count=3, change_perc=None)


def test_what_was_before_a_baseline_does_not_count() -> None:
    logs = history("kv", [*RISING_KV, 0.2, 0.2])
    cleaned: Json = {"kind": "filter_cleaned", "onDate": "2025-02-10"}
    assert course(logs, cleaned) == Course(direction=Direction.UNKNOWN, changes=[])
    oil: Json = {"kind": "oil_changed", "onDate": "2025-02-10"}
    assert [change.count for change in course(logs, oil).changes] == [8]


def test_ash_rises_in_every_filter_and_is_worse_from_its_limit_on() -> None:
    assert course(history("ash", [40, 41, 42, 43, 44])) == Course(
        direction=Direction.UNKNOWN,
        changes=[Change(figure=Watched.ASH, direction=Direction.STEADY, count=5, change_perc=4)],
    )
    near = course(history("ash", [79, 80, 81, 82, 83]))
    assert (near.direction, near.changes[0].direction) == (Direction.WORSE, Direction.WORSE)


def test_only_the_profile_of_the_last_log_is_judged() -> None:
    logs = [*history("kv", RISING_KV, profile="EDC17"), analysis(date="2026-01-01")]
    assert course(logs) == Course(direction=Direction.UNKNOWN, changes=[])


def test_one_worse_figure_outweighs_a_better_one() -> None:
    logs = [
        analysis({"restriction.kv": kv, "sootRate_gl100km": soot}, date=f"2025-01-0{day}")
        for day, (kv, soot) in enumerate(zip(RISING_KV, [2, 1.8, 1.6, 1.4, 1.2, 1], strict=True), 1)
    ]
    found = course(logs)
    assert found.direction is Direction.WORSE
    assert [change.direction for change in found.changes] == [Direction.WORSE, Direction.BETTER]


def test_at_most_sixty_readings_count() -> None:
    assert one_change(history("kv", [0.2 + at / 100 for at in range(40)] + [0.6] * 60)).direction is Direction.STEADY


def test_the_change_is_that_of_the_line_not_of_the_ends() -> None:
    assert relative_change_perc([1, 2, 3, 4, 50], 0.1) == pytest.approx(400)
    assert relative_change_perc([0, 1, 2], 10) == pytest.approx(20)


def test_equal_values_are_no_trend() -> None:
    assert not is_trend([1, 1, 1, 1, 1])
    assert is_trend([1, 2, 3, 4, 5])
    assert not is_trend([1, 1, 1, 1, 2])


@given(st.lists(st.floats(0.01, 10), min_size=5, max_size=12))
def test_a_history_backwards_is_the_opposite(values: list[float]) -> None:
    assert is_trend(values) == is_trend(values[::-1])
