"""The engine's condition: battery, temperatures, oil, injectors, rail and boost."""

from typing import Final

import numpy as np

from . import stats
from .columns import INJECTORS
from .log import Log, Mask
from .sections import Section
from .warmup import engine_warmup

WARM_C: Final = 80.0
BOOST_MBAR: Final = 1200.0
"""Below this the turbocharger is not asked for anything; the demand's pseudo-value is 1000."""


def engine(log: Log) -> Section:
    """The section `engine`."""
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
    """Rows with the ignition on and the engine still, before the first start of their drive."""
    before = np.zeros(len(log), bool)
    for drive in log.drives:
        running = log.engine_on[drive]
        start = int(running.argmax())
        if running[start]:
            before[drive.start : drive.start + start] = True
    return before & log.engine_off


def injectors_are_ratios(log: Log) -> bool | None:
    """Whether this ECU gives corrections as ratios around 1 (DCM6.2) or centred on 0 (SID807); None without any.

    Told by the values: a ratio is never negative and lies near 1 wherever it is not 0 (fuel cut).
    """
    values = np.concatenate([log[name] for name in INJECTORS])
    values = values[(values != 0) & ~np.isnan(values)]
    if not len(values):
        return None
    return bool(values.min() > 0 and 0.5 <= float(np.median(values)) <= 1.5)


def warm_idle(log: Log) -> Mask:
    """Rows at warm idle, not regenerating: oil (else coolant) at 80 °C or more."""
    warm = log["Coolant"] if log.unknown("OilTemp") else log["OilTemp"]
    return log.idle & (warm >= WARM_C) & ~log.regenerating


def injectors(log: Log) -> Section:
    """Mean correction of each injector at warm idle while corrections are active, and the mean of those means.

    For ratios a row is inactive where all known corrections are exactly 1.00, or one is 0 (fuel cut).
    """
    corrections = [log[name] for name in INJECTORS]
    mask = warm_idle(log)
    if injectors_are_ratios(log):
        matrix = np.array(corrections)
        mask = mask & ~((matrix == 1) | np.isnan(matrix)).all(axis=0) & ~(matrix == 0).any(axis=0)
    means = [stats.mean(values, log.dt, mask) for values in corrections]
    known = [value for value in means if value is not None]
    section: Section = {f"injector{number}": stats.rounded(value, 2) for number, value in enumerate(means, 1)}
    section["average"] = stats.rounded(sum(known) / len(known) if known else None, 2)
    return section


def boosted(log: Log) -> Mask:
    """Rows where boost is demanded or there, not regenerating."""
    return ((log["TurboInstr"] > BOOST_MBAR) | (log["Turbopress"] > BOOST_MBAR)) & ~log.regenerating


def _boost(log: Log) -> stats.Number:
    return stats.rounded(stats.mean(log["Turbopress"] - log["TurboInstr"], log.dt, boosted(log)), 2)


def _errors(log: Log) -> stats.Number:
    found = stats.span(log["Errors"], log.dt)
    return stats.rounded(found[1] if found else None)
