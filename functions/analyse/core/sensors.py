"""Plausibility of the sensors, checked before anything is judged by them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from faplog.contracts.catalogue import Named
from faplog.contracts.limits import LIMITS, Code, Severity

from .log import Log, Mask
from .reading import Floats
from .restriction import volume_flow
from .signs import Sign
from .text import Integers
from .warmup import COLD_BELOW_C

MIN_ROWS: Final = 200
"""Rows with the engine on that a check of the pressure needs."""

MAX_ROWS: Final = 10_000
"""The largest number of rows that are correlated: of longer logs every n-th, because ranking takes long."""

MIN_FLOW_SPREAD_M3H: Final = 30.0
"""Interquartile range of the exhaust flow that the pressure has to follow."""

WORKING_LEFT_OUT: Final = 0.1
MIN_WORKING_FLOW_M3H: Final = 30.0
MIN_WORKING_REVS: Final = 200.0
"""Range of flow or revs, without a tenth at either end, from which on the engine counts as working. The interquartile
range would be too small on an even road, where a sensor must not stand still either."""

STILL_SEC: Final = 600.0
"""A reading that stands still for this long while the engine works is stuck."""

STILL_RANGE: Final = 3.0
"""A reading that varies by less than this stands still."""

UNREADABLE_SEC: Final = 180.0
"""Readings without a usable value count from this long on. A slow channel holds a single bad answer for 80 s."""

DEAD_PERC: Final = cast(float, LIMITS[Code.PRESSURE_UNREADABLE].act)
"""Share of unusable readings from which on a sensor is not believed in the rest of the log either."""

ALIKE_C: Final = 5.0
"""Before a cold start the temperatures of a car that stood for hours differ by less than this."""

COLD_START_SEC: Final = 60.0
"""A temperature first read later than this after the engine start no longer shows the cold engine."""

PRESSURE: Final = "FAPpressure"
SIGNALS: Final = (
    "Revs", "Speed", "AirFlow", "InjFlow", "FAPtemp", "Coolant", "OilTemp", "Battery", "FuelPress", "Turbopress",
)  # fmt: skip
"""Signals the verdict rests on, beside the pressure."""
EVERY_ECU_HAS: Final = frozenset(("Speed", "AirFlow", "InjFlow", "FAPtemp", "Coolant"))
"""Signals of every ECU: an empty column means that the sensor is dead. Others may be missing in the car."""
KEPT: Final = frozenset(("Revs", "Speed"))
"""Signals that are kept although they are dead for a while, because drives, distances and idle need them."""
COLD_START: Final = ("FAPtemp", "OilTemp", "Coolant", "FuelTemp")
MOVING: Final = ("FAPtemp", "AirFlow")
WARMING: Final = ("Coolant", "OilTemp")


@dataclass(frozen=True, slots=True)
class _Work:
    """The log, its exhaust flow (m³/h), where the engine ran outside regenerations, and the seconds of that so far."""

    log: Log
    flow: Floats
    running: Mask
    ran: Floats


def sensor_signs(log: Log, outside: Mask, flow: Floats, voided: Mapping[str, tuple[int, int]]) -> Iterator[Sign]:
    """Yield the signs of each sensor that can be checked.

    Args:
        log: The log as it was read.
        outside: Rows outside regenerations. In them the filter is held at one temperature.
        flow: Exhaust flow of each row, m³/h.
        voided: Cells of each column that held "no value", and cells that held an impossible one.
    """
    if log.unknown("FAPtemp"):
        flow = volume_flow(log, assumed_c=200.0)
    running = log.engine_on & outside
    work = _Work(log, flow, running, np.cumsum(np.where(running, log.dt, 0.0)))
    yield from _pressure_follows(work)
    yield from _pressure_readable(log, sum(voided.get(PRESSURE, (0, 0))))
    yield from _unreadable(log, voided)
    yield from _stuck(work)
    yield from _cold_start(log)


def implausible(signs: Iterable[Sign]) -> set[str]:
    """Return the columns that cannot be believed."""
    columns: set[str] = set()
    for sign in signs:
        severity = LIMITS[sign.code].judge(sign.rounded)
        if sign.code in {Code.SENSOR_STUCK, Code.COLD_START_MISMATCH} and severity is Severity.WATCH:
            columns |= {one.name for one in sign.which}
        elif sign.code is Code.SENSOR_UNREADABLE:
            columns |= {one.name for one in sign.which if one.value >= DEAD_PERC} - KEPT
        elif severity is Severity.ACT:
            columns.add(PRESSURE)
    return columns


def believed(log: Log, columns: set[str]) -> Log:
    """Return the log without the columns that cannot be believed, so that no figure and no finding rests on them."""
    if not columns:
        return log
    return replace(log, columns={name: values for name, values in log.columns.items() if name not in columns})


def _pressure_follows(work: _Work) -> Iterator[Sign]:
    """Yield the rank correlation (Spearman) of pressure and flow; 0 where only the pressure stood still."""
    still = max(_still_stretches(work, PRESSURE), key=lambda one: one[0], default=None)
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


def _unreadable(log: Log, voided: Mapping[str, tuple[int, int]]) -> Iterator[Sign]:
    """Yield all other signals without a usable value, as one sign: the largest share of readings first.

    A signal has none where the ECU answers "no value" or something impossible, or where the column stays empty
    although the ECU answers others. A column that the file does not have is not missed.
    """
    found: list[tuple[Named, Integers]] = []
    asked = ~log.engine_off
    for name in SIGNALS:
        cells = sum(voided.get(name, (0, 0)))
        empty = not cells and name in EVERY_ECU_HAS and name in log.columns and log.unknown(name)
        if not cells and not empty:
            continue
        void = np.flatnonzero((log.engine_on if empty else asked) & np.isnan(log[name]))
        unusable = len(void) if empty else min(cells, len(void))
        read = int(np.count_nonzero(asked & ~np.isnan(log[name]))) + unusable
        if unusable and read >= MIN_ROWS and log.dt[void].sum() * unusable / len(void) >= UNREADABLE_SEC:
            found.append((Named(name, round(unusable / read * 100)), void))
    if found:
        found.sort(key=lambda one: -one[0].value)
        limit = LIMITS[Code.SENSOR_UNREADABLE]
        which = [one for one, _ in found if limit.judge(one.value) is not Severity.GOOD] or [found[0][0]]
        yield Sign(Code.SENSOR_UNREADABLE, which[0].value, found[0][1], which=tuple(which))


def _cold_start(log: Log) -> Iterator[Sign]:
    """Yield the temperature furthest from the three others before a cold start.

    After hours of rest filter, oil, coolant and fuel are as cold as the car. Only such a start is judged: the three
    others are alike. A coolant above them may come from a parking heater.
    """
    worst: tuple[float, str, Integers] | None = None
    for drive in log.drives:
        readings = _before_cold_start(log, drive)
        if readings is None:
            continue
        for name, (row, value) in readings.items():
            others = [other for one, (_, other) in readings.items() if one != name]
            apart = value - sorted(others)[1]
            heated = name == "Coolant" and apart > 0
            if name == "FuelTemp" or heated or max(others) - min(others) > ALIKE_C or max(others) >= COLD_BELOW_C:
                continue
            if worst is None or abs(apart) > abs(worst[0]):
                worst = apart, name, np.array([row])
    if worst is not None:
        apart, name, rows = worst
        yield Sign(Code.COLD_START_MISMATCH, apart, rows, which=(Named(name, apart),))


def _before_cold_start(log: Log, drive: slice) -> dict[str, tuple[int, float]] | None:
    """Return row and value of each temperature's first reading in a drive; None where no start was seen from rest.

    The filter has to be read before the start: it warms up at once.
    """
    start = int(log.engine_on[drive].argmax()) + drive.start
    if not log.engine_on[start] or not log.engine_off[drive.start : start].any():
        return None
    latest = int(np.searchsorted(log.t, log.t[start] + COLD_START_SEC, side="right"))
    readings: dict[str, tuple[int, float]] = {}
    for name in COLD_START:
        cells = log[name][drive.start : start if name == "FAPtemp" else min(latest, drive.stop)]
        row = int((~np.isnan(cells)).argmax())
        if np.isnan(cells[row]):
            return None
        readings[name] = drive.start + row, float(cells[row])
    return readings


def _stuck(work: _Work) -> Iterator[Sign]:
    """Yield all sensors that stood still although the engine worked, as one sign: the longest first."""
    found: list[tuple[Named, Integers]] = []
    for names, stretches in ((MOVING, _still_stretches), (WARMING, _still_cold_stretches)):
        for name in names:
            longest = max(stretches(work, name), key=lambda one: one[0], default=None)
            if longest is not None:
                found.append((Named(name, round(longest[0] / 60, 1)), longest[1]))
    if found:
        found.sort(key=lambda one: -one[0].value)
        named, rows = found[0]
        yield Sign(Code.SENSOR_STUCK, named.value, rows, which=tuple(one for one, _ in found))


def _still_stretches(work: _Work, name: str) -> Iterator[tuple[float, Integers]]:
    """Yield seconds and rows of stretches in which a reading stood still although the engine worked.

    Either exactly one value for a while, or less than `STILL_RANGE` apart in a whole drive or the whole log.
    """
    for rows, values in _stretches_with(work, name):
        ran = work.ran[rows]
        spans = [_longest_still(values, ran)]
        if name != PRESSURE and np.ptp(values) < STILL_RANGE:
            spans.append((0, len(values) - 1))
        for start, end in spans:
            seconds = float(ran[end] - ran[start])
            if seconds >= STILL_SEC and _engine_worked(work, rows[start : end + 1]):
                yield seconds, rows[start : end + 1]


def _still_cold_stretches(work: _Work, name: str) -> Iterator[tuple[float, Integers]]:
    """Yield the stretches in which a temperature began cold and did not rise, or stood still while cold."""
    for rows, values in _stretches_with(work, name):
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
            if seconds >= STILL_SEC and _engine_worked(work, rows[start : end + 1]):
                yield seconds, rows[start : end + 1]


def _longest_still(values: Floats, ran: Floats) -> tuple[int, int]:
    """Return the first and last index of the longest time with exactly one value."""
    starts = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    ends = np.append(starts[1:], len(values)) - 1
    longest = int((ran[ends] - ran[starts]).argmax())
    return int(starts[longest]), int(ends[longest])


def _stretches_with(work: _Work, name: str) -> Iterator[tuple[Integers, Floats]]:
    """Yield the running rows with a reading, and the readings, of each drive and of all together.

    All drives together count because a sensor that is dead in a log of short drives shows it only there.
    """
    column, drives = work.log[name], work.log.drives
    for stretch in drives if len(drives) == 1 else [*drives, slice(0, len(work.log))]:
        if work.ran[stretch.stop - 1] - work.ran[stretch.start] < STILL_SEC:
            continue
        rows = np.flatnonzero(work.running[stretch] & ~np.isnan(column[stretch])) + stretch.start
        if len(rows):
            yield rows, column[rows]


def _engine_worked(work: _Work, rows: Integers) -> bool:
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
