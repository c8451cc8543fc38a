"""Date, duration and distance of a log, and how it was driven."""

from . import stats
from .log import Log
from .sections import Section


def overall(log: Log) -> Section:
    """Return date and clock times, durations (gaps excluded), distance (integral of Speed) and outside temperature."""
    start, end = log.at(0), log.at(-1)
    return {
        "date": {"date": start[:10], "start": start[11:], "end": end[11:]},
        "duration": {
            "overall_sec": round(float(log.dt.sum())),
            "engineOn_sec": stats.seconds(log, log.engine_on, "Revs"),
            "engineOff_sec": stats.seconds(log, log.engine_off, "Revs"),
            "idle_sec": None if log.unknown("Speed") else stats.seconds(log, log.standing, "Revs"),
            "driving_sec": stats.seconds(log, log.driving, "Speed"),
        },
        "distance_km": stats.rounded(stats.total(log.km), 2),
        "externalTemp": stats.figures(log["ExternalTemp"], log.dt, "c"),
    }


def driving(log: Log) -> Section:
    """Return how the car was driven: pedal, revs and speed."""
    pedal = log["AccelPedalPos"]
    pressed = stats.span(pedal, log.dt, (pedal >= 0) & (pedal <= 100))
    moving = stats.mean(log["Revs"], log.dt, log.driving)
    return {
        "acceleration": {
            "max_perc": stats.rounded(pressed[1] if pressed else None),
            "avg_perc": stats.rounded(stats.mean(pedal, log.dt, (pedal > 0) & (pedal <= 100))),
        },
        "revs": {**stats.figures(log["Revs"], log.dt, ""), "avgDriving": stats.rounded(moving)},
        "speed": stats.figures(log["Speed"], log.dt, "kmh"),
    }
