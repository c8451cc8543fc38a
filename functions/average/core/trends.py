"""Trends: a point per log, by ECU profile, in date order."""

from collections.abc import Sequence
from typing import Final

from faplog.contracts.average import TrendPoint
from faplog.contracts.figures import Outcome
from faplog.contracts.limits import FILTER_LIFE_KNOWN_KM

from .reading import Json, Log, number, section
from .regens import Episode

MOST_ADDITIVE_ML: Final = 10_000.0
MOST_ASH_PERC: Final = 200.0
MOST_LIFE_KM: Final = 1_000_000.0
"""The largest credible counter."""


def in_date_order(logs: Sequence[Log]) -> list[Log]:
    """Return the logs sorted by date, start, id and, where all of these are equal, by content."""
    ordered = sorted(logs, key=_order_key)
    keys = [_order_key(log) for log in ordered]
    if len(set(keys)) < len(keys):
        ordered.sort(key=lambda log: (*_order_key(log), repr(log.analysis)))
    return ordered


def _order_key(log: Log) -> tuple[str, str, str]:
    return (log.date or "", log.start, log.id or "")


def trends(logs: Sequence[Log], episodes: Sequence[Episode]) -> dict[str, list[TrendPoint]]:
    """Return a point for each log (already in date order), under its profile: soot is counted differently in each."""
    last: dict[int, Episode] = {}
    interval: dict[int, int | float] = {}
    for episode in episodes:
        last[episode.log] = episode
        if episode.interval_km is not None:
            interval[episode.log] = episode.interval_km
    points: dict[str, list[TrendPoint]] = {profile: [] for profile in sorted({log.profile for log in logs})}
    for index, log in enumerate(logs):
        analysis = log.analysis
        restriction, engine, fap = (
            section(analysis, "restriction"),
            section(analysis, "engine"),
            section(analysis, "fap"),
        )
        points[log.profile].append(
            TrendPoint(
                date=log.date,
                analysisId=log.id,
                sootRate_gl100km=number(analysis.get("sootRate_gl100km")),
                kv=number(restriction.get("kv")),
                kv_afterRegen=None if _ended_aborted(last.get(index)) else number(restriction.get("kv_afterRegen")),
                pressure_idle_mbar=number(section(fap, "pressure_idle").get("avg_mbar")),
                interval_km=interval.get(index),
                outcome=last[index].outcome if index in last else None,
                l100km=number(section(analysis, "fuelConsumption", "overall").get("avg_l100km")),
                oilDilution_perc=number(engine.get("oilDilution_perc")),
                additive_ml=_additive(section(fap, "additive")),
                battery_before_v=number(section(engine, "battery").get("beforeDrive_v")),
                ash_perc=_within(number(section(fap, "deposits").get("percentage_perc")), MOST_ASH_PERC),
                filter_life_left_km=_life_left(section(fap, "life")),
                filter_km=_within(number(section(fap, "life").get("life_km")), MOST_LIFE_KM),
            )
        )
    return points


def soot_loads(logs: Sequence[Log], profile: str) -> list[int | float | None]:
    """Return the soot load, g/l, at the start of each log of a profile: one for each of its points."""
    return [number(section(log.analysis, "fap", "soot").get("start_gl")) for log in logs if log.profile == profile]


def _ended_aborted(episode: Episode | None) -> bool:
    """Return whether the regeneration was interrupted, so that soot is left in the filter."""
    return episode is not None and episode.outcome is Outcome.ABORTED


def _additive(section: Json) -> int | float | None:
    """Return the additive left; None without a tank or where it exceeds the capacity."""
    volume = number(section.get("vol_ml"))
    left = _within(number(section.get("remain_ml")), MOST_ADDITIVE_ML)
    return None if left is None or (volume is not None and left > volume) or volume == 0 else left


def _life_left(section: Json) -> int | float | None:
    """Return the extrapolated rest of the filter life; None below the distance from which it is meaningful."""
    driven = number(section.get("life_km"))
    known = driven is not None and driven >= FILTER_LIFE_KNOWN_KM
    return _within(number(section.get("left_km")), MOST_LIFE_KM) if known else None


def _within(value: int | float | None, most: float) -> int | float | None:
    return value if value is not None and 0 <= value <= most else None
