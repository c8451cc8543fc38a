"""The short form of the forecasts' benchmark, and its counting."""

from datetime import date
from itertools import chain

import pytest

from accuracy.document import forecast_table
from accuracy.forecast import HOLDS, Figure, ForecastCase, cases, real_analysis, rows, short_analysis
from faplog.contracts.forecasts import Reach
from faplog.synthetic.life import life
from functions.average.core import average

SHORT_SPANS = (3000, 30_000)


def test_ranges_hold_the_true_kilometre() -> None:
    found = list(chain.from_iterable(cases(seed, SHORT_SPANS) for seed in range(2000, 2040)))
    made = [one for one in found if one.forecast is not None]
    assert len(made) > 200
    for figure in ("additive", "ash"):
        of_figure = [one for one in made if one.figure == figure]
        assert sum(one.holds for one in of_figure) >= HOLDS * len(of_figure)
    closed = [one for one in made if one.forecast is not None and one.forecast.km_high is not None]
    assert len(closed) > len(made) / 2, "a range without an end would hold anything"
    assert {one.holds for one in made} == {True, False}, "a range that always holds is too wide"


def test_counters_that_were_written_and_analysed_give_the_same_forecast() -> None:
    car = life(4)
    history = [one for one in car.readings if 9000 < one.driven_km < 15_000 and one.filter_km is not None][:12]
    short = average([short_analysis(car, one) for one in history]).forecast
    real = average([real_analysis(car, one) for one in history]).forecast
    assert short is not None
    assert real is not None
    assert short.additive is not None
    assert real.additive is not None
    assert real.additive.count == short.additive.count == len(history)
    assert real.additive.value == short.additive.value
    assert real.additive.per_1000km == pytest.approx(short.additive.per_1000km, rel=0.01)
    assert (real.ash is None) is (short.ash is None)


def case(reach: tuple[int, int | None] | None, true_km: float = 100, figure: Figure = "additive") -> ForecastCase:
    range_ = reach and Reach(limit=300, km_low=reach[0], km_high=reach[1], date_low="2025-03-01", date_high=None)
    return ForecastCase(1, figure, 300, 1000, true_km, date(2025, 3, 1), range_, is_real=True)


@pytest.mark.parametrize(
    ("reach", "holds"),
    [((50, 150), True), ((100, 100), True), ((101, 150), False), ((50, 99), False), ((50, None), True), (None, False)],
)
def test_what_holds(reach: tuple[int, int | None] | None, holds: bool) -> None:
    assert case(reach).holds is holds


def test_days_hold_as_kilometres_do() -> None:
    assert case((1, 2)).holds_day
    early = ForecastCase(1, "ash", 80, 1000, 100, date(2025, 2, 28), case((1, 2)).forecast, is_real=False)
    assert not early.holds_day
    assert not case(None).holds_day


def test_a_row_counts_what_was_forecast() -> None:
    (row,) = rows([case((50, 150)), case((101, 150)), case((60, None)), case(None)])
    assert (row.cases, row.made, row.holds) == (4, 3, 2 / 3)
    assert row.opened == pytest.approx(1 / 3)
    assert row.half_width == pytest.approx((0.5 + 0.245) / 2)
    assert row.missed()
    (good,) = rows([case((50, 150))] * 9 + [case((101, 150))])
    assert not good.missed()
    table = forecast_table([row], [case((50, 150)), case(None)])
    assert "| additive | 300 ml | 1,000 | 3 of 4 | 67 % | 100 % | 33 % | ± 37 % | misses |" in table
    assert "Of 1 forecasts from logs that were written and analysed, 1 hold." in table


def test_without_a_forecast_no_share_is_claimed() -> None:
    (row,) = rows([case(None)])
    assert (row.made, row.half_width) == (0, None)
