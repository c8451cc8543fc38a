"""Forecasts against the truth: do the ranges hold the kilometre at which a simulated car reaches its limit?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from statistics import median
from typing import Any, Final, Literal

from faplog.contracts.forecasts import Forecast, Reach
from faplog.contracts.limits import Code
from faplog.synthetic.life import Life, Reached, Reading, life
from functions.analyse.core.analysis import analyse, read
from functions.average.core import average

Json = dict[str, Any]
Figure = Literal["additive", "ash"]
FIGURES: Final[tuple[Figure, ...]] = ("additive", "ash")
CODES: Final[dict[Figure, Code]] = {"additive": Code.ADDITIVE_REMAINING, "ash": Code.ASH_SHARE}
LIMITS: Final[dict[Figure, tuple[int, int]]] = {"additive": (300, 100), "ash": (80, 100)}
"""Watch and act."""

SPANS_KM: Final = (1000, 3000, 10_000, 30_000)
"""Distances that the logs of a car cover."""

MOST_LOGS: Final = 400
"""Logs of a history, the newest."""

REAL_EVERY: Final = 10
REAL_SPAN_KM: Final = 10_000
REAL_LOGS: Final = 40
"""Of every n-th car a history of that length is thinned to so many logs, which are written, analysed and averaged. Of
the others the counters go straight to the average."""

SERVICE_EVERY: Final = 3
"""Every n-th car had a new filter and a full tank within its history; every other one of these has a note of it."""

HOLDS: Final = 0.9
"""Share of the ranges that must hold the truth."""

SERVICED: Final = ("filter_replaced", "additive_refilled")


@dataclass(frozen=True)
class ForecastCase:
    """One limit of one car, seen from the end of one history."""

    seed: int
    figure: Figure
    limit: int
    span_km: int
    true_km: float
    """From the last log to the limit."""
    true_day: date
    forecast: Reach | None
    is_real: bool
    """Whether the logs were written and analysed."""

    @property
    def holds(self) -> bool:
        """Whether the range holds the true kilometre; an open one holds all from its beginning on."""
        range_ = self.forecast
        return range_ is not None and (
            range_.km_low <= self.true_km and (range_.km_high is None or self.true_km <= range_.km_high)
        )

    @property
    def holds_day(self) -> bool:
        """Whether the dates hold the true day."""
        range_ = self.forecast
        return (
            range_ is not None
            and (range_.date_low is None or range_.date_low <= self.true_day.isoformat())
            and (range_.date_high is None or self.true_day.isoformat() <= range_.date_high)
        )


@dataclass(frozen=True)
class ForecastRow:
    """All cars' cases of one limit and span."""

    figure: Figure
    limit: int
    span_km: int
    cases: int
    made: int
    """Cases with a forecast: the value was seen to move towards its limit."""
    holds: float
    opened: float
    """Share of the forecasts whose range has no end."""
    half_width: float | None
    """Median of half the width of the closed ranges, as a share of the true distance."""
    holds_day: float

    def missed(self) -> bool:
        """Return whether too few ranges hold the truth."""
        return self.holds < HOLDS


def cases(seed: int, spans: Sequence[int] = SPANS_KM) -> list[ForecastCase]:
    """Let one car live, and forecast from the end of histories of each length."""
    car = life(seed, LIMITS["additive"], LIMITS["ash"])
    random = Random(f"forecast/{seed}")
    found: list[ForecastCase] = []
    for span in spans:
        for figure in FIGURES:
            truth = car.additive if figure == "additive" else car.ash
            found += _cases(car, figure, truth, span, random)
    return found


def _cases(car: Life, figure: Figure, truth: dict[int, Reached], span: int, random: Random) -> list[ForecastCase]:
    watch, _ = LIMITS[figure]
    was_serviced = car.seed % SERVICE_EVERY == 0
    last_km = truth[watch].km
    if last_km <= span:
        return []
    ends = [one.driven_km for one in car.readings if span <= one.driven_km < last_km]
    if not ends:
        return []
    end = ends[0] if was_serviced else random.choice(ends)
    history = [one for one in car.readings if end - span <= one.driven_km <= end][-MOST_LOGS:]
    is_real = car.seed % REAL_EVERY == 0 and span == REAL_SPAN_KM
    if is_real:
        history = history[:: -(-len(history) // REAL_LOGS)]
    analyses = [real_analysis(car, one) if is_real else short_analysis(car, one) for one in history]
    notes: list[Json] = []
    if was_serviced:
        first = history[0].day
        analyses = [*_before_the_service(car, first), *analyses]
        if car.seed % 2:
            notes = [{"kind": kind, "onDate": first.isoformat()} for kind in SERVICED]
    found = average(analyses, notes).forecast
    made: Forecast | None = getattr(found, figure)
    reaches = {} if made is None else dict(zip(LIMITS[figure], (made.watch, made.act), strict=True))
    return [
        ForecastCase(
            seed=car.seed,
            figure=figure,
            limit=limit,
            span_km=span,
            true_km=reached.km - history[-1].driven_km,
            true_day=reached.day,
            forecast=reaches.get(limit),
            is_real=is_real,
        )
        for limit, reached in truth.items()
    ]


def real_analysis(car: Life, reading: Reading) -> Json:
    """Write a log of that day, and return its analysis."""
    return analyse(read(car.log(reading)), car.profile)


def short_analysis(car: Life, reading: Reading) -> Json:
    """Return the part of an analysis that forecasts are made from."""
    return {
        "overall": {"date": {"date": reading.day.isoformat(), "start": "08:00:00"}},
        "fap": {
            "life": {"life_km": reading.filter_km},
            "additive": {"vol_ml": 1260, "remain_ml": reading.additive_ml},
            "deposits": {"percentage_perc": reading.ash_perc},
        },
        "quality": {"profile": car.profile},
    }


def _before_the_service(car: Life, first: date) -> list[Json]:
    """Return logs of the old filter, full of ash, and of a tank that was nearly empty."""
    return [
        short_analysis(car, Reading(first - timedelta(days=30 - number), 160_000 + 120 * number, 90 - number, 96, 0.0))
        for number in range(10)
    ]


def rows(found: Iterable[ForecastCase]) -> list[ForecastRow]:
    """Count the cases by limit and span."""
    groups: dict[tuple[Figure, int, int], list[ForecastCase]] = {}
    for one in found:
        groups.setdefault((one.figure, one.limit, one.span_km), []).append(one)
    order = [(figure, span, limit) for figure in FIGURES for span in SPANS_KM for limit in LIMITS[figure]]
    return [
        _counted(*key, groups[key]) for key in sorted(groups, key=lambda key: order.index((key[0], key[2], key[1])))
    ]


def _counted(figure: Figure, limit: int, span: int, group: Sequence[ForecastCase]) -> ForecastRow:
    made = [one for one in group if one.forecast is not None]
    closed = [
        (one.forecast.km_high - one.forecast.km_low) / 2 / max(one.true_km, 1.0)
        for one in made
        if one.forecast is not None and one.forecast.km_high is not None
    ]
    share = max(len(made), 1)
    return ForecastRow(
        figure=figure,
        limit=limit,
        span_km=span,
        cases=len(group),
        made=len(made),
        holds=sum(one.holds for one in made) / share,
        opened=1 - len(closed) / share,
        half_width=median(closed) if closed else None,
        holds_day=sum(one.holds_day for one in made) / share,
    )
