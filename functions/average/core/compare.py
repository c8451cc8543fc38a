"""Before and after: two logs, or the logs of a car before and after work on it. What changed most comes first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from math import fsum, inf, sqrt
from statistics import median
from typing import Any, Final, NamedTuple

from faplog.contracts.average import TrendPoint
from faplog.contracts.comparison import (
    COMPARED,
    FAULTS,
    INTERRUPTED,
    MIN_LOGS,
    Better,
    Compared,
    Comparison,
    FigureCompared,
    Judgement,
    PeriodCompared,
    Value,
)
from faplog.contracts.figures import Outcome
from faplog.contracts.forecasts import Baseline
from faplog.contracts.limits import LIMITS, Code

from .average import average
from .baselines import is_after, read_notes
from .figures import ENGINE_ON, main_profile, mean_at, weights_of
from .reading import Json, Log, number, positive, section
from .reading import logs as read_logs
from .regens import Episode, episodes
from .trends import in_date_order, trends

MIN_FREEDOM: Final = 4
"""Degrees of freedom (values less their groups) from which on a scatter is known."""

STANDARD_ERRORS: Final = 3.0
"""A change counts from so many standard errors of the difference on: with some 25 figures, chance alone makes one in a
dozen comparisons show one."""

LEAST_SCATTER: Final = 0.5
"""A change below this share of the scatter from log to log does not matter, however many logs show it."""

FINE_SHARE: Final = 0.02
"""A change below this share of the gauge of its limits does not matter; of the value itself without limits."""

COARSE_SHARE: Final = 0.1
"""The same where the usual scatter is unknown."""

RATIOS: Final = (0.5, 1.5)
"""Injector corrections between these are ratios, for which there are limits; others are centred on 0."""

_INJECTION: Final = (Code.INJECTOR_CORRECTION, Code.INJECTOR_MEAN)

OF_REGENERATION: Final = {
    "fapRegen.duration_sec": "duration_sec",
    "fapRegen.fapTemp.avg_c": "temp_avg_c",
    "fapRegen.fapSoot.start_gl": "soot_start_gl",
}
"""Figures of an average that are plain means over regenerations, and their names in one."""

CONSUMPTION: Final = "fuelConsumption.overall.avg_l100km"
INTERVAL: Final = "fapRegen.previousRegen_km"

Weighted = Sequence[tuple[float, float]]
"""Values, each with its weight."""


class Sample(NamedTuple):
    """A figure of one side: its value, and what it was taken from; nothing for a counter, which does not scatter."""

    value: float | None
    seen: Weighted


class Side(NamedTuple):
    """The logs of one side in date order, and what is known of them together."""

    logs: Sequence[Log]
    average: Json
    regens: Sequence[Episode]
    profile: str | None
    points: Sequence[TrendPoint]
    """Of the logs of that profile."""
    is_before: bool


def compare_logs(items: Iterable[Any], before: str, after: str) -> Comparison:
    """Compare two logs.

    Args:
        items: Analyses, as in an `average.request`: the two, and others of the same car, which show the usual scatter.
        before: The id of the first.
        after: The id of the second.
    """
    pairs = _pairs(items)
    of = {log.id: (item, log) for item, log in pairs}
    one, other = (_side([of[name]] if name in of else []) for name in (before, after))
    alike = [pair for pair in pairs if pair[1].id not in (before, after) and pair[1].profile == one.profile]
    return _comparison(one, other, _side(alike), None, least=1)


def compare_around(items: Iterable[Any], note: Any, notes: Iterable[Any] = ()) -> Comparison:
    """Compare the logs of a car before and after work on it. Logs without a date are in neither period.

    The period before begins after the note of the same kind before it, if there is one, and that after ends at the
    next.

    Args:
        items: Analyses, as in an `average.request`.
        note: The note.
        notes: All notes of the car that are done; what is no such note is left out.

    Raises:
        ValueError: The note has no date.
    """
    found = read_notes([note])
    if not found:
        raise ValueError("not a note of work that is done")
    work = found[0]
    same = [one for one in read_notes(notes) if one.kind is work.kind]
    last = max((one for one in same if one.date < work.date), key=_day, default=None)
    following = min((one for one in same if one.date > work.date), key=_day, default=None)
    earlier, later = [], []
    for item, log in _pairs(items):
        if log.date is None:
            continue
        if _is_after(work, log):
            if following is None or not _is_after(following, log):
                later.append((item, log))
        elif last is None or _is_after(last, log):
            earlier.append((item, log))
    return _comparison(_side(earlier, is_before=True), _side(later), _side([]), work, least=MIN_LOGS)


def _day(note: Baseline) -> str:
    return note.date


def _is_after(note: Baseline, log: Log) -> bool:
    return is_after(note, log.date, number(section(log.analysis, "fap", "life").get("life_km")))


def _pairs(items: Iterable[Any]) -> list[tuple[Any, Log]]:
    """Return the items that are analyses, each with its log."""
    return [(item, log) for item in items for log in read_logs([item])]


def _side(pairs: Sequence[tuple[Any, Log]], *, is_before: bool = False) -> Side:
    """Return a side of the comparison: its last reading of a counter is the nearest to the work if it is before it."""
    items = [item for item, _ in pairs]
    logs = in_date_order([log for _, log in pairs])
    regens = episodes(logs)
    profile = main_profile(logs, weights_of(logs)[ENGINE_ON])
    points = trends(logs, regens).get(profile or "", [])
    return Side(logs, average(items).model_dump(), regens, profile, points, is_before)


def _comparison(before: Side, after: Side, others: Side, work: Baseline | None, *, least: int) -> Comparison:
    enough = min(len(before.logs), len(after.logs)) >= least
    figures = [_compared(one, before, after, others, enough=enough) for one in COMPARED.values()]
    known = [one for one in figures if one.before is not None or one.after is not None]
    known.sort(key=lambda one: -inf if one.size is None else one.size, reverse=True)
    return Comparison(
        before=_period(before),
        after=_period(after),
        kind=None if work is None else work.kind,
        date=None if work is None else work.date,
        enough=enough,
        figures=known,
    )


def _period(side: Side) -> PeriodCompared:
    dates = sorted(log.date for log in side.logs if log.date)
    return PeriodCompared(
        logs=len(side.logs),
        distance_km=side.average["overall"]["distance_km"],
        from_=dates[0] if dates else None,
        to=dates[-1] if dates else None,
        profile=side.profile,
    )


def _compared(one: Compared, before: Side, after: Side, others: Side, *, enough: bool) -> FigureCompared:
    first, second, rest = (sample(one, side) for side in (before, after, others))
    scatter = usual_scatter([first, second, rest])
    judgement, size, change = Judgement.NEITHER, None, None
    if first.value is not None and second.value is not None:
        change = second.value - first.value
        matters, threshold = _yardstick(one, first, second, scatter)
        size = abs(change) / matters
        comparable = not one.per_profile or before.profile == after.profile
        if enough and comparable:
            judgement = judge(one, first.value, second.value, clear=_clear(abs(change), threshold))
    return FigureCompared(
        key=one.key,
        unit=one.unit,
        value=one.value,
        before=first.value,
        after=second.value,
        change=None if change is None else round(change, 6),
        better=one.better,
        judgement=judgement,
        size=None if size is None else round(size, 2),
        scatter=None if scatter is None else round(scatter, 4),
    )


def _clear(change: float, threshold: float) -> bool:
    """Return whether a change reaches a threshold, allowing for rounding errors such as that of 0.3."""
    return round(change, 9) >= round(threshold, 9)


def _yardstick(one: Compared, before: Sample, after: Sample, scatter: float | None) -> tuple[float, float]:
    """Return the unit that a change is measured in, and the smallest change that counts."""
    step = 10.0**-one.decimals
    share = COARSE_SHARE if scatter is None else FINE_SHARE
    if one.code is None:
        whole = max(abs(before.value or 0), abs(after.value or 0))
    else:
        low, high = LIMITS[one.code].scale
        whole = (high - low) * one.per_unit
    matters = max(step, whole * share)
    if scatter is None:
        return matters, matters
    error = scatter * sqrt(1 / _count(before.seen) + 1 / _count(after.seen))
    return max(scatter, matters), max(STANDARD_ERRORS * error, LEAST_SCATTER * scatter, matters)


def _count(seen: Weighted) -> float:
    """Return how many values of equal weight say as much as these (L. Kish 1965)."""
    total = fsum(weight for _, weight in seen)
    return total**2 / fsum(weight**2 for _, weight in seen) if seen else 1.0


def usual_scatter(samples: Sequence[Sample]) -> float | None:
    """Return the standard deviation from log to log within the samples together; None with too few values."""
    squares, freedom = 0.0, 0
    for _, seen in samples:
        if len(seen) < 2:
            continue
        total = fsum(weight for _, weight in seen)
        mean = fsum(value * weight for value, weight in seen) / total
        squares += fsum(weight * (value - mean) ** 2 for value, weight in seen) / total * len(seen)
        freedom += len(seen) - 1
    return sqrt(squares / freedom) if freedom >= MIN_FREEDOM else None


def judge(one: Compared, before: float, after: float, *, clear: bool) -> Judgement:
    """Return what a change means.

    Args:
        one: The figure.
        before: Its value before.
        after: Its value after.
        clear: Whether the change is more than chance, and enough to matter.
    """
    better = one.better
    if one.code in _INJECTION and not all(RATIOS[0] <= value <= RATIOS[1] for value in (before, after)):
        better = Better.NEITHER
    if better is Better.NEITHER:
        return Judgement.NEITHER
    if not clear:
        return Judgement.SIMILAR
    if one.floor is not None and (off := _off(one.floor, before, one) - _off(one.floor, after, one)):
        return Judgement.BETTER if off > 0 else Judgement.WORSE
    if better is Better.INSIDE:
        assert one.code is not None
        off = _off(one.code, before, one) - _off(one.code, after, one)
        return Judgement.NEITHER if off == 0 else Judgement.BETTER if off > 0 else Judgement.WORSE
    return Judgement.BETTER if (after < before) == (better is Better.LOWER) else Judgement.WORSE


def _off(code: Code, value: float, one: Compared) -> float:
    """Return how far a value is beyond the `watch` limit of a finding; 0 on the good side."""
    limit, at = LIMITS[code], value / one.per_unit
    if isinstance(limit.watch, tuple):
        return max(limit.watch[0] - at, at - limit.watch[1], 0.0)
    return max(at - limit.watch if _BAD_IS_HIGH[code] else limit.watch - at, 0.0)


_BAD_IS_HIGH: Final = {code: limit.bad.startswith(">") for code, limit in LIMITS.items()}


def sample(one: Compared, side: Side) -> Sample:
    """Return a figure of one side; a value of None where no log knows it."""
    match one.value:
        case Value.NEAREST:
            return Sample(_nearest(one.key, side), ())
        case Value.MEDIAN:
            values = [value for point in side.points if (value := getattr(point, one.key)) is not None]
            return Sample(median(values) if values else None, [(value, 1.0) for value in values])
        case Value.AVERAGE:
            seen = _seen(one.key, side)
            if one.key == INTERRUPTED:
                mean = fsum(value for value, _ in seen) / len(seen) if seen else None
                return Sample(None if mean is None else round(mean, 1), seen)
            return Sample(number(_at(side.average, one.key.split("."))), seen)


def _nearest(key: str, side: Side) -> float | None:
    """Return the reading nearest to the work."""
    if key == FAULTS:
        known = [number(section(log.analysis, "engine").get("errors")) for log in side.logs]
    else:
        known = [getattr(point, key) for point in side.points]
    return next((value for value in (reversed(known) if side.is_before else known) if value is not None), None)


def _seen(key: str, side: Side) -> Weighted:
    """Return what an average was taken over: the value of each log, or of each regeneration, and its weight."""
    if key in _FROM_REGENERATIONS:
        read = _FROM_REGENERATIONS[key]
        return [(value, 1.0) for episode in side.regens if (value := read(episode)) is not None]
    if key == CONSUMPTION:
        return [pair for log in side.logs if (pair := _consumption(log)) is not None]
    path = tuple(key.split("."))
    figure = mean_at(path)
    if figure is None:
        return ()
    weights = weights_of(side.logs)[figure.weight]
    values = (number(_at(log.analysis, figure.source or path)) for log in side.logs)
    return [
        (value, weight)
        for value, weight in zip(values, weights, strict=True)
        if value is not None and weight is not None
    ]


def _consumption(log: Log) -> tuple[float, float] | None:
    litres = number(section(log.analysis, "fuelConsumption", "overall").get("total_l"))
    km = positive(section(log.analysis, "overall").get("distance_km"))
    return None if litres is None or km is None else (litres * 100 / km, km)


def _of_regeneration(name: str) -> Callable[[Episode], float | None]:
    return lambda episode: number(episode.figures.get(name))


_OUTCOMES: Final[Mapping[Outcome, float]] = {Outcome.COMPLETE: 0.0, Outcome.ABORTED: 100.0}

_FROM_REGENERATIONS: Final[Mapping[str, Callable[[Episode], float | None]]] = {
    INTERVAL: lambda episode: episode.interval_km,
    INTERRUPTED: lambda episode: _OUTCOMES.get(episode.outcome),
    **{key: _of_regeneration(name) for key, name in OF_REGENERATION.items()},
}


def _at(tree: Any, path: Sequence[str]) -> Any:
    """Return what is at a path, or None."""
    return reduce(lambda node, name: node.get(name) if type(node) is dict else None, path, tree)
