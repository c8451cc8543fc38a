"""When the next regeneration is due: a range, from the owner's own history and from the ECU's mean interval."""

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from .reading import Log, driven_after, number, positive, section
from .regens import Episode

OWN: Final = "own trigger and rate"
ECU: Final = "ecu mean interval"

LEAST_RATE_GL100KM: Final = 0.1
"""Least soot rate in a log that counts as filling."""


def next_regen(logs: Sequence[Log], episodes: Sequence[Episode]) -> dict[str, Any] | None:
    """Return `nextRegen` in km from the end of the last log, in date order; None where neither basis is known.

    Own: (median soot at the start of a regeneration − soot now) / median soot rate. ECU: mean of its last ten
    intervals − km since the last one. The distance of later logs without soot or counter is subtracted. Only logs of
    the last one's profile count.
    """
    if not logs:
        return None
    profile = logs[-1].profile
    of_profile = {index for index, log in enumerate(logs) if log.profile == profile}
    estimates = {
        OWN: _own(logs, of_profile, [episode for episode in episodes if episode.log in of_profile]),
        ECU: _ecu(logs, of_profile),
    }
    known = {basis: max(0.0, km) for basis, km in estimates.items() if km is not None}
    if not known:
        return None
    return {"low_km": round(min(known.values())), "high_km": round(max(known.values())), "basis": list(known)}


def _own(logs: Sequence[Log], of_profile: set[int], episodes: Sequence[Episode]) -> float | None:
    triggers = [soot for episode in episodes if (soot := positive(episode.figures.get("soot_start_gl"))) is not None]
    rates = [
        rate
        for index in of_profile
        if (rate := number(logs[index].analysis.get("sootRate_gl100km"))) is not None and rate >= LEAST_RATE_GL100KM
    ]
    if not triggers or not rates:
        return None
    for index in sorted(of_profile, reverse=True):
        soot = number(section(logs[index].analysis, "fap", "soot").get("end_gl"))
        if soot is not None:
            return (median(triggers) - soot) / median(rates) * 100 - driven_after(logs, index)
    return None


def _ecu(logs: Sequence[Log], of_profile: set[int]) -> float | None:
    for index in sorted(of_profile, reverse=True):
        fap = section(logs[index].analysis, "fap")
        mean, since = positive(fap.get("last10Regen_km")), number(fap.get("lastRegen_km"))
        if mean is not None and since is not None:
            return mean - since - driven_after(logs, index)
    return None
