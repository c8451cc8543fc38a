"""What changes from log to log: a point per log, by ECU profile, in date order."""

from collections.abc import Sequence

from faplog.contracts.average import TrendPoint

from .reading import Log, number, section
from .regens import Episode


def in_date_order(logs: Sequence[Log]) -> list[Log]:
    """The logs by date, start and id; what is alike in all of these by content, so that any order gives the same."""
    ordered = sorted(logs, key=_when)
    keys = [_when(log) for log in ordered]
    if len(set(keys)) < len(keys):
        ordered.sort(key=lambda log: (*_when(log), repr(log.analysis)))
    return ordered


def _when(log: Log) -> tuple[str, str, str]:
    return (log.date or "", log.start, log.id or "")


def trends(logs: Sequence[Log], found: Sequence[Episode]) -> dict[str, list[TrendPoint]]:
    """A point for each log (already in date order), under its profile: soot is counted differently in each."""
    last: dict[int, Episode] = {}
    interval: dict[int, int | float] = {}
    for episode in found:
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
                kv_afterRegen=number(restriction.get("kv_afterRegen")),
                pressure_idle_mbar=number(section(fap, "pressure_idle").get("avg_mbar")),
                interval_km=interval.get(index),
                outcome=last[index].outcome if index in last else None,
                l100km=number(section(analysis, "fuelConsumption", "overall").get("avg_l100km")),
                oilDilution_perc=number(engine.get("oilDilution_perc")),
                additive_ml=number(section(fap, "additive").get("remain_ml")),
                battery_before_v=number(section(engine, "battery").get("beforeDrive_v")),
            )
        )
    return points
