"""The search for clock jumps on small tables, and its parts that are reckoned here and not by numpy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from functions.analyse.core.jumps import REVS, SPEED, Jump, find_jumps, quantile, usual_step, without_jumps

NAN = np.nan
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1, 2, 3], 0.5, 2.0),
        ([3, NAN, 1, 2], 0.5, 2.0),
        ([10, 20], 0.25, 12.5),
        ([10, 20], 0.75, 17.5),
        ([0, 10, 20, 30, 40, 50], 0.9, 45.0),
        ([7, NAN], 0.6, 7.0),
    ],
)
def test_a_quantile_of_the_known_values_is_interpolated(values: list[float], share: float, expected: float) -> None:
    assert quantile(np.array([values], float), share).tolist() == [expected]


def test_quantiles_are_those_of_numpy() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        values = np.round(random.random((12, random.integers(1, 200))) * 100, 1)
        values[random.random(values.shape) < 0.3] = NAN
        values = values[~np.isnan(values).all(axis=1)]
        for share in (0.6, 0.9):
            assert np.array_equal(quantile(values, share), np.nanquantile(values, share, axis=1))


ROWS = 400
POSITIONS_READ = [SPEED, REVS, *[place for place in range(12) if place not in (SPEED, REVS)][:6]]


def clock(*, row: int = 200, seconds: float = 0.0) -> Any:
    """Return a row a second; from `row` on the clock is set forward, or back where negative."""
    ms = np.arange(ROWS, dtype=np.int64) * 1000
    ms[row:] += int(seconds * 1000)
    return ms


def channels(*, running: bool = True, leap: float = 0.0) -> Any:
    """Eight channels that rise by one a row; from row 200 on they are further by `leap`, as after so many rows."""
    rows = np.arange(ROWS, dtype=float)
    rows[200:] += leap
    values = np.tile(rows, (len(POSITIONS_READ), 1)) + np.arange(len(POSITIONS_READ))[:, None]
    if not running:
        values[:2] = 0.0
    return values


def found(times: Any, values: Any, headers: Sequence[int] = (), holes: Sequence[int] = ()) -> list[tuple[int, int]]:
    """Return the jumps as (row, ms)."""
    sessions, lost = np.zeros(ROWS, bool), np.zeros(ROWS, bool)
    sessions[list(headers)], lost[list(holes)] = True, True
    jumps, too_many = find_jumps(times, values, sessions, lost, POSITIONS_READ)
    assert not too_many
    return [(jump.row, jump.ms) for jump in jumps]


@pytest.mark.parametrize("seconds", [-3600, -90, -2.5, 90, 600])
def test_a_step_over_which_the_car_went_on_is_a_jump(seconds: float) -> None:
    assert found(clock(seconds=seconds), channels()) == [(200, int(seconds * 1000))]


@pytest.mark.parametrize("seconds", [90, 600, 3700])
def test_a_step_over_which_the_cars_values_moved_on_is_a_pause(seconds: float) -> None:
    assert found(clock(seconds=seconds), channels(leap=60)) == []


@pytest.mark.parametrize("seconds", [-3600, 600])
def test_a_step_at_a_header_is_a_pause(seconds: float) -> None:
    """Back by an hour, to before the log began: an earlier drive was appended."""
    assert found(clock(seconds=seconds), channels(), headers=[200]) == []


@pytest.mark.parametrize("seconds", [90, 600, 3600])
def test_a_step_over_lost_rows_is_as_long_as_the_clock_says(seconds: float) -> None:
    assert found(clock(seconds=seconds), channels(), holes=[200]) == []
    assert found(clock(seconds=seconds), channels(), holes=[199, 201]) != []


def test_a_clock_set_back_where_rows_were_lost_is_a_jump() -> None:
    assert found(clock(seconds=-90), channels(), holes=[200]) == [(200, -90_000)]


def test_two_rows_in_the_wrong_order_are_no_jump() -> None:
    times = clock()
    times[[200, 201]] = times[[201, 200]]
    assert found(times, channels()) == []


@pytest.mark.parametrize("rows", [2, 3, 8, 9, 10, 11, 40, 90])
def test_a_block_that_was_written_late_is_no_jump(rows: int) -> None:
    """As 1 2 5 6 3 4 7 8; with more than ten rows the step over the hole is odd as well."""
    times = clock()
    times[200 : 200 + 2 * rows] = np.concatenate([times[200 + rows : 200 + 2 * rows], times[200 : 200 + rows]])
    assert found(times, channels()) == []


def test_a_jump_beside_a_block_that_was_written_late_is_found() -> None:
    times = clock(row=300, seconds=-90)
    times[200:204] = times[[202, 203, 200, 201]]
    assert found(times, channels()) == [(300, -90_000)]


def test_with_the_engine_off_only_a_change_of_time_zone_is_a_jump() -> None:
    """A pause seldom lasts a whole number of half hours."""
    still = channels(running=False)
    assert found(clock(seconds=3599), still) == [(200, 3_599_000)]
    assert found(clock(seconds=1799), still) == [(200, 1_799_000)]
    assert found(clock(seconds=2700), still) == []
    assert found(clock(seconds=3599 + 16), still) == []
    assert found(clock(seconds=3599 + 14), still) == [(200, 3_613_000)]


def test_an_app_that_was_started_anew_paused() -> None:
    """Fewer than 0.7 of the filled cells are still filled: five of eight, but not six."""
    five, six = channels(), channels()
    five[5:, 200:210] = NAN
    six[6:, 200:210] = NAN
    assert found(clock(seconds=600), five) == []
    assert found(clock(seconds=600), six) == [(200, 600_000)]


def test_an_app_that_slept_paused() -> None:
    """The same values before and after, and the next row is late as well."""
    values = channels()
    values[:, 200] = values[:, 199]
    asleep = clock(seconds=600)
    assert found(asleep, values) == [(200, 600_000)]
    asleep[201:] += 900
    assert found(asleep, values) == []


def test_too_few_channels_prove_nothing() -> None:
    values = channels()
    values[5:] = NAN
    assert found(clock(seconds=600), values) == [(200, 600_000)]
    values[4:] = NAN
    assert found(clock(seconds=600), values) == []


def test_without_revs_and_speed_nothing_runs() -> None:
    none = np.zeros(ROWS, bool)
    positions = [place for place in range(12) if place not in (SPEED, REVS)][:8]
    assert find_jumps(clock(seconds=600), channels(), none, none, positions) == ([], False)
    assert find_jumps(clock(seconds=3599), channels(), none, none, positions)[0] == [Jump(200, 3_599_000)]


def test_a_clock_that_jumps_all_the_time_cannot_be_used() -> None:
    """Each row is a minute before the one before it, in blocks of ten: more than 200 jumps."""
    rows = 4000
    times = np.arange(rows, dtype=np.int64) * 1000 - (np.arange(rows) // 10) * 60_000
    values = np.tile(np.arange(rows, dtype=float), (8, 1))
    none = np.zeros(rows, bool)
    jumps, too_many = find_jumps(times, values, none, none, POSITIONS_READ)
    assert (len(jumps), too_many) == (201, True)


def test_the_rows_after_a_jump_are_moved() -> None:
    times = np.array([0, 1000, 91_000, 92_000, -3_508_000, -3_507_000], np.int64)
    assert without_jumps(times, [Jump(4, -3_601_000)]).tolist() == [0, 1000, 91_000, 92_000, 93_000, 94_000]
    # A jump forward that is too short to end a drive is left.
    assert without_jumps(times, [Jump(2, 89_000), Jump(4, -3_601_000)])[2] == 91_000


@pytest.mark.parametrize(
    ("row", "expected"),
    [(1, [DAY_MS, DAY_MS + 1000, DAY_MS + 2000, DAY_MS + 3000]), (2, [0, 1000, 2000, 3000])],
)
def test_a_phone_that_did_not_know_the_day_at_first_is_believed_afterwards(row: int, expected: list[int]) -> None:
    """In the first half of the rows; from the middle on, the first clock is believed."""
    times = np.arange(4, dtype=np.int64) * 1000
    times[row:] += DAY_MS
    assert without_jumps(times, [Jump(row, DAY_MS)]).tolist() == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [([0, 500, 500, 700], 500), ([0, -1, 20_000], 1000), ([0, 900, 10_000, 10_001], 5450)],
)
def test_the_usual_step_is_the_median_without_gaps(steps: list[int], expected: int) -> None:
    assert usual_step(np.array(steps, np.int64)) == expected
