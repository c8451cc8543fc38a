"""The limits that the plots of a log draw as lines: those of a value that is itself plotted."""

from typing import Final

from faplog.contracts.limits import LIMITS, Code, Severity

_PLOTTED: Final = {"pressure": Code.MAX_PRESSURE, "coolant": Code.COOLANT_MAX, "oil": Code.OIL_MAX}
"""The limit of each channel that is judged value by value; the idle pressure is judged as an average, at idle only."""


def plot_limits() -> dict[str, list[dict[str, str | float]]]:
    """Return the limits of each channel, lowest first: `at` in the unit of the channel, and its `severity`."""
    found: dict[str, list[dict[str, str | float]]] = {}
    for channel, code in _PLOTTED.items():
        limit = LIMITS[code]
        steps = ((Severity.WATCH, limit.watch), (Severity.ACT, limit.act))
        found[channel] = [
            {"at": float(at), "severity": severity.value}
            for severity, at in steps
            if at is not None and not isinstance(at, tuple)
        ]
    return found
