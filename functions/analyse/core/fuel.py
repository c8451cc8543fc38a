"""Fuel: total, and by speed range."""

import numpy as np

from faplog.contracts.speed_ranges import EDGES_KMH, RANGES

from . import stats
from .log import Log, Mask
from .sections import Section


def fuel_consumption(log: Log) -> Section:
    """Return the section `fuelConsumption`."""
    return {
        "overall": {
            "total_l": stats.rounded(stats.total(log.litres), 2),
            "avg_l100km": stats.rounded(stats.litres_per_100km(log), 2),
        },
        "bySpeedRange": by_speed_range(log, ~log.regenerating),
    }


def by_speed_range(log: Log, mask: Mask) -> Section:
    """Return litres per 100 km and kilometres by speed range; a step counts by the speed at its end row.

    Only ranges in which at least 5 m were driven with known fuel are listed.
    """
    known = mask & log.consumed & (log["Speed"] >= EDGES_KMH[0])
    which = np.searchsorted(EDGES_KMH, log["Speed"][known], side="right") - 1
    km, litres = (np.bincount(which, steps[known], len(RANGES)) for steps in (log.km, log.litres))
    section: Section = {}
    for index, name in enumerate(RANGES):
        if km[index] >= 0.005:
            section[f"{name}_l100km"] = stats.rounded(litres[index] / km[index] * 100, 2)
            section[f"_{name}_km"] = stats.rounded(km[index], 2)
    return section
