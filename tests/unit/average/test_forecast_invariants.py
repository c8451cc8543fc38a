"""What holds for the slopes and forecasts of any readings."""

from datetime import timedelta
from math import isfinite
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.average.core.slopes import Point, Slope, slope, without_spikes
from tests.unit.average.analyses import Json
from tests.unit.average.test_forecast import FIRST, PATHS, additive, course, forecasts, history, note
from tests.unit.average.test_invariants import PATIENT

series = st.lists(
    st.tuples(st.integers(0, 10**6), st.floats(-1e4, 1e4)).map(lambda pair: Point(*pair)), min_size=2, max_size=80
).map(sorted)


@given(series, st.floats(0, 10))
def test_the_slope_lies_in_its_range_and_a_steeper_step_widens_it(readings: list[Point], quantum: float) -> None:
    assume(readings[0].x < readings[-1].x)
    found, exact = slope(readings, quantum), slope(readings, 0.0)
    assert exact.low - 1e-9 <= found.middle <= exact.high + 1e-9
    assert found.low <= exact.low
    assert exact.high <= found.high


@given(series, st.integers(-1000, 1000))
def test_a_line_that_is_higher_has_the_same_slope(readings: list[Point], lift: int) -> None:
    spaced = [Point(number * 100.0, point.y) for number, point in enumerate(readings)]
    higher = [Point(point.x, point.y + lift) for point in spaced]
    assert slope(higher, 1.0) == pytest.approx(slope(spaced, 1.0), abs=1e-9)


@given(series)
def test_upside_down_the_range_is_upside_down(readings: list[Point]) -> None:
    spaced = [Point(number * 100.0, point.y) for number, point in enumerate(readings)]
    found, mirrored = slope(spaced, 1.0), slope([Point(point.x, -point.y) for point in spaced], 1.0)
    assert mirrored == pytest.approx(Slope(-found.middle, -found.high, -found.low), abs=1e-9)
    assert all(map(isfinite, found))


@given(series, st.floats(0, 1000))
def test_what_only_rises_has_no_spikes(readings: list[Point], tolerance: float) -> None:
    assert without_spikes([Point(point.y, point.x) for point in readings], tolerance) == [
        Point(point.y, point.x) for point in readings
    ]


anything = st.none() | st.floats(-10, 1e9) | st.integers(-10, 10**9)
reading = st.fixed_dictionaries(dict.fromkeys(PATHS, anything))
kinds = st.sampled_from(["filter_cleaned", "filter_replaced", "additive_refilled", "oil_changed", "other"])
notes = st.lists(
    st.builds(lambda kind, day: note(kind, (FIRST + timedelta(days=day)).isoformat()), kinds, st.integers(-9, 99)),
    max_size=3,
)


@PATIENT
@given(st.lists(reading, min_size=1, max_size=12), notes)
def test_whatever_was_read_ranges_are_ranges(rows: list[dict[str, Any]], done: list[Json]) -> None:
    for _, found in forecasts(history(*rows), *done):
        if found is None:
            continue
        assert found.count >= 5
        assert found.km >= 300
        assert found.per_1000km_low <= found.per_1000km <= found.per_1000km_high
        for reach in (found.watch, found.act):
            if reach is None:
                continue
            assert 0 <= reach.km_low <= 200_000
            assert reach.km_high is None or reach.km_low <= reach.km_high
            assert reach.date_high is None or (reach.date_low or "") <= reach.date_high


@PATIENT
@given(st.lists(st.integers(0, 12), min_size=5, max_size=30), st.integers(60, 2000))
def test_a_counter_that_only_falls_is_used_whole(falls: list[int], step_km: int) -> None:
    values = [1200 - sum(falls[: number + 1]) for number in range(len(falls))]
    logs = course("additive", *values, step_km=step_km)
    found = additive(logs)
    if step_km * (len(falls) - 1) < 300:
        assert found is None
        return
    assert found is not None
    assert (found.basis, found.value) == ("all_logs", values[-1])
    assert found.per_1000km <= 0
