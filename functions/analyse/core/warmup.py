"""Cold starts: how long, and with how much fuel, until the engine is warm."""

from typing import Final, cast

import numpy as np

from faplog.contracts.limits import LIMITS, Code

from . import stats
from .log import Log
from .reading import Floats
from .sections import Section
from .text import Integers

COLD_BELOW_C: Final = 40.0
WARM_C: Final = 80.0
PROTECTED_C: Final = 70.0
WITHIN_SEC: Final = 3600.0

LONG_SEC: Final = 1200.0
"""Seconds of running in one drive after which an engine with a working thermostat is warm, or still warming up."""
LAST_SEC: Final = 600.0
RISING_C: Final = 3.0
"""A coolant no longer rises if it ends less than this above its maximum until ten minutes before. Without a thermostat
it goes up and down with the load."""
TYPICAL_SEC: Final = 300.0
RISING_TYPICALLY_C: Final = 1.0
"""A coolant no longer rises either if its median over the last five minutes is less than this above that of ten minutes
before, even if a load raised it at the end."""
THERMOSTAT_C: Final = cast(float, LIMITS[Code.NEVER_WARM].watch)


def engine_warmup(log: Log) -> Section:
    """Return the seconds from a cold start to 80 °C coolant and oil, within one drive and one hour."""
    return {
        "coolant_sec": _seconds(log, _rise(log, log["Coolant"], WARM_C)),
        "oil_sec": _seconds(log, _rise(log, log["OilTemp"], WARM_C)),
    }


def warmup(log: Log) -> Section:
    """Return the seconds and litres from a cold start to 70 °C coolant."""
    rise = _rise(log, log["Coolant"], PROTECTED_C)
    litres = None if rise is None else stats.total(log.litres[rise[0] + 1 : rise[1] + 1])
    return {"to70_sec": _seconds(log, rise), "to70_l": stats.rounded(litres, 2)}


def never_warm(log: Log) -> tuple[float, Integers] | None:
    """Return the highest coolant of a drive with at least 20 minutes of running, and the rows it was read in.

    Of several such drives the coldest. A drive that ends while the coolant still rises, below what a thermostat
    holds, was merely too short and does not count.
    """
    coldest: tuple[float, Integers] | None = None
    for drive in log.drives:
        ran = np.cumsum(np.where(log.engine_on[drive], log.dt[drive], 0.0))
        known = np.flatnonzero(log.engine_on[drive] & ~np.isnan(log["Coolant"][drive]))
        if ran[-1] < LONG_SEC or not len(known):
            continue
        coolant = log["Coolant"][drive][known]
        highest = float(coolant.max())
        settled = highest >= THERMOSTAT_C or not _rises(coolant, ran[-1] - ran[known])
        if settled and (coldest is None or highest < coldest[0]):
            coldest = highest, known + drive.start
    return coldest


def _rises(coolant: Floats, left: Floats) -> bool:
    """Return whether a coolant still rises.

    Args:
        coolant: In °C, known in every row.
        left: The seconds of running left in each row until the end of the drive, descending.
    """
    before = coolant[left >= LAST_SEC]
    if not len(before):
        return True
    typical = coolant[left < TYPICAL_SEC]
    typical_before = coolant[(left >= LAST_SEC) & (left < LAST_SEC + TYPICAL_SEC)]
    if len(typical) and len(typical_before) and np.median(typical) - np.median(typical_before) < RISING_TYPICALLY_C:
        return False
    return bool(coolant[-1] - before.max() >= RISING_C)


def cold_start(log: Log, drive: slice) -> bool | None:
    """Return whether the engine was started cold in this drive, by coolant, else by oil; None if unknown."""
    for name in ("Coolant", "OilTemp"):
        start = _start(log, log[name], drive)
        if start is not None:
            return bool(log[name][start[1]] < COLD_BELOW_C)
    return None


def _start(log: Log, temperature: Floats, drive: slice) -> tuple[int, int] | None:
    """Return the row of a drive's first engine start, and the row of the first temperature known from there on."""
    running = log.engine_on[drive]
    start = int(running.argmax())
    if not running[start]:
        return None
    start += drive.start
    known = ~np.isnan(temperature[start : drive.stop])
    row = int(known.argmax())
    return (start, start + row) if known[row] else None


def _rise(log: Log, temperature: Floats, target: float) -> tuple[int, int] | None:
    """Return the first cold start that reached the target in time: its row, and the row that shows the target."""
    for drive in log.drives:
        start = _start(log, temperature, drive)
        if start is None or temperature[start[1]] >= COLD_BELOW_C:
            continue
        hot = temperature[start[0] : drive.stop] >= target
        row = start[0] + int(hot.argmax())
        if hot[row - start[0]] and log.t[row] - log.t[start[0]] <= WITHIN_SEC:
            return start[0], row
    return None


def _seconds(log: Log, rise: tuple[int, int] | None) -> int | None:
    return None if rise is None else round(float(log.t[rise[1]] - log.t[rise[0]]))
