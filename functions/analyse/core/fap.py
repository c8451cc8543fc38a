"""The filter: soot, pressure, temperature, counters, additive and ash."""

from . import stats
from .log import Log
from .reading import Floats
from .sections import Section


def fap(log: Log) -> Section:
    """Return the section `fap`."""
    pressure = log["FAPpressure"]

    def final(name: str, decimals: int = 0) -> stats.Number:
        return stats.rounded(stats.last(log[name]), decimals)

    return {
        "soot": soot(log["FAPsoot"]),
        "pressure": stats.figures(pressure, log.dt, "mbar", log.engine_on, 1),
        "pressure_idle": stats.figures(pressure, log.dt, "mbar", log.idle, 1),
        "temp": stats.figures(log["FAPtemp"], log.dt, "c"),
        "lastRegen_km": final("LastRegen"),
        "last10Regen_km": final("Avg10regen"),
        "life": {"life_km": final("FAP life"), "left_km": final("FAPlifeLeft")},
        "additive": {"vol_ml": final("FAPAdditiveVol", 2), "remain_ml": final("FAPAdditiveRemain", 2)},
        "deposits": {"weight_gram": final("FAPdeposits", 2), "percentage_perc": final("FAPcinder", 2)},
    }


def soot(values: Floats) -> Section:
    """Return first and last soot load and their difference."""
    return soot_between(stats.first(values), stats.last(values))


def soot_between(start: float | None, end: float | None) -> Section:
    """Return a start, an end and the difference of the two as they are shown."""
    begin, finish = stats.rounded(start, 2), stats.rounded(end, 2)
    diff = None if begin is None or finish is None else round(finish - begin, 2)
    return {"start_gl": begin, "end_gl": finish, "diff_gl": diff}
