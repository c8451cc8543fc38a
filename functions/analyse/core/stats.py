"""Sums and means for all sections. A missing column, an empty mask or only void cells give None."""

import numpy as np

from .log import Log, Mask
from .reading import Floats

Number = int | float | None
Figures = dict[str, Number]


def rounded(value: float | None, decimals: int = 0) -> Number:
    """Return the value rounded: an int for no decimals, None for NaN, infinity and None."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), decimals) if decimals else round(float(value))


def span(values: Floats, dt: Floats, mask: Mask | None = None) -> tuple[float, float, float] | None:
    """Return smallest, largest and time-weighted mean of the values, void cells left out; None where there are none.

    The weight of a row is its dt; where all weights are 0 the plain mean.
    """
    chosen = ~np.isnan(values)
    if mask is not None:
        chosen &= mask
    rows = chosen.nonzero()[0]
    if not len(rows):
        return None
    kept, weights = values[rows], dt[rows]
    total = float(weights.sum())
    mean = float((kept * weights).sum()) / total if total > 0 else float(kept.mean())
    low, high = float(kept.min()), float(kept.max())
    return low, high, min(max(mean, low), high)


def figures(values: Floats, dt: Floats, unit: str, mask: Mask | None = None, decimals: int = 0) -> Figures:
    """Return `{min_<unit>, max_<unit>, avg_<unit>}`, each rounded, or None."""
    suffix = f"_{unit}" if unit else ""
    low, high, mean = span(values, dt, mask) or (None, None, None)
    return {
        f"min{suffix}": rounded(low, decimals),
        f"max{suffix}": rounded(high, decimals),
        f"avg{suffix}": rounded(mean, decimals),
    }


def mean(values: Floats, dt: Floats, mask: Mask | None = None) -> float | None:
    """Return the time-weighted mean, or None."""
    known = span(values, dt, mask)
    return None if known is None else known[2]


def median(values: Floats, mask: Mask) -> float | None:
    """Return the plain median of the values under the mask, or None."""
    kept = values[mask & ~np.isnan(values)]
    return float(np.median(kept)) if len(kept) else None


def first(values: Floats) -> float | None:
    """Return the first value that is not void."""
    rows = (~np.isnan(values)).nonzero()[0]
    return float(values[rows[0]]) if len(rows) else None


def last(values: Floats) -> float | None:
    """Return the last value that is not void."""
    rows = (~np.isnan(values)).nonzero()[0]
    return float(values[rows[-1]]) if len(rows) else None


def total(steps: Floats, mask: Mask | None = None) -> float | None:
    """Return the sum of the known steps; None where no step is known."""
    chosen = ~np.isnan(steps)
    if mask is not None:
        chosen &= mask
    return float(steps[chosen].sum()) if chosen.any() else None


def seconds(log: Log, mask: Mask, column: str) -> Number:
    """Return the whole seconds of the masked rows; None if the column that the mask depends on has no value."""
    if log.unknown(column):
        return None
    return round(float(log.dt[mask].sum()))


def litres_per_100km(log: Log, mask: Mask | None = None) -> float | None:
    """Return fuel over distance, of the steps in which both are known; None under 5 m."""
    both = log.consumed if mask is None else log.consumed & mask
    km = float(log.km[both].sum())
    return float(log.litres[both].sum()) / km * 100 if km >= 0.005 else None
