"""The filter's resistance to flow: pressure divided by flow, brought to one temperature."""

from functools import reduce
from typing import Final

import numpy as np

from . import stats
from .log import Log, Mask
from .reading import Floats
from .regen import AFTER_SEC, Episode
from .sections import Section

STEADY_ROWS: Final = 10
STEADY_REVS: Final = 0.08
STEADY_FLOW: Final = 0.20
"""Rows are steady while revs and air flow vary by less than these shares of their mean over so many rows."""
MIN_ROWS: Final = 30
STANDARD_MBAR: Final = 1013.0
GAS_CONSTANT: Final = 287.0
"""J/(kg·K), of air; exhaust of a diesel differs little."""
REFERENCE_K: Final = 473.0
ZERO_C_K: Final = 273.0
VISCOSITY_EXPONENT: Final = 0.7


def restriction(log: Log, episodes: list[Episode], flow: Floats) -> Section:
    """Return the median resistance over steady rows: before the first regeneration, and from 300 s after the last one.

    So no row of a regeneration is among them.
    """
    values = np.where(steady(log), resistance(log, flow), np.nan)
    before, after = values, values[:0]
    if episodes:
        before = values[: episodes[0].first]
        after = values[np.searchsorted(log.t, log.t[episodes[-1].last] + AFTER_SEC, side="right") :]
    return {**_median(before, "kv", "n"), **_median(after, "kv_afterRegen", "n_after")}


def _median(values: Floats, name: str, count: str) -> Section:
    kept = values[np.isfinite(values)]
    return {name: stats.rounded(float(np.median(kept)), 3) if len(kept) >= MIN_ROWS else None, count: len(kept)}


def volume_flow(log: Log, assumed_c: float | None = None) -> Floats:
    """Return the exhaust flow through the filter of each row, m³/h.

    m = (AirFlow + InjFlow)·1e−6·Revs/30 kg/s (two strokes a revolution); by the gas law
    Q = 3600·m·287·T/(100·p) m³/h. Atmospheric pressure is the last known, else 1013 mbar.

    Args:
        log: The log.
        assumed_c: Filter temperature to use where it was never read.
    """
    air = log["AtmosphPress"]
    rows = np.maximum.accumulate(np.where(np.isnan(air), -1, np.arange(len(log))))
    ambient = np.where(rows >= 0, air[rows], STANDARD_MBAR)
    kelvin = (log["FAPtemp"] if assumed_c is None else assumed_c) + ZERO_C_K
    mass = (log["AirFlow"] + log["InjFlow"]) * 1e-6 * log["Revs"] / 30.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(3600.0 * mass * GAS_CONSTANT * kelvin / (100.0 * (ambient + log["FAPpressure"])))


def resistance(log: Log, flow: Floats) -> Floats:
    """Return k_v of each row: mbar per m³/h, brought to 200 °C, as viscosity grows with T^0.7."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(log["FAPpressure"] / flow / ((log["FAPtemp"] + ZERO_C_K) / REFERENCE_K) ** VISCOSITY_EXPONENT)


def steady(log: Log) -> Mask:
    """Return the rows whose last `STEADY_ROWS` rows, of one drive, kept revs and air flow within their shares.

    An engine that stands still is never steady: nothing is below a share of 0.
    """
    whole = np.arange(len(log)) - log.drive_start >= STEADY_ROWS - 1
    if not whole.any():
        return whole
    return whole & _within(log["Revs"], STEADY_REVS) & _within(log["AirFlow"], STEADY_FLOW)


def _within(values: Floats, share: float) -> Mask:
    """Return the rows whose last `STEADY_ROWS`, none void, have (highest − lowest) below that share of their mean."""
    highest = _trailing(values, np.maximum)
    lowest = _trailing(values, np.minimum)
    mean = _trailing(values, np.add) / STEADY_ROWS
    calm = np.zeros(len(values), bool)
    calm[STEADY_ROWS - 1 :] = highest - lowest < share * mean
    return calm


def _trailing(values: Floats, combine: np.ufunc) -> Floats:
    """Return the ufunc over each `STEADY_ROWS` neighbours, put together from windows of one, two, four … rows."""
    windows = {1: values}
    while (width := max(windows)) * 2 <= STEADY_ROWS:
        windows[width * 2] = combine(windows[width][:-width], windows[width][width:])
    covered, parts = 0, []
    for width in sorted(windows, reverse=True):
        if STEADY_ROWS & width:
            parts.append(windows[width][covered : len(values) - STEADY_ROWS + covered + 1])
            covered += width
    return np.asarray(reduce(combine, parts))
