"""The curves for plots: a few thousand points instead of every row, with every extreme and every gap kept."""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from .analysis import Reading
from .log import LITRES_PER_MG, Log, Mask
from .reading import Floats
from .sections import Section
from .text import Integers

MAX_POINTS: Final = 2000

VERSION: Final = 1

CHANNELS: Final = (
    ("soot", "g/l", "FAPsoot"),
    ("pressure", "mbar", "FAPpressure"),
    ("temp", "°C", "FAPtemp"),
    ("speed", "km/h", "Speed"),
    ("revs", "rpm", "Revs"),
    ("regen", "", "REGEN"),
    ("coolant", "°C", "Coolant"),
    ("oil", "°C", "OilTemp"),
    ("fuel", "l/h", ""),
    ("boost", "mbar", "Turbopress"),
    ("boost_demand", "mbar", "TurboInstr"),
    ("rail", "bar", "FuelPress"),
    ("rail_demand", "bar", "FuelPressInstr"),
    ("egr", "%", "EGRpos"),
    ("egr_demand", "%", "EGRposInstr"),
)
"""Name, unit and column of each channel; `fuel` is computed."""


class _Axis(NamedTuple):
    """The times of the rows, which are the same for all channels."""

    t: Floats
    """Seconds, with one in the middle of each gap; to the thousandth. It strictly rises."""
    gaps: Integers
    """The rows before which there is a gap."""
    keep: Mask
    """Which rows and gaps `t` has: of rows at the same instant the last."""


def series(reading: Reading) -> Section:
    """Return the plot series, in the shape that docs/analysis.md describes.

    Times and values are numpy arrays, with NaN for a void, which `orjson` writes with `OPT_SERIALIZE_NUMPY`: to make a
    list of Python floats first takes as long as the rest.
    """
    log = reading.log
    start = np.datetime64(int(log.clock_ms[0]), "ms")
    axis = _axis(log)
    return {
        "version": VERSION,
        "start": str(start),
        "drives": [_from_to(log, drive.start, drive.stop - 1) for drive in log.drives],
        "regens": [_from_to(log, episode.first, episode.last) for episode in reading.episodes],
        "channels": [
            channel
            for name, unit, column in CHANNELS
            if (channel := _channel(axis, name, unit, log[column] if column else fuel_l_h(log)))
        ],
    }


def fuel_l_h(log: Log) -> Floats:
    """Return the fuel rate, litres per hour."""
    return log.fuel_mg_sec * (3600 * LITRES_PER_MG)


def _from_to(log: Log, first: int, last: int) -> Section:
    return {"from": float(log.t[first]), "to": float(log.t[last])}


def _axis(log: Log) -> _Axis:
    gaps = np.flatnonzero(log.gap)
    middles = (log.t[gaps - 1] + log.t[gaps]) / 2
    last_of_instant = np.append(np.diff(log.t) > 0, True)
    t: Floats = np.insert(log.t, gaps, middles).round(3)
    keep = np.insert(last_of_instant, gaps, True)
    return _Axis(t[keep], gaps, keep)


def _channel(axis: _Axis, name: str, unit: str, values: Floats) -> Section | None:
    if np.isnan(values).all():
        return None
    t, v = _with_gaps(axis, values)
    rows = _kept(v)
    return {"name": name, "unit": unit, "t": t[rows], "v": np.round(v[rows], 3)}


def _with_gaps(axis: _Axis, values: Floats) -> tuple[Floats, Floats]:
    """Return times and values, with one void point in each gap and for each void stretch."""
    v = np.insert(values, axis.gaps, np.nan) if len(axis.gaps) else values
    v = v[axis.keep]
    void = np.isnan(v)
    once = ~void
    once[1:] |= void[1:] & ~void[:-1]
    return axis.t[once], v[once]


def _kept(values: Floats) -> Integers:
    """Return the points to keep: all if they are few, else the voids and the extremes of equal stretches.

    A real log has few voids. They may take a quarter of the points; further ones are left out.
    """
    if len(values) <= MAX_POINTS:
        return np.arange(len(values))
    void = np.flatnonzero(np.isnan(values))[: MAX_POINTS // 4]
    buckets = (MAX_POINTS - len(void) - 2) // 2
    edges = np.linspace(0, len(values), buckets + 1).astype(np.int64)
    low = np.where(np.isnan(values), np.inf, values)
    high = np.where(np.isnan(values), -np.inf, values)
    rows = [0, len(values) - 1, *void.tolist()]
    for start, end in pairwise(edges.tolist()):
        rows.append(start + int(low[start:end].argmin()))
        rows.append(start + int(high[start:end].argmax()))
    return np.unique(rows)
