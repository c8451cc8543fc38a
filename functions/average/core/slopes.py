"""Robust slopes: how a figure changes with the distance driven, and between which bounds."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

MOST_POINTS: Final = 60
"""The largest number of points for a slope: pairs grow with their square."""

LEAST_PAIR_SHARE: Final = 1 / 3
"""Pairs closer together than this share of the whole distance are left out: a counter that moves in steps stands still
over short distances, and a rate is only known over long ones."""

RANGE: Final = (0.05, 0.95)
"""Quantiles of the pairs' slopes that bound the slope."""


LEAST_SOOT_STEP_GL: Final = 1.0
"""Least difference in soot of two logs that shows the effect of soot on a figure."""

MOST_SOOT_SHARE: Final = 0.06
"""Share of the lowest reading that one g/l of soot adds at most. Real logs: 0.04 (0.19 at 2 g/l, 0.29 at 15)."""


class Point(NamedTuple):
    """A reading: where it was taken, its value, and the index of its log."""

    x: float
    y: float
    log: int = 0


class Slope(NamedTuple):
    """Change of y per unit of x: the median, and the bounds within which nine of ten stretches lie."""

    middle: float
    low: float
    high: float


def slope(points: Sequence[Point], quantum: float) -> Slope:
    """Return the Theil-Sen slope of points in ascending x.

    The slope is the median of the slopes between pairs of points (H. Theil 1950, P. K. Sen 1968). Its range is not
    Sen's confidence interval, which holds for independent errors around a straight line: a counter is the sum of what
    was used, and its rate differs from winter to summer. It spans the middle nine tenths of the pairs' slopes, that is
    of the rates over at least a third of the distance, and is wider by what one step of the reading makes out.

    Args:
        points: Readings in ascending x; 60 of them are used at most.
        quantum: Step between two neighbouring values; what a reading may be off.

    Raises:
        ValueError: All points have the same x, so there is no slope.
    """
    used = thinned(points)
    distance = used[-1].x - used[0].x if used else 0.0
    if distance <= 0:
        raise ValueError("no distance")
    least = distance * LEAST_PAIR_SHARE
    slopes = sorted(
        (later.y - earlier.y) / (later.x - earlier.x)
        for index, later in enumerate(used)
        for earlier in used[:index]
        if later.x - earlier.x >= least
    )
    middle, off = median(slopes), quantum / distance
    return Slope(middle, quantile(slopes, RANGE[0]) - off, quantile(slopes, RANGE[1]) + off)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted values, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Return at most 60 of the points, evenly over their order; the first and the last are among them."""
    last = len(points) - 1
    if last < MOST_POINTS:
        return points
    return [points[round(number * last / (MOST_POINTS - 1))] for number in range(MOST_POINTS)]


def without_spikes(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Return the points without spikes: the first and the last point, and both sides of a step, are none.

    A spike is more than the tolerance away from the nearer of its two neighbours, on the same side of both, and further
    than these are from each other.
    """
    inner = (
        point
        for index, point in enumerate(points[1:-1])
        if not _is_spike(points[index].y, point.y, points[index + 2].y, tolerance)
    )
    return [*points[:1], *inner, *points[max(1, len(points) - 1) :]]


def _is_spike(before: float, value: float, after: float, tolerance: float) -> bool:
    off = abs(value - sorted((before, value, after))[1])
    return off > tolerance and off > abs(after - before)


def last_start(values: Sequence[float], is_reset: Callable[[float, float], bool]) -> int:
    """Return the index from which on the values go on without a reset; 0 where there is none.

    Args:
        values: Values in order, without spikes.
        is_reset: Whether a value is the first after a reset, given the one before and itself.
    """
    resets = [index for index, (before, after) in enumerate(pairwise(values), 1) if is_reset(before, after)]
    return resets[-1] if resets else 0


def longest_stand(points: Sequence[Point]) -> float:
    """Return the longest stretch of x over which consecutive points had the same y. There is a point at least."""
    longest, start = 0.0, points[0]
    for point in points:
        if point.y != start.y:
            start = point
        longest = max(longest, point.x - start.x)
    return longest


def usual_step(points: Sequence[Point]) -> float:
    """Return the median size of the steps between consecutive points, those of 0 left out; 0 where there is none."""
    steps = [abs(after.y - before.y) for before, after in pairwise(points) if after.y != before.y]
    return median(steps) if steps else 0.0


def spread(points: Sequence[Point], per: float) -> float:
    """Return the median distance of points from a line of this slope through their middle."""
    rests = [point.y - per * point.x for point in points]
    middle = median(rests)
    return median(abs(rest - middle) for rest in rests)


def at_equal_soot(values: Sequence[float], soot_gl: Sequence[float | None]) -> list[float]:
    """Return readings that rise with the soot in the filter as they would be at its median soot.

    Between two regenerations soot rises from log to log, in a healthy filter too. Its effect is the median slope
    between pairs of readings, and no more than soot can do.

    Args:
        values: Readings, 60 or so.
        soot_gl: Soot load of each of their logs; a reading without one stays as it is.
    """
    known = [(soot, value) for soot, value in zip(soot_gl, values, strict=True) if soot is not None]
    slopes = [
        (later - earlier) / (more - less)
        for index, (more, later) in enumerate(known)
        for less, earlier in known[:index]
        if abs(more - less) >= LEAST_SOOT_STEP_GL
    ]
    if not slopes:
        return list(values)
    per_gl = min(max(median(slopes), 0.0), MOST_SOOT_SHARE * min(values))
    middle = median(soot for soot, _ in known)
    return [
        value if soot is None else value - per_gl * (soot - middle) for soot, value in zip(soot_gl, values, strict=True)
    ]
