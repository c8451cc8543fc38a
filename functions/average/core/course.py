"""Whether the filter is getting worse, from the trends since their baselines.

A figure counts as changed where both hold: its median slope (Theil-Sen) makes out more than its threshold, and the
order of its readings is unlikely to be chance (Mann-Kendall). Ash only ever rises, so it is worse from its `watch`
limit on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Final, NamedTuple

from faplog.contracts.average import TrendPoint
from faplog.contracts.course import Change, Course, Direction, Watched
from faplog.contracts.figures import Outcome
from faplog.contracts.findings import TrendFinding
from faplog.contracts.limits import Code, Severity

from .baselines import Baselines, is_after
from .reading import LEAST
from .slopes import MOST_POINTS, at_equal_soot

MIN_READINGS: Final = 5
"""Least number of readings for a trend; fewer can be in order by chance."""

CHANCE_Z: Final = 1.96
"""Standard score of the Mann-Kendall statistic beyond which an order is chance in 5 of 100 cases."""

Read = Callable[[TrendPoint], int | float | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that is watched.

    Attributes:
        name: The figure.
        baseline: The finding whose baseline it shares.
        findings: Findings that say by themselves that it is worse.
        reads: How to read it from a log; the first with enough readings is used.
        threshold_perc: Change that counts, in per cent of the first value.
        floor: Least first value that the change is taken relative to, so that 2 mbar after 1 mbar is not a doubling.
        is_bad_rising: Whether a higher value is worse.
        rises_with_soot: Which readings rise with the soot in the filter: they are compared at equal soot.
    """

    name: Watched
    baseline: Code
    findings: frozenset[Code]
    reads: Sequence[Read]
    threshold_perc: float
    floor: float
    is_bad_rising: bool = True
    rises_with_soot: frozenset[Read] = frozenset()


def _burned_out_kv(point: TrendPoint) -> int | float | None:
    return point.kv_afterRegen if point.outcome is Outcome.COMPLETE else None


def _kv(point: TrendPoint) -> int | float | None:
    return point.kv


def _idle_pressure(point: TrendPoint) -> int | float | None:
    return point.pressure_idle_mbar


FIGURES: Final = (
    Figure(
        Watched.RESTRICTION,
        Code.RESTRICTION_RISE,
        frozenset({Code.RESTRICTION_RISE}),
        (_burned_out_kv, _kv),
        20.0,
        0.05,
        rises_with_soot=frozenset({_kv}),
    ),
    Figure(
        Watched.IDLE_PRESSURE,
        Code.IDLE_PRESSURE,
        frozenset(),
        (_idle_pressure,),
        30.0,
        5.0,
        rises_with_soot=frozenset({_idle_pressure}),
    ),
    Figure(
        Watched.SOOT_RATE,
        Code.INTERVAL_DROP,
        frozenset(),
        (lambda point: point.sootRate_gl100km,),
        40.0,
        0.2,
    ),
    Figure(
        Watched.REGEN_INTERVAL,
        Code.INTERVAL_DROP,
        frozenset({Code.INTERVAL_DROP}),
        (lambda point: point.interval_km,),
        30.0,
        50.0,
        is_bad_rising=False,
    ),
)
"""Restriction and interval have the thresholds of their findings. The idle pressure varies more with the soot in the
filter, and the soot rate with season and trips."""


class History(NamedTuple):
    """The points of one profile in date order, the soot load of each, and the baselines."""

    points: Sequence[TrendPoint]
    soot_gl: Sequence[float | None]
    since: Baselines


def course(
    points: Sequence[TrendPoint],
    findings: Sequence[TrendFinding],
    profile: str,
    since: Baselines,
    soot_gl: Sequence[float | None],
) -> Course | None:
    """Return whether the filter is getting worse; None without a log.

    Args:
        points: The points of the profile of the last log, in date order.
        findings: The findings over all logs.
        profile: The profile of the last log.
        since: By finding, the last maintenance note that resets it.
        soot_gl: Soot load at the start of each point's log.
    """
    if not points:
        return None
    alarming = {
        finding.code
        for finding in findings
        if finding.evidence.profile == profile and finding.severity in (Severity.WATCH, Severity.ACT)
    }
    history = History(points, soot_gl, since)
    changes = [found for figure in FIGURES if (found := _change(figure, history, alarming)) is not None]
    told = {change.direction for change in changes}
    if (ash := _ash(history, alarming)) is not None:
        changes.append(ash)
    return Course(direction=_overall(told, ash), changes=changes)


def _overall(told: set[Direction], ash: Change | None) -> Direction:
    """Return the direction of the filter. Ash below its limit says nothing: it rises in every filter."""
    if Direction.WORSE in told or (ash is not None and ash.direction is Direction.WORSE):
        return Direction.WORSE
    if Direction.BETTER in told:
        return Direction.BETTER
    return Direction.STEADY if told else Direction.UNKNOWN


def _change(figure: Figure, history: History, alarming: set[Code]) -> Change | None:
    values = next(
        (known for read in figure.reads if len(known := _readings(figure, read, history)) >= MIN_READINGS), None
    )
    if values is None:
        if not figure.findings & alarming:
            return None
        count = max(len(_known_readings(read, figure.baseline, history)) for read in figure.reads)
        return Change(figure=figure.name, direction=Direction.WORSE, count=count, change_perc=None)
    change_perc = relative_change_perc(values, figure.floor)
    worse_perc = change_perc if figure.is_bad_rising else -change_perc
    direction = Direction.STEADY
    if abs(change_perc) >= figure.threshold_perc and is_trend(values):
        direction = Direction.WORSE if worse_perc > 0 else Direction.BETTER
    if figure.findings & alarming:
        direction = Direction.WORSE
    shown = None if direction is Direction.WORSE and worse_perc <= 0 else round(change_perc)
    return Change(figure=figure.name, direction=direction, count=len(values), change_perc=shown)


def _ash(history: History, alarming: set[Code]) -> Change | None:
    values = [value for value, _ in _known_readings(lambda point: point.ash_perc, Code.ASH_SHARE, history)]
    if len(values) < MIN_READINGS and Code.ASH_SHARE not in alarming:
        return None
    direction = Direction.WORSE if Code.ASH_SHARE in alarming else Direction.STEADY
    risen = round(max(0.0, values[-1] - values[0])) if len(values) >= MIN_READINGS else None
    return Change(figure=Watched.ASH, direction=direction, count=len(values), change_perc=risen)


def _readings(figure: Figure, read: Read, history: History) -> list[float]:
    """Return the last 60 readings of a figure since its baseline, at equal soot where they rise with it."""
    known = _known_readings(read, figure.baseline, history)
    values = [value for value, _ in known]
    return at_equal_soot(values, [soot for _, soot in known]) if read in figure.rises_with_soot else values


def _known_readings(read: Read, code: Code, history: History) -> list[tuple[float, float | None]]:
    """Return the last 60 readings since a baseline, each with the soot of its log."""
    note = history.since.get(code)
    known = [
        (float(value), soot)
        for point, soot in zip(history.points, history.soot_gl, strict=True)
        if (value := read(point)) is not None and (note is None or is_after(note, point.date, point.filter_km))
    ]
    return known[-MOST_POINTS:]


def relative_change_perc(values: Sequence[float], floor: float) -> float:
    """Return the change over all values in per cent of the first, both on their Theil-Sen line.

    Args:
        values: Readings in order, two at least.
        floor: Least value that the change is taken relative to.
    """
    slope = median(
        (later - earlier) / (j - i) for j, later in enumerate(values) for i, earlier in enumerate(values[:j])
    )
    first = median(value - slope * i for i, value in enumerate(values))
    return slope * (len(values) - 1) / max(first, floor, LEAST) * 100


def is_trend(values: Sequence[float]) -> bool:
    """Return whether the order of the values is unlikely to be chance: the Mann-Kendall test at 5 per cent.

    H. B. Mann, Nonparametric tests against trend, Econometrica 13 (1945). Equal values are corrected for.
    """
    count = len(values)
    score = sum((later > earlier) - (later < earlier) for j, later in enumerate(values) for earlier in values[:j])
    ties = _tie_sizes(values)
    variance = (
        count * (count - 1) * (2 * count + 5) - sum(size * (size - 1) * (2 * size + 5) for size in ties.values())
    ) / 18
    return variance > 0 and (abs(score) - 1) / sqrt(variance) > CHANCE_Z


def _tie_sizes(values: Sequence[float]) -> Mapping[float, int]:
    sizes: dict[float, int] = {}
    for value in values:
        sizes[value] = sizes.get(value, 0) + 1
    return sizes
