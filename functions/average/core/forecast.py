"""When additive, ash, oil and restriction reach their limits: a range of kilometres and of dates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, inf
from statistics import median
from typing import Final, NamedTuple

from faplog.contracts.average import TrendPoint
from faplog.contracts.catalogue import WORDS, quantity
from faplog.contracts.forecasts import Baseline, Basis, Forecast, Forecasts, Reach
from faplog.contracts.limits import LIMITS, Bad, Code, Limit

from .baselines import Baselines, is_after
from .health import RECENT
from .reading import Log, driven_after
from .slopes import (
    Point,
    Slope,
    at_equal_soot,
    last_start,
    longest_stand,
    slope,
    spread,
    thinned,
    usual_step,
    without_spikes,
)

MIN_POINTS: Final = 5
MIN_KM: Final = 300.0
WINDOW_KM: Final = 30_000.0
"""Distance of readings that count; older ones say little about how the car is driven now."""

HORIZON_KM: Final = 200_000.0
"""The furthest end of a range."""

RATE_CHANGE: Final = 0.2
"""The least share by which a future rate (per km, or km per day) may differ from the past one: winters, other trips,
other drivers. An educated guess, compared with simulated lives (docs/accuracy.md)."""

ODOMETER_FALLS_KM: Final = 50.0
"""The odometer on a filter does not go back by more than this, unless the filter is new."""

PACE_DAYS: Final = 365
MIN_PACE_DAYS: Final = 14
"""Kilometres per day are taken over the last year, and over at least two weeks."""

LEAST_RATE: Final = 1e-7
"""Change per km below which nothing changes: 0.001 in 10,000 km."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is forecast.

    Attributes:
        code: The finding whose limits it reaches.
        read: Its reading in a log.
        quantum: Least step between two values. A counter may move in larger ones: additive is added at a refuelling.
        reset: Least jump against its course that is a reset; a single reading further off than this is an outlier.
        is_counter: Whether its latest reading is its value; else it varies from log to log.
        of_filter: Whether a new filter resets it.
        rises_with_soot: Whether it rises with the soot in the filter, so that its course is that at equal soot.
    """

    code: Code
    read: Callable[[TrendPoint], int | float | None]
    quantum: float
    reset: float
    is_counter: bool
    of_filter: bool
    rises_with_soot: bool = False


ADDITIVE: Final = Figure(Code.ADDITIVE_REMAINING, lambda point: point.additive_ml, 1.0, 50.0, True, False)
ASH: Final = Figure(Code.ASH_SHARE, lambda point: point.ash_perc, 1.0, 5.0, True, True)
OIL_DILUTION: Final = Figure(Code.OIL_DILUTION, lambda point: point.oilDilution_perc, 1.0, 3.0, False, False)
RESTRICTION: Final = Figure(
    Code.RESTRICTION_HIGH, lambda point: point.kv, 0.001, inf, False, True, rises_with_soot=True
)


class Odometer(NamedTuple):
    """The distance driven, log by log.

    Attributes:
        km: By index of the log, of the last 30,000 km; it goes on where a new filter begins at 0. Logs that do not know
            it are missing.
        restart: Index of the first log on the present filter, as far as the odometer shows it; 0 where it never fell.
    """

    km: Mapping[int, float]
    restart: int


class Readings(NamedTuple):
    """The readings of one figure, and from when on they count."""

    points: Sequence[Point]
    logs: Sequence[TrendPoint]
    basis: Basis
    since: str | None


class Car(NamedTuple):
    """The base of dates: the date of the last log, and the kilometres per day."""

    last_day: date | None
    km_per_day: Slope | None


def forecasts(
    logs: Sequence[Log],
    trends: Mapping[str, Sequence[TrendPoint]],
    baselines: Baselines,
    soot_gl: Sequence[float | None],
) -> Forecasts | None:
    """Return the forecasts of the car as the profile of its last log knows it; None without a log.

    Args:
        logs: All logs, in date order.
        trends: The points of each profile's logs, in the same order.
        baselines: By finding, the last note that resets it.
        soot_gl: Soot load at the start of each log of the last one's profile.
    """
    if not logs:
        return None
    profile = logs[-1].profile
    points = trends[profile]
    odometer = read_odometer(points)
    car = Car(_day(logs[-1].date), km_per_day(points, odometer))
    now = 0.0
    if odometer.km:
        latest = max(odometer.km)
        indexes = [index for index, log in enumerate(logs) if log.profile == profile]
        now = odometer.km[latest] + driven_after(logs, indexes[latest])

    def forecast(figure: Figure) -> Forecast | None:
        return _forecast(figure, readings(figure, points, odometer, baselines.get(figure.code)), soot_gl, now, car)

    return Forecasts(
        additive=forecast(ADDITIVE),
        ash=forecast(ASH),
        oil_dilution=forecast(OIL_DILUTION),
        restriction=forecast(RESTRICTION),
    )


def read_odometer(points: Sequence[TrendPoint]) -> Odometer:
    """Return the odometer on the filter as one distance that never falls, over the last 30,000 km.

    A single reading that stands out from its neighbours is left out. Where the odometer falls, a new filter begins:
    the distance goes on from there.
    """
    known = [Point(index, point.filter_km, index) for index, point in enumerate(points) if point.filter_km is not None]
    km: dict[int, float] = {}
    restart, offset, before, furthest = 0, 0.0, -inf, 0.0
    for _, reading, index in without_spikes(known, ODOMETER_FALLS_KM):
        if reading < before - ODOMETER_FALLS_KM:
            restart, offset = index, furthest - reading
        before = reading
        furthest = max(furthest, reading + offset)
        km[index] = furthest
    return Odometer({index: at for index, at in km.items() if at >= furthest - WINDOW_KM}, restart)


def readings(figure: Figure, points: Sequence[TrendPoint], odometer: Odometer, note: Baseline | None) -> Readings:
    """Return a figure's readings since its last reset: by a note, a new filter, or a jump of its own."""
    known = []
    for index, km in odometer.km.items():
        point, value = points[index], figure.read(points[index])
        if value is not None and (note is None or is_after(note, point.date, point.filter_km)):
            known.append(Point(km, value, index))
    kept = without_spikes(known, figure.reset)
    basis, since = (Basis.ALL_LOGS, None) if note is None else (Basis.SINCE_NOTE, note.date)
    start = last_start([point.y for point in kept], lambda before, after: _is_reset(figure, before, after))
    if figure.of_filter:
        start = max(start, sum(point.log < odometer.restart for point in kept))
    if start and (kept := kept[start:]):
        basis, since = Basis.SINCE_RESET, points[kept[0].log].date
    return Readings(kept, [points[point.log] for point in kept], basis, since)


def _is_reset(figure: Figure, before: float, after: float) -> bool:
    return _away(LIMITS[figure.code], after - before) >= figure.reset


def _away(limit: Limit, change: float) -> float:
    """Return a change as one away from the limit: positive where the value got better."""
    return change if limit.bad in (Bad.AT_OR_BELOW, Bad.BELOW) else -change


def km_per_day(points: Sequence[TrendPoint], odometer: Odometer) -> Slope | None:
    """Return the distance driven per day in the last year; None with fewer than 5 logs or 14 days."""
    known = [
        Point(day.toordinal(), km) for index, km in odometer.km.items() if (day := _day(points[index].date)) is not None
    ]
    if known:
        known = [point for point in known if point.x >= known[-1].x - PACE_DAYS]
    if len(known) < MIN_POINTS or known[-1].x - known[0].x < MIN_PACE_DAYS:
        return None
    return widened(slope(known, 1.0), RATE_CHANGE)


def _forecast(
    figure: Figure, given: Readings, soot_gl: Sequence[float | None], now: float, car: Car
) -> Forecast | None:
    points = given.points
    if len(points) < MIN_POINTS or points[-1].x - points[0].x < MIN_KM:
        return None
    step = max(figure.quantum, usual_step(points) / 2) if figure.is_counter else figure.quantum
    used = thinned(points)
    if figure.rises_with_soot:
        used = _at_equal_soot(used, soot_gl)
    change = widened(slope(used, step), RATE_CHANGE)
    limit = LIMITS[figure.code]
    value = points[-1].y if figure.is_counter else median(point.y for point in points[-RECENT:])
    off = figure.quantum if figure.is_counter else figure.quantum + spread(used, change.middle)
    stand = longest_stand(points) if figure.is_counter else 0.0
    gone = now - points[-1].x

    def reach(bound: object) -> Reach | None:
        if not isinstance(bound, int | float):
            return None
        distance = _away(limit, value - bound)
        if distance <= 0:
            return _reach(bound, REACHED, car)
        span = km_to(distance, _towards(limit, change), off, stand)
        return None if span is None else _reach(bound, Span(span.low - gone, max(1.0, span.high - gone)), car)

    dates = [log.date for log in given.logs if log.date]
    watch, act = reach(limit.watch), reach(limit.act)
    return Forecast(
        code=figure.code,
        value=round(value, 3),
        unit=limit.unit,
        per_1000km=round(change.middle * 1000, 4),
        per_1000km_low=round(change.low * 1000, 4),
        per_1000km_high=round(change.high * 1000, 4),
        count=len(used),
        km=round(points[-1].x - points[0].x),
        from_=dates[0] if dates else None,
        to=dates[-1] if dates else None,
        basis=given.basis,
        since=given.since,
        watch=watch,
        act=act,
        text=_sentences(figure.code, value, change, [one for one in (watch, act) if one is not None]),
    )


def _at_equal_soot(points: Sequence[Point], soot_gl: Sequence[float | None]) -> list[Point]:
    values = at_equal_soot([point.y for point in points], [soot_gl[point.log] for point in points])
    return [point._replace(y=value) for point, value in zip(points, values, strict=True)]


def widened(found: Slope, share: float) -> Slope:
    """Return the slope with a range that is at least this share of its middle to each side."""
    off = abs(found.middle) * share
    return Slope(found.middle, min(found.low, found.middle - off), max(found.high, found.middle + off))


class Span(NamedTuple):
    """A range of kilometres; `high` is infinite where it is open, and 0 only where the limit has been reached."""

    low: float
    high: float


REACHED: Final = Span(0.0, 0.0)


def _towards(limit: Limit, change: Slope) -> Slope:
    """Return the change per km towards the limit, the slowest in `low` and the fastest in `high`."""
    if limit.bad in (Bad.AT_OR_BELOW, Bad.BELOW):
        return Slope(-change.middle, -change.high, -change.low)
    return change


def km_to(distance: float, towards: Slope, off: float, stand: float) -> Span | None:
    """Return after how many km a limit is reached; None where the value is not on its way there.

    Args:
        distance: From the value to the limit, above 0.
        towards: Change per km towards the limit: its slowest in `low`, its fastest in `high`.
        off: The error of the value.
        stand: Over how many km the reading may stand still before its next step.
    """
    if towards.middle < LEAST_RATE:
        return None
    slack = max(stand, off / towards.middle)
    high = distance / towards.low + slack if towards.low >= LEAST_RATE else inf
    return Span(distance / towards.high - slack, high)


def _reach(bound: float, km: Span, car: Car) -> Reach | None:
    low, high = max(0.0, km.low), km.high
    if low > HORIZON_KM or (low == 0 and high > HORIZON_KM):  # any distance is no forecast
        return None
    pace = car.km_per_day
    return Reach(
        limit=bound,
        km_low=floor(low),
        km_high=ceil(high) if high <= HORIZON_KM else None,
        date_low=_date(car.last_day, low, pace and pace.high, floor),
        date_high=_date(car.last_day, high, pace and pace.low, ceil),
    )


def _date(start: date | None, km: float, km_per_day: float | None, rounded: Callable[[float], int]) -> str | None:
    """Return the day on which so many km are driven; None where that is not known or the range is open."""
    if start is None or km > HORIZON_KM:
        return None
    if km <= 0:
        return start.isoformat()
    if km_per_day is None or km_per_day <= LEAST_RATE:
        return None
    try:
        return (start + timedelta(days=rounded(km / km_per_day))).isoformat()
    except OverflowError:
        return None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _sentences(code: Code, value: float, change: Slope, reached: Sequence[Reach]) -> str:
    """Return a forecast as English sentences."""
    unit = LIMITS[code].unit
    rate = quantity(abs(change.middle) * 1000, unit)
    course = (
        "not changing" if rate.startswith("0 ") else f"{rate} {'more' if change.middle > 0 else 'less'} per 1,000 km"
    )
    parts = [f"{WORDS[code].title}: {quantity(value, unit)}, {course}."]
    parts += [f"{quantity(one.limit, unit)} {_reach_in_words(one)}." for one in reached]
    return " ".join(parts)


def _reach_in_words(reach: Reach) -> str:
    if reach.km_high == 0:
        return "has been reached"
    if reach.km_high is None:
        day = f", {reach.date_low}" if reach.date_low else ""
        return f"in {reach.km_low:,} km at the earliest{day}"
    days = f" ({reach.date_low} to {reach.date_high})" if reach.date_low and reach.date_high else ""
    return f"in {reach.km_low:,} to {reach.km_high:,} km{days}"
