"""Whether sensors can be believed: checked before anything is judged by them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts.catalogue import Named
from faplog.contracts.limits import LIMITS, Code, Severity

from .log import Log, Mask
from .reading import Floats
from .restriction import volume_flow
from .signs import Sign
from .text import Integers

MIN_ROWS: Final = 200
"""Rows with the engine on that a check of the pressure needs."""

MAX_ROWS: Final = 10_000
"""Of more rows than this every n-th is correlated: ranking all of a long log costs more than it tells."""

MIN_FLOW_SPREAD_M3H: Final = 30.0
"""Interquartile range of the exhaust flow that the pressure has to follow."""

WORKING_LEFT_OUT: Final = 0.1
MIN_WORKING_FLOW_M3H: Final = 30.0
MIN_WORKING_REVS: Final = 200.0
"""An engine works whose flow, or revs where the flow is not known, differs so much, a tenth left out at either end. Not
the interquartile range: on an even road that is small, though no sensor may stand still there."""

STILL_SEC: Final = 600.0
"""A reading that stands still for so long of running is stuck."""

STILL_RANGE: Final = 3.0
"""A reading that stays within less than this stands still."""

COLD_BELOW_C: Final = 40.0
"""A coolant or oil that is colder warms up as soon as the engine works; a warm one is held by the thermostat."""

PRESSURE: Final = "FAPpressure"
MOVING: Final = ("FAPtemp", "AirFlow")
WARMING: Final = ("Coolant", "OilTemp")


@dataclass(frozen=True, slots=True)
class _Work:
    """The log, its exhaust flow (m³/h), where the engine ran outside regenerations, and the seconds of that so far."""

    log: Log
    flow: Floats
    running: Mask
    ran: Floats


def sensor_signs(log: Log, outside: Mask, flow: Floats, voided: int) -> Iterator[Sign]:
    """Yield what was seen of each sensor that can be checked.

    Args:
        log: The log as it was read.
        outside: Rows outside regenerations. In them the filter is held at one temperature.
        flow: Exhaust flow of each row, m³/h.
        voided: Pressure cells that held "no value" or an impossible one.
    """
    if log.unknown("FAPtemp"):
        flow = volume_flow(log, assumed_c=200.0)
    running = log.engine_on & outside
    work = _Work(log, flow, running, np.cumsum(np.where(running, log.dt, 0.0)))
    yield from _pressure_follows(work)
    yield from _pressure_readable(log, voided)
    yield from _stuck(work)


def implausible(signs: Iterable[Sign]) -> set[str]:
    """Return the columns that cannot be believed."""
    columns: set[str] = set()
    for sign in signs:
        severity = LIMITS[sign.code].judge(sign.rounded)
        if sign.code is Code.SENSOR_STUCK and severity is Severity.WATCH:
            columns |= {one.name for one in sign.which}
        elif severity is Severity.ACT:
            columns.add(PRESSURE)
    return columns


def believed(log: Log, columns: set[str]) -> Log:
    """Return the log without these columns, so that no figure and no finding rests on them."""
    if not columns:
        return log
    return replace(log, columns={name: values for name, values in log.columns.items() if name not in columns})


def _pressure_follows(work: _Work) -> Iterator[Sign]:
    """Yield the rank correlation (Spearman) of pressure and flow; 0 where only the pressure stood still."""
    still = max(_stretches(work, PRESSURE), key=lambda one: one[0], default=None)
    if still is not None:
        yield Sign(Code.PRESSURE_NOT_FOLLOWING_FLOW, 0.0, still[1])
        return
    pressure, flow = work.log[PRESSURE], work.flow
    rows = np.flatnonzero(work.running & ~np.isnan(pressure) & ~np.isnan(flow))
    if len(rows) < MIN_ROWS:
        return
    some = rows[:: -(-len(rows) // MAX_ROWS)]
    if spread(flow[some]) >= MIN_FLOW_SPREAD_M3H:
        yield Sign(Code.PRESSURE_NOT_FOLLOWING_FLOW, rank_correlation(pressure[some], flow[some]), rows)


def _pressure_readable(log: Log, voided: int) -> Iterator[Sign]:
    """Yield the share of the readings with the engine on that hold no usable value. An empty cell is no reading."""
    void = np.flatnonzero(log.engine_on & np.isnan(log[PRESSURE]))
    unusable = min(voided, len(void))
    read = int(np.count_nonzero(log.engine_on & ~np.isnan(log[PRESSURE]))) + unusable
    if unusable and read >= MIN_ROWS:
        yield Sign(Code.PRESSURE_UNREADABLE, unusable / read * 100, void)


def _stuck(work: _Work) -> Iterator[Sign]:
    """Yield all sensors that stood still although the engine worked, as one sign: the longest first."""
    found: list[tuple[Named, Integers]] = []
    for names, stretches in ((MOVING, _stretches), (WARMING, _cold_stretches)):
        for name in names:
            longest = max(stretches(work, name), key=lambda one: one[0], default=None)
            if longest is not None:
                found.append((Named(name, round(longest[0] / 60, 1)), longest[1]))
    if found:
        found.sort(key=lambda one: -one[0].value)
        named, rows = found[0]
        yield Sign(Code.SENSOR_STUCK, named.value, rows, which=tuple(one for one, _ in found))


def _stretches(work: _Work, name: str) -> Iterator[tuple[float, Integers]]:
    """Yield seconds and rows of stretches of a drive in which a reading stood still although the engine worked.

    Either exactly one value for a while, or less than `STILL_RANGE` apart in the whole drive.
    """
    for rows, values in _drives_with(work, name):
        ran = work.ran[rows]
        spans = [_longest_still(values, ran)]
        if name != PRESSURE and np.ptp(values) < STILL_RANGE:
            spans.append((0, len(values) - 1))
        for start, end in spans:
            seconds = float(ran[end] - ran[start])
            if seconds >= STILL_SEC and _works(work, rows[start : end + 1]):
                yield seconds, rows[start : end + 1]


def _cold_stretches(work: _Work, name: str) -> Iterator[tuple[float, Integers]]:
    """Yield the same for a temperature that began cold and did not rise from there, or that stands still while cold."""
    for rows, values in _drives_with(work, name):
        ran = work.ran[rows]
        spans = []
        if values[0] < COLD_BELOW_C:
            apart = np.maximum.accumulate(values) - np.minimum.accumulate(values) >= STILL_RANGE
            spans.append((0, int(apart.argmax()) - 1 if apart.any() else len(values) - 1))
        longest = _longest_still(values, ran)
        if values[longest[0]] < COLD_BELOW_C:
            spans.append(longest)
        for start, end in spans:
            seconds = float(ran[end] - ran[start])
            if seconds >= STILL_SEC and _works(work, rows[start : end + 1]):
                yield seconds, rows[start : end + 1]


def _longest_still(values: Floats, ran: Floats) -> tuple[int, int]:
    """Return the first and last index of the longest time with exactly one value."""
    starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    ends = np.append(starts[1:], len(values)) - 1
    longest = int((ran[ends] - ran[starts]).argmax())
    return int(starts[longest]), int(ends[longest])


def _drives_with(work: _Work, name: str) -> Iterator[tuple[Integers, Floats]]:
    """Yield, of each drive that ran long enough, the running rows with a reading, and the readings."""
    column = work.log[name]
    for drive in work.log.drives:
        if work.ran[drive.stop - 1] - work.ran[drive.start] < STILL_SEC:
            continue
        rows = np.flatnonzero(work.running[drive] & ~np.isnan(column[drive])) + drive.start
        if len(rows):
            yield rows, column[rows]


def _works(work: _Work, rows: Integers) -> bool:
    """Return whether flow or revs changed enough for a working sensor to notice."""
    flows, revs = (spread(values[rows], WORKING_LEFT_OUT) for values in (work.flow, work.log["Revs"]))
    return flows >= MIN_WORKING_FLOW_M3H or revs >= MIN_WORKING_REVS


def spread(values: Floats, left_out: float = 0.25) -> float:
    """Return the range of the known values without that share at either end (by default the quartiles); 0 for none."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return 0.0
    end = int((len(known) - 1) * left_out)
    return float(known[-1 - end] - known[end])


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation; 0 where one of the two never changes."""
    a, b = _ranks(first), _ranks(second)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _ranks(values: Floats) -> npt.NDArray[np.float64]:
    """Return the rank of each value; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which])
