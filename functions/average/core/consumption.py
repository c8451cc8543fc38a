"""Consumption over many logs: summed litres over summed kilometres, never a mean of means."""

import re
from collections.abc import Sequence
from math import fsum
from typing import Any, Final

from .reading import LEAST, Log, number, positive, section

_RANGE: Final = re.compile(r"[0-9]{1,3}(-[0-9]{1,3}|\+)_l100km")


def consumption(logs: Sequence[Log]) -> dict[str, Any]:
    """Return `overall{total_l, avg_l100km}` and `bySpeedRange`, each in l/100 km weighted by the km driven in it.

    Litres burned while standing count: a log of 0 km adds its litres. One whose km are unknown adds to `total_l` only.
    """
    litres: list[float] = []
    with_km: list[tuple[float, float]] = []
    for log in logs:
        burned = number(section(log.analysis, "fuelConsumption", "overall").get("total_l"))
        if burned is None:
            continue
        litres.append(burned)
        driven = number(section(log.analysis, "overall").get("distance_km"))
        if driven is not None and driven >= 0:
            with_km.append((burned, driven))
    km = fsum(driven for _, driven in with_km)
    return {
        "overall": {
            "total_l": round(fsum(litres), 2) if litres else None,
            "avg_l100km": round(fsum(burned for burned, _ in with_km) * 100 / km, 2) if km > LEAST else None,
        },
        "bySpeedRange": _by_speed(logs),
    }


def mean_by_km(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean of l/100 km figures, each weighted by the km it holds for; None for no pairs."""
    if not pairs:
        return None
    return round(fsum(rate * km for rate, km in pairs) / fsum(km for _, km in pairs), 2)


def _by_speed(logs: Sequence[Log]) -> dict[str, float]:
    pairs: dict[str, list[tuple[float, float]]] = {}
    weight_of: dict[str, str | None] = {}
    for log in logs:
        ranges = section(log.analysis, "fuelConsumption", "bySpeedRange")
        for name, value in ranges.items():
            if name not in weight_of:
                weight_of[name] = f"_{name[:-7]}_km" if _RANGE.fullmatch(name) else None
            weight = weight_of[name]
            if weight is None:
                continue
            rate, km = number(value), positive(ranges.get(weight))
            if rate is not None and km is not None:
                pairs.setdefault(name, []).append((rate, km))
    ordered = sorted(pairs, key=lambda name: (int(name.split("-")[0].split("+")[0]), name))
    return {name: mean for name in ordered if (mean := mean_by_km(pairs[name])) is not None}
