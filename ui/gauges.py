"""Gauges: where a value lies between good, watch and act, as percentages of a bar."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from faplog.contracts.limits import LIMITS, Bound, Code, Limit, Severity
from ui.findings import Shown


@dataclass(frozen=True, slots=True)
class Zone:
    """A stretch of the bar, in percent of its length."""

    severity: Severity
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A limit on the bar: where it is, and its value in the unit of the finding."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """A finding on its bar."""

    finding: Shown
    zones: tuple[Zone, ...]
    marks: tuple[Mark, ...]
    at: float
    beyond: bool
    """Whether the value lies outside the bar's scale; its needle then stands at the end."""


_FEWEST_MARKS_APART: Final = 9.0
"""Percent: marks closer than this would print over each other."""


def gauge(finding: Shown) -> Gauge | None:
    """Return the gauge of a finding; None where there is no value or no scale."""
    if finding.value is None or finding.code not in set(Code):
        return None
    limit = LIMITS[Code(finding.code)]
    low, high = limit.scale
    share = (finding.value - low) / (high - low) * 100
    return Gauge(finding, _zones(limit), _marks(limit), min(max(share, 0), 100), not low <= finding.value <= high)


def gauges(findings: list[Shown]) -> list[Gauge]:
    """Return the gauges of all findings that have one."""
    return [made for finding in findings if (made := gauge(finding))]


def _zones(limit: Limit) -> tuple[Zone, ...]:
    low, high = limit.scale
    edges = sorted({low, high, *(bound for bound in _bounds(limit) if low < bound < high)})
    span = high - low
    return tuple(
        Zone(limit.judge((start + end) / 2), (start - low) / span * 100, (end - start) / span * 100)
        for start, end in pairwise(edges)
    )


def _marks(limit: Limit) -> tuple[Mark, ...]:
    low, high = limit.scale
    marks: list[Mark] = []
    for bound in sorted(_bounds(limit)):
        at = (bound - low) / (high - low) * 100
        if 0 < at < 100 and (not marks or at - marks[-1].at >= _FEWEST_MARKS_APART):
            marks.append(Mark(at, bound))
    return tuple(marks)


def _bounds(limit: Limit) -> list[float]:
    found: list[float] = []
    for bound in (limit.watch, limit.act):
        found += _bound_values(bound)
    return found


def _bound_values(bound: Bound | None) -> list[float]:
    if bound is None:
        return []
    return list(bound) if isinstance(bound, tuple) else [bound]
