"""The whole analysis of one log: bytes in, plain values out."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from . import stats
from .cleaning import Cleaned, clean
from .drives import drives
from .engine import engine
from .fap import fap
from .fuel import fuel_consumption
from .health import health
from .log import Log
from .outlook import next_regen, soot_rate
from .overall import driving, overall
from .quality import quality
from .reading import read_rows
from .regen import Episode, episodes, fap_regen, outside, regens
from .restriction import restriction, volume_flow
from .sections import Section
from .sensors import believed, implausible, sensor_signs
from .signs import Observed
from .text import Text, read_text
from .warmup import warmup

MAX_ENTRIES: Final = 500
"""Drives and regenerations listed; the totals count them all."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A log as read: its text, its clean rows, what cleaning did, its regenerations, and the day in its name."""

    text: Text
    log: Log
    cleaned: Cleaned
    episodes: list[Episode]
    day: date | None = None


def read(raw: bytes, day: date | None = None) -> Reading:
    """Return the clean log in a file's bytes.

    Args:
        raw: The file's bytes.
        day: The day in the file's name, if it has one.

    Raises:
        BadLog: The bytes are no log.
        BadData: They are a log, but its rows cannot be used.
    """
    text = read_text(raw)
    log, cleaned = clean(read_rows(text, day))
    return Reading(text, log, cleaned, episodes(log), day)


def analyse(reading: Reading, profile: str | None = None) -> Section:
    """Return the analysis, in the names of `faplog.contracts.analysis`.

    Args:
        reading: The log as read.
        profile: The ECU profile, where the file name says.
    """
    raw, episodes = reading.log, reading.episodes
    flow = volume_flow(raw)
    sensors = list(sensor_signs(raw, outside(raw, episodes), flow, reading.cleaned.voided))
    log = believed(raw, implausible(sensors))
    if log is not raw:
        flow = volume_flow(log)
    entries = regens(log, episodes)
    rate = soot_rate(log, episodes)
    all_drives = drives(log)
    sections: Section = {
        "overall": overall(log),
        "driving": driving(log),
        "engine": engine(log),
        "fap": fap(log),
        "fapRegen": fap_regen(log, episodes, entries),
        "fuelConsumption": fuel_consumption(log),
        "restriction": restriction(log, episodes, flow),
        "sootRate_gl100km": stats.rounded(rate, 2),
        "nextRegen": next_regen(log, entries, rate),
        "warmup": warmup(log),
        "drives": all_drives[:MAX_ENTRIES],
        "drives_total": len(all_drives),
        "regens": entries,
        "regens_total": len(entries),
    }
    sections["health"] = health(Observed(log, episodes, sections, flow), sensors)
    sections["quality"] = quality(raw, reading.text, reading.cleaned, profile, reading.day)
    sections["regens"] = entries[:MAX_ENTRIES]
    return sections
