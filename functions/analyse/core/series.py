"""The curves for plots: a few thousand points instead of every row, with every extreme and every gap kept."""

from itertools import pairwise
from typing import Final

import numpy as np

from .analysis import Reading
from .log import LITRES_PER_MG, Log
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


def series(reading: Reading) -> Section:
    """Return the plot series, in the shape that docs/analysis.md describes."""
    log = reading.log
    start = np.datetime64(int(log.clock_ms[0]), "ms")
    return {
        "version": VERSION,
        "start": str(start),
        "drives": [_from_to(log, drive.start, drive.stop - 1) for drive in log.drives],
        "regens": [_from_to(log, episode.first, episode.last) for episode in reading.episodes],
        "channels": [
            channel
            for name, unit, column in CHANNELS
            if (channel := _channel(log, name, unit, log[column] if column else fuel_l_h(log)))
        ],
    }


def fuel_l_h(log: Log) -> Floats:
    """Return the fuel rate, litres per hour."""
    return log.fuel_mg_sec * (3600 * LITRES_PER_MG)


def _from_to(log: Log, first: int, last: int) -> Section:
    return {"from": float(log.t[first]), "to": float(log.t[last])}


def _channel(log: Log, name: str, unit: str, values: Floats) -> Section | None:
    known = ~np.isnan(values)
    if not known.any():
        return None
    t, v = _with_gaps(log, values)
    rows = _kept(v)
    return {
        "name": name,
        "unit": unit,
        "t": np.round(t[rows], 3).tolist(),
        "v": [None if value != value else value for value in np.round(v[rows], 3).tolist()],
    }


def _with_gaps(log: Log, values: Floats) -> tuple[Floats, Floats]:
    """Return times and values, with one void point in each gap and for each void stretch.

    Of rows at the same instant the last is kept, so that time strictly rises.
    """
    t = log.t
    last_of_instant = np.append(np.diff(t) > 0, True)
    after = np.flatnonzero(log.gap)
    t = np.insert(t, after, (t[after - 1] + t[after]) / 2)
    v = np.insert(values, after, np.nan)
    keep = np.insert(last_of_instant, after, True)
    t, v = t[keep], v[keep]
    void = np.isnan(v)
    once = ~void
    once[1:] |= void[1:] & ~void[:-1]
    return t[once], v[once]


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
