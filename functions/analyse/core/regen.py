"""Regenerations: when the filter was burnt free, what it cost, and whether it was finished."""

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from . import stats
from .fap import soot_between
from .log import Log, Mask
from .sections import Section

AFTER_SEC: Final = 300.0
"""Soot keeps falling for this long after the flag."""

SETTLED_SEC: Final = 400.0
"""LastRegen is polled every ~380 s: after this much running it would have shown a reset."""

RESET_SLACK_KM: Final = 2.0
"""A first reading of LastRegen no higher than the distance since the flag rose, and this, was reset by it."""

SERVICE_RPM: Final = 1500.0
SERVICE_SHARE: Final = 0.9
"""A workshop's regeneration holds this many revs for this share of its rows; no driver idles like that."""


@dataclass(frozen=True, slots=True)
class Episode:
    """Consecutive rows of one drive with the flag set: from row `first` to row `last`."""

    first: int
    last: int

    @property
    def rows(self) -> slice:
        """Its rows."""
        return slice(self.first, self.last + 1)


def episodes(log: Log) -> list[Episode]:
    """Return all episodes of the log, in order."""
    flag = log.regenerating
    if not flag.any():
        return []
    edge = np.ones(len(log), bool)
    edge[1:] = flag[1:] != flag[:-1]
    edge[[drive.start for drive in log.drives]] = True
    starts = np.flatnonzero(edge)
    ends = np.append(starts[1:], len(log)) - 1
    return [Episode(int(a), int(b)) for a, b in zip(starts, ends, strict=True) if flag[a]]


def outside(log: Log, episodes: list[Episode]) -> Mask:
    """Return the rows outside all episodes and the 300 s after each."""
    mask = np.ones(len(log), bool)
    for episode in episodes:
        end = int(np.searchsorted(log.t, log.t[episode.last] + AFTER_SEC, side="right"))
        mask[episode.first : end] = False
    return mask


def regens(log: Log, episodes: list[Episode]) -> list[Section]:
    """Return one entry per episode."""
    rate = stats.litres_per_100km(log, ~log.regenerating)
    after = [episode.first for episode in episodes[1:]] + [len(log)] * bool(episodes)
    return [_regen(log, episode, until, rate) for episode, until in zip(episodes, after, strict=True)]


def _regen(log: Log, episode: Episode, until: int, rate: float | None) -> Section:
    rows = episode.rows
    seconds = float(log.dt[rows].sum())
    km, litres = stats.total(log.km[rows]), stats.total(log.litres[rows])
    soot_start, soot_end, soot_after = _soot(log, episode, until)
    burned = None if not soot_start or soot_after is None else (soot_start - soot_after) / soot_start * 100
    temp = stats.span(log["FAPtemp"][rows], log.dt[rows])
    reset = _reset(log, episode, until)
    interval, uncertainty = _interval(log, episode, reset)
    extra = None if litres is None or km is None or rate is None else litres - rate * km / 100
    return {
        "start": log.at(episode.first),
        "end": log.at(episode.last),
        "duration_sec": round(seconds),
        "distance_km": stats.rounded(km, 1),
        "avg_speed_kmh": stats.rounded(stats.mean(log["Speed"][rows], log.dt[rows])),
        "soot_start_gl": stats.rounded(soot_start, 2),
        "soot_end_gl": stats.rounded(soot_end, 2),
        "soot_after_gl": stats.rounded(soot_after, 2),
        "burned_perc": stats.rounded(burned),
        "temp_avg_c": stats.rounded(temp[2] if temp else None),
        "temp_max_c": stats.rounded(temp[1] if temp else None),
        "interval_km": stats.rounded(interval),
        "interval_uncertainty_km": None if uncertainty is None else ceil(uncertainty),
        "extra_fuel_l": stats.rounded(extra, 2),
        "outcome": _outcome(log, episode, until, reset),
        "service": _is_service(log, rows),
    }


def fap_regen(log: Log, episodes: list[Episode], entries: list[Section]) -> Section | None:
    """Return the section `fapRegen`: all episodes together; None without one."""
    if not episodes:
        return None
    flag, dt = log.regenerating, log.dt
    return {
        "previousRegen_km": entries[0]["interval_km"],
        "duration_sec": round(float(dt[flag].sum())),
        "distance_km": stats.rounded(stats.total(log.km, flag), 1),
        "speed": stats.figures(log["Speed"], dt, "kmh", flag),
        "fapTemp": stats.figures(log["FAPtemp"], dt, "c", flag),
        "fapPressure": stats.figures(log["FAPpressure"], dt, "mbar", flag, 1),
        "revs": stats.figures(log["Revs"], dt, "", flag),
        "fapSoot": soot_between(entries[0]["soot_start_gl"], entries[-1]["soot_end_gl"]),
        "fuelConsumption": {
            "regen_l100km": stats.rounded(stats.litres_per_100km(log, flag), 2),
            "nonRegen_l100km": stats.rounded(stats.litres_per_100km(log, ~flag), 2),
        },
    }


def _is_service(log: Log, rows: slice) -> bool:
    """Return whether a workshop ran it: the car stood all the time, and the revs were raised for nearly all of it."""
    speed, revs = log["Speed"][rows], log["Revs"][rows]
    known = ~np.isnan(revs)
    if np.isnan(speed).all() or np.nanmax(speed) > 0 or not known.any():
        return False
    return bool(np.mean(revs[known] >= SERVICE_RPM) >= SERVICE_SHARE)


def _soot(log: Log, episode: Episode, until: int) -> tuple[float | None, float | None, float | None]:
    """Return soot at the start, at the end of the flag, and the lowest within 300 s after it in the same drive."""
    soot = log["FAPsoot"]
    begin = int(log.drive_start[episode.first])
    start = stats.last(soot[begin : episode.first + 1])
    if start is None:
        start = stats.first(soot[episode.rows])
    stop = min(until, int(np.searchsorted(log.t, log.t[episode.last] + AFTER_SEC, side="right")))
    stop = episode.last + int((log.drive_start[episode.last : stop] == begin).sum())
    after = soot[episode.last : stop]
    after = after[~np.isnan(after)]
    end = stats.last(soot[begin : episode.last + 1])
    return start, end, float(after.min()) if len(after) else end


def _reset(log: Log, episode: Episode, until: int) -> int | None:
    """Return the first row, before the next episode, in which LastRegen was seen to have been reset; None if never."""
    counter = log["LastRegen"][:until]
    known = np.flatnonzero(~np.isnan(counter))
    before = int(np.searchsorted(known, episode.first, side="right"))
    later = known[before:]
    if not len(later):
        return None
    if not before:
        driven = float(np.nansum(log.km[episode.first : later[0] + 1]))
        if counter[later[0]] <= driven + RESET_SLACK_KM:
            return int(later[0])
    rows = known[max(before - 1, 0) :]
    falls = np.flatnonzero(np.diff(counter[rows]) < 0)
    return int(rows[falls[0] + 1]) if len(falls) else None


def _interval(log: Log, episode: Episode, reset: int | None) -> tuple[float | None, float | None]:
    """Return the kilometres of the interval this episode ended, and their uncertainty; None where never read.

    The highest LastRegen from the episode's start to its reset (its end, where no reset was seen). It is polled every
    ~380 s, so the interval is known to within the distance driven between its last change and the reset.
    """
    end = episode.last + 1 if reset is None else reset
    counter = log["LastRegen"][:end]
    known = np.flatnonzero(~np.isnan(counter))
    if not len(known):
        return None, None
    values = counter[known]
    since = max(int(np.searchsorted(known, episode.first, side="right")) - 1, 0)
    top = since + int(values[since:].argmax())
    changes = np.flatnonzero(np.diff(values[: top + 1])) + 1
    changed = int(known[changes[-1]]) if len(changes) else int(known[0])
    return float(values[top]), float(np.nansum(log.km[changed + 1 : end + 1]))


def _outcome(log: Log, episode: Episode, until: int, reset: int | None) -> str:
    """Return `complete`, `aborted` or `unknown`.

    Complete when LastRegen was reset or Avg10regen changed; aborted when the flag fell, or the engine stopped, and
    400 s of later running with a fresh reading show neither. A single row with the flag may be misread, so that alone
    it is never called aborted.
    """
    mean_interval = log["Avg10regen"]
    base = stats.last(mean_interval[: episode.first + 1])
    if base is None:
        base = stats.first(mean_interval[episode.rows])
    seen = mean_interval[episode.first : until]
    if reset is not None or (base is not None and bool((seen[~np.isnan(seen)] != base).any())):
        return "complete"
    if episode.first == episode.last:
        return "unknown"
    later = slice(episode.last + 1, until)
    ran = np.cumsum(np.where(log.engine_on[later], log.dt[later], 0.0))
    if not len(ran) or ran[-1] < SETTLED_SEC:
        return "unknown"
    read = ~np.isnan(log["LastRegen"][later])
    if base is not None:
        read |= ~np.isnan(mean_interval[later])
    fresh = (ran >= SETTLED_SEC) | (log.drive_start[later] != log.drive_start[episode.last])
    return "aborted" if bool((read & fresh).any()) else "unknown"
