"""The drives of a log, one entry each."""

import numpy as np

from . import stats
from .fingerprints import fingerprint, row_hashes
from .log import Log
from .sections import Section
from .warmup import cold_start


def drives(log: Log) -> list[Section]:
    """Return one entry per drive, in order."""
    hashes = row_hashes(log)
    return [_drive(log, drive) | {"fingerprint": fingerprint(hashes[drive])} for drive in log.drives]


def _drive(log: Log, drive: slice) -> Section:
    soot = log["FAPsoot"][drive]
    inside = np.zeros(len(log), bool)
    inside[drive] = True
    return {
        "start": log.at(drive.start),
        "end": log.at(drive.stop - 1),
        "duration_sec": round(float(log.dt[drive].sum())),
        "distance_km": stats.rounded(stats.total(log.km[drive]), 2),
        "fuel_l": stats.rounded(stats.total(log.litres[drive]), 2),
        "l100km": stats.rounded(stats.litres_per_100km(log, inside), 2),
        "soot_start_gl": stats.rounded(stats.first(soot), 2),
        "soot_end_gl": stats.rounded(stats.last(soot), 2),
        "coldStart": cold_start(log, drive),
        "regen": bool(log.regenerating[drive].any()) if not np.isnan(log["REGEN"][drive]).all() else None,
    }
