"""The outlook: how fast soot builds up, and when the next regeneration is due."""

from typing import Final

import numpy as np

from . import stats
from .log import Log
from .regen import Episode, outside
from .sections import Section

MIN_KM: Final = 5.0
"""The shortest distance for a rate; over less, a single step of the soot reading would decide it."""


def soot_rate(log: Log, episodes: list[Episode]) -> float | None:
    """Return the soot rate (g/l per 100 km) outside regenerations and the 300 s after each; None under 5 km."""
    soot = log.held(log["FAPsoot"])
    change = np.diff(soot, prepend=np.nan)
    change[[drive.start for drive in log.drives]] = np.nan
    known = outside(log, episodes) & ~log.gap & ~np.isnan(change) & ~np.isnan(log.km)
    km = float(log.km[known].sum())
    return float(change[known].sum()) / km * 100 if km >= MIN_KM else None


def next_regen(log: Log, entries: list[Section], rate: float | None) -> Section | None:
    """Return the kilometres to the next regeneration, as a range over what this log knows; None if it knows nothing.

    From the soot at which a regeneration of this log started and its own rate, and from the ECU's mean interval.
    """
    guesses: dict[str, float] = {}
    triggers = [entry["soot_start_gl"] for entry in entries if entry["soot_start_gl"] is not None]
    soot = stats.last(log["FAPsoot"])
    if triggers and soot is not None and rate is not None and rate > 0:
        guesses["own rate"] = (triggers[-1] - soot) / rate * 100
    since, mean = stats.last(log["LastRegen"]), stats.last(log["Avg10regen"])
    if since is not None and mean:
        guesses["ecu mean interval"] = mean - since
    if not guesses:
        return None
    low, high = min(guesses.values()), max(guesses.values())
    return {"low_km": max(round(low), 0), "high_km": max(round(high), 0), "basis": list(guesses)}
