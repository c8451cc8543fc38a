"""The engine's condition: battery, temperatures, oil, injectors, rail and boost."""

from typing import Final

import numpy as np

from . import stats
from .columns import INJECTORS
from .log import Log, Mask
from .reading import Floats
from .sections import Section
from .text import Integers
from .warmup import WARM_C, engine_warmup

BOOST_MBAR: Final = 1200.0
"""Demand or pressure above which there is boost; without demand the ECU sends the pseudo-value 1000."""


def engine(log: Log) -> Section:
    """Return the section `engine`."""
    return {
        "battery": {
            "beforeDrive_v": stats.rounded(stats.mean(log["Battery"], log.dt, before_start(log)), 2),
            "engineRunning_v": stats.rounded(stats.mean(log["Battery"], log.dt, log.engine_on), 2),
        },
        "coolantTemp": stats.figures(log["Coolant"], log.dt, "c"),
        "oilTemp": stats.figures(log["OilTemp"], log.dt, "c"),
        "engineWarmup": engine_warmup(log),
        "errors": _errors(log),
        "oilDilution_perc": stats.rounded(stats.median(log["OilDilution"], log.engine_on)),
        "oilCarbonate_perc": stats.rounded(stats.median(log["OilCarbon"], log.engine_on)),
        "injector": injectors(log),
        "fuelPressure": {
            "avg_diff_idle_bar": stats.rounded(
                stats.mean(log["FuelPress"] - log["FuelPressInstr"], log.dt, log.idle), 2
            )
        },
        "boost": {"avg_diff_mbar": _boost(log)},
    }


def before_start(log: Log) -> Mask:
    """Return the rows with the ignition on and the engine still, before the first start of their drive."""
    before = np.zeros(len(log), bool)
    for drive in log.drives:
        running = log.engine_on[drive]
        start = int(running.argmax())
        if running[start]:
            before[drive.start : drive.start + start] = True
    return before & log.engine_off


def warm_idle(log: Log) -> Mask:
    """Return the rows at warm idle, not regenerating: oil (else coolant) at 80 °C or more."""
    warm = log["Coolant"] if log.unknown("OilTemp") else log["OilTemp"]
    return np.asarray(log.idle & (warm >= WARM_C) & ~log.regenerating)


def corrections(log: Log) -> tuple[Floats, Integers, bool]:
    """Return the injectors' corrections at warm idle while active, the rows they are from, and whether they are ratios.

    DCM6.2 gives ratios around 1, SID807 figures centred on 0; the values tell: a ratio is never negative, and where it
    is not 0 it lies near 1. Of ratios, a row is inactive where all known ones are exactly 1.00 or one is 0 (fuel cut).
    """
    rows = np.flatnonzero(warm_idle(log))
    values = np.array([log[name][rows] for name in INJECTORS])
    some = values[(values != 0) & ~np.isnan(values)]
    ratios = len(some) > 0 and bool(some.min() > 0 and np.mean((some >= 0.5) & (some <= 1.5)) > 0.5)
    if ratios:
        active = ~((values == 1) | np.isnan(values)).all(axis=0) & ~(values == 0).any(axis=0)
        values, rows = values[:, active], rows[active]
    return values, rows, ratios


def injectors(log: Log) -> Section:
    """Return the mean correction of each injector at warm idle, and the mean of those means."""
    values, rows, _ = corrections(log)
    means = [stats.mean(one, log.dt[rows]) for one in values]
    known = [value for value in means if value is not None]
    section: Section = {f"injector{number}": stats.rounded(value, 2) for number, value in enumerate(means, 1)}
    section["average"] = stats.rounded(sum(known) / len(known) if known else None, 2)
    return section


def boosted(log: Log) -> Mask:
    """Return the rows where boost is demanded or there, not regenerating."""
    return ((log["TurboInstr"] > BOOST_MBAR) | (log["Turbopress"] > BOOST_MBAR)) & ~log.regenerating


def _boost(log: Log) -> stats.Number:
    return stats.rounded(stats.mean(log["Turbopress"] - log["TurboInstr"], log.dt, boosted(log)), 2)


def _errors(log: Log) -> stats.Number:
    found = stats.span(log["Errors"], log.dt)
    return stats.rounded(found[1] if found else None)
