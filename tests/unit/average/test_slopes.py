"""Slopes and their ranges, on hand-made readings."""

import pytest

from functions.average.core.slopes import (
    Point,
    Slope,
    last_start,
    longest_stand,
    quantile,
    slope,
    spread,
    thinned,
    usual_step,
    without_spikes,
)


def points(*values: float, step: float = 100.0) -> list[Point]:
    """Return readings a step apart."""
    return [Point(number * step, value, number) for number, value in enumerate(values)]


def test_a_straight_line_has_its_slope_and_a_range_of_one_step() -> None:
    found = slope(points(10, 8, 6, 4, 2), 1.0)
    assert found == pytest.approx(Slope(-0.02, -0.02 - 1 / 400, -0.02 + 1 / 400))
    assert slope(points(10, 8, 6, 4, 2), 0.0) == pytest.approx(Slope(-0.02, -0.02, -0.02))


def test_a_constant_series_has_no_slope() -> None:
    assert slope(points(5, 5, 5, 5, 5), 1.0) == pytest.approx(Slope(0, -1 / 400, 1 / 400))


def test_an_outlier_does_not_bend_the_line_but_widens_its_range() -> None:
    found = slope(points(0, 1, 2, 90, 4, 5, 6, 7, 8), 0.0)
    assert found.middle == pytest.approx(0.01)
    assert found.low < 0 < 0.01 <= found.high


def test_only_pairs_a_third_of_the_distance_apart_count() -> None:
    found = slope(points(0, 0, 0, 0, 1, 1, 1, 1), 0.0)
    # 233 km apart or more are 15 pairs, of which 2 are on one step; of all 28 pairs 12 are
    assert found.middle == pytest.approx(1 / 500)
    assert (found.low, found.high) == pytest.approx((0, 1 / 300), abs=1e-9)
    exactly = slope([Point(0, 0), Point(100, 5), Point(300, 3)], 0.0)
    assert exactly.middle == pytest.approx(0.01), "a third of the distance is enough"


def test_the_quantiles_leave_out_a_tenth() -> None:
    steep = [Point(0, 0), Point(100, 1), Point(200, 2), Point(300, 9)]
    found = slope(steep, 0.0)
    # the slopes: 0.01 twice, 0.01 over two steps twice no less; 0.03, 0.035 and 0.07 with the last point
    slopes = sorted((0.01, 0.01, 0.07, 0.01, 0.04, 0.03))
    assert found.middle == pytest.approx((slopes[2] + slopes[3]) / 2)
    assert found.high == pytest.approx(slopes[4] + (slopes[5] - slopes[4]) * 0.75)


@pytest.mark.parametrize("one", [[], [Point(1, 1)], [Point(1, 1), Point(1, 9)]])
def test_without_a_distance_there_is_no_slope(one: list[Point]) -> None:
    with pytest.raises(ValueError, match="no distance"):
        slope(one, 1.0)


def test_duplicates_change_nothing() -> None:
    once = points(10, 8, 6, 4, 2)
    twice = [point for point in once for _ in range(2)]
    assert slope(twice, 1.0) == pytest.approx(slope(once, 1.0))


def test_quantiles_between_two_values() -> None:
    assert [quantile([1.0, 2.0, 4.0], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1.5, 2, 3, 4]
    assert quantile([7.0], 0.05) == 7


def test_thinning_keeps_both_ends_and_the_order() -> None:
    many = points(*range(1000))
    kept = thinned(many)
    assert len(kept) == 60
    assert (kept[0], kept[-1]) == (many[0], many[-1])
    assert [point.log for point in kept] == sorted({point.log for point in kept})
    assert thinned(many[:60]) == many[:60]
    assert len(thinned(many[:61])) == 60


def test_spikes_go_and_steps_stay() -> None:
    assert [p.y for p in without_spikes(points(744, 740, 0, 736, 735), 50)] == [744, 740, 736, 735]
    assert [p.y for p in without_spikes(points(80, 75, 1260, 1255), 50)] == [80, 75, 1260, 1255]
    assert [p.y for p in without_spikes(points(1, 1, 51, 1), 50)] == [1, 1, 51, 1], "as much as the tolerance is none"
    assert [p.y for p in without_spikes(points(0, 740, 735), 50)] == [0, 740, 735], "the first may be the truth"
    assert [p.y for p in without_spikes(points(744, 740, 0), 50)] == [744, 740, 0]
    steep = (60_000, 61_000, 62_000, 100, 1100, 2100)
    assert [p.y for p in without_spikes(points(*steep), 50)] == list(steep), "both sides of a step are steep"
    assert [p.y for p in without_spikes(points(0, 200, 120, 500), 50)] == [0, 200, 120, 500]
    assert [p.y for p in without_spikes(points(0, 100, 0, 500), 50)] == [0, 0, 500]
    assert [p.y for p in without_spikes(points(0, 100, 100), 50)] == [0, 100, 100]
    assert [p.y for p in without_spikes(points(0, 200, 100), 50)] == [0, 200, 100], "as far as its neighbours are apart"
    for few in ((), (7,), (7, 9000)):
        assert [p.y for p in without_spikes(points(*few), 50)] == list(few)


def test_the_last_reset_counts() -> None:
    def at(*values: float) -> int:
        return last_start(values, lambda before, after: after - before >= 50)

    assert at() == at(7) == at(9, 8, 7) == 0
    assert at(90, 80, 1200, 1190, 1239) == 2
    assert at(90, 140, 100, 150) == 3


def test_the_longest_stand() -> None:
    assert longest_stand([Point(500, 0), Point(600, 0)]) == 100
    assert longest_stand(points(1, 2, 3)) == 0
    assert longest_stand(points(1, 1, 2, 2, 2, 3)) == 200
    assert longest_stand(points(4, 4, 4)) == 200


def test_the_usual_step() -> None:
    assert usual_step([]) == usual_step(points(3)) == usual_step(points(3, 3, 3)) == 0
    assert usual_step(points(9, 9, 7, 7, 4, 5, 5)) == 2


def test_a_slope_over_the_least_distance() -> None:
    assert slope([Point(0, 0), Point(1, 2)], 0.0) == Slope(2, 2, 2)


def test_the_spread_around_a_line() -> None:
    assert spread(points(1, 2, 3, 4), 0.01) == pytest.approx(0)
    assert spread(points(1, 1, 5), 0.0) == 0
    assert spread(points(1, 3, 5), 0.0) == 2
    assert spread(points(11, 13, 15), 0.0) == 2
