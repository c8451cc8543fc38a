"""The generator against life: the same figures of real logs and of synthetic ones of the same kind of drive.

What is known of the real car stands here as numbers, so that the comparison needs no real log: of a drive through
town in winter, and of a longer one of which only some figures are known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from faplog.synthetic import PROFILES, plan
from faplog.synthetic.drive import Trip
from functions.analyse.core.analysis import Reading, analyse, read
from functions.analyse.core.restriction import resistance, steady, volume_flow
from functions.analyse.core.sensors import rank_correlation

Floats = npt.NDArray[np.float64]
Figures = dict[str, float]
Known = tuple[float, ...]
"""A figure of each real log that knows it."""

SEEDS: Final = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """One statistic: how it is taken from a log, what the real logs say, and how far life may lie from 40 others."""

    name: str
    real: Known
    decimals: int = 2


REAL: Final[tuple[Figure, ...]] = (
    Figure("rank correlation of pressure and flow", (0.82,)),
    Figure("steady rows, share of running", (0.25,)),
    Figure("flow Q, median, m³/h", (72,), 0),
    Figure("flow Q, middle half, m³/h", (66,), 0),
    Figure("flow Q, 95th percentile, m³/h", (175,), 0),
    Figure("kv, mbar per m³/h", (0.294,), 3),
    Figure("kv of steady rows, middle half, % of it", (12,), 0),
    Figure("pressure at idle, mean, mbar", (14.7,), 1),
    Figure("pressure, highest, mbar", (92,), 0),
    Figure("pressure, median change between readings, mbar", (10,), 0),
    Figure("standing, share of running", (0.28,)),
    Figure("revs, 95th percentile", (1959,), 0),
    Figure("injection, 95th percentile, mg", (19.6,), 1),
    Figure("air, median, mg", (504,), 0),
    Figure("filter temperature, median, °C", (152,), 0),
    Figure("filter temperature, highest, °C", (229,), 0),
    Figure("boost less demand, mean, mbar", (-24,), 0),
    Figure("boost less demand, deviation, mbar", (97,), 0),
    Figure("rail pressure less demand, deviation, bar", (109,), 0),
    Figure("EGR less demand, deviation, %", (9.0,), 1),
    Figure("coolant, °C per minute of the first ten", (5.8,), 1),
    Figure("battery before the start, V", (12.27,)),
    Figure("battery while running, V", (14.35,)),
    Figure("soot, g/l per 100 km", (2.4,), 1),
    Figure("fuel, l/100 km", (9.8,), 1),
    Figure("rows between two changes of Revs", (3.7,), 1),
    Figure("of these exactly three, share", (0.60,)),
    Figure("rows between two changes of Coolant", (97,), 0),
    Figure("step between rows, s", (1.0,)),
    Figure("void cells per 1,000 rows", (0.0,), 1),
)
"""A drive through town: 3.8 km in two parts of nine and seven minutes, cold, around 0 °C, soot at 14.6 g/l."""

REAL_LONG: Final[tuple[Figure, ...]] = (
    Figure("rank correlation of pressure and flow", (0.85,)),
    Figure("steady rows, share of running", (0.41,)),
    Figure("filter temperature in a regeneration, highest, °C", (381,), 0),
    Figure("minutes to 80 °C coolant, from around 0 °C", (25,), 0),
)
"""A longer drive with a regeneration, of which no more is known here."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A statistic, real beside synthetic: the median of the synthetic logs, and where nine of ten lie."""

    figure: Figure
    median: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """Whether what is real could be one of the synthetic logs."""
        return all(self.low <= value <= self.high for value in self.figure.real)


def town(seed: int) -> bytes:
    """Return a synthetic log of the same kind of drive as the real one through town."""
    trips = [Trip(20.5 * 3600, "errand", 560, "complete", 0), Trip(21.2 * 3600, "errand", 430, "complete", 0)]
    return _log(seed, trips, soot_gl=14.6)


def long_drive(seed: int) -> bytes:
    """Return a synthetic log of a longer drive, in which the filter regenerates."""
    return _log(seed, [Trip(20.5 * 3600, "commute", 1500, "complete", 0)], soot_gl=14.8)


def _log(seed: int, trips: list[Trip], soot_gl: float) -> bytes:
    random = Random(f"{seed}/realism")
    car = plan.new_car(random, "good", 1.0)
    car.soot_gl, car.last_regen_km = soot_gl, 700.0
    return plan.one_day(car, PROFILES["DCM62v2"], date(2025, 2, 3), random, trips, outside_c=0.0)[0]


def figures(raw: bytes) -> Figures:
    """Return the statistics of a log, by the names of `REAL` and `REAL_LONG`; NaN where it does not know one."""
    reading = read(raw)
    log, analysis = reading.log, analyse(reading)
    running = log.engine_on & ~log.regenerating
    pressure = log["FAPpressure"]
    flow = volume_flow(log)
    known = running & np.isfinite(flow) & np.isfinite(pressure)
    calm = resistance(log, flow)[steady(log) & running]
    calm = calm[np.isfinite(calm)]
    boost, rail, egr = (
        (log[name] - log[demand])[running]
        for name, demand in (("Turbopress", "TurboInstr"), ("FuelPress", "FuelPressInstr"), ("EGRpos", "EGRposInstr"))
    )
    revs, coolant = _lengths(log["Revs"][running]), _lengths(log["Coolant"][running])
    voided = sum(sum(kinds.values()) for kinds in analysis["quality"]["voided"].values())
    overall = analysis["overall"]
    soot = analysis["fap"]["soot"]["diff_gl"]
    return {
        "rank correlation of pressure and flow": rank_correlation(pressure[known], flow[known]),
        "steady rows, share of running": float(steady(log)[running].mean()),
        "flow Q, median, m³/h": float(np.median(flow[known])),
        "flow Q, middle half, m³/h": _middle_half(flow[known]),
        "flow Q, 95th percentile, m³/h": float(np.percentile(flow[known], 95)),
        "kv, mbar per m³/h": _number(analysis["restriction"]["kv"]),
        "kv of steady rows, middle half, % of it": _middle_half(calm) / float(np.median(calm)) * 100,
        "pressure at idle, mean, mbar": _number(analysis["fap"]["pressure_idle"]["avg_mbar"]),
        "pressure, highest, mbar": _number(analysis["fap"]["pressure"]["max_mbar"]),
        "pressure, median change between readings, mbar": _median_change(pressure[running]),
        "standing, share of running": float(log.idle[running].mean()),
        "revs, 95th percentile": float(np.nanpercentile(log["Revs"][running], 95)),
        "injection, 95th percentile, mg": float(np.nanpercentile(log["InjFlow"][running], 95)),
        "air, median, mg": float(np.nanmedian(log["AirFlow"][running])),
        "filter temperature, median, °C": float(np.nanmedian(log["FAPtemp"][running])),
        "filter temperature, highest, °C": float(np.nanmax(log["FAPtemp"][running])),
        "filter temperature in a regeneration, highest, °C": _highest_regen(analysis),
        "boost less demand, mean, mbar": float(np.nanmean(boost)),
        "boost less demand, deviation, mbar": float(np.nanstd(boost)),
        "rail pressure less demand, deviation, bar": float(np.nanstd(rail)),
        "EGR less demand, deviation, %": float(np.nanstd(egr)),
        "coolant, °C per minute of the first ten": _warming(reading),
        "minutes to 80 °C coolant, from around 0 °C": _number(analysis["engine"]["engineWarmup"]["coolant_sec"]) / 60,
        "battery before the start, V": _number(analysis["engine"]["battery"]["beforeDrive_v"]),
        "battery while running, V": _number(analysis["engine"]["battery"]["engineRunning_v"]),
        "soot, g/l per 100 km": _number(soot) / overall["distance_km"] * 100,
        "fuel, l/100 km": _number(analysis["fuelConsumption"]["overall"]["avg_l100km"]),
        "rows between two changes of Revs": float(revs.mean()),
        "of these exactly three, share": float((revs == 3).mean()),
        "rows between two changes of Coolant": float(coolant.mean()),
        "step between rows, s": float(np.median(np.diff(log.t))),
        "void cells per 1,000 rows": voided / len(log) * 1000,
    }


def compare(known: tuple[Figure, ...], make: Callable[[int], bytes], seeds: int = SEEDS) -> list[Compared]:
    """Hold the real figures against as many synthetic logs as there are seeds."""
    seen = [figures(make(seed)) for seed in range(seeds)]
    found = []
    for figure in known:
        values = np.array([one[figure.name] for one in seen])
        low, median, high = np.nanpercentile(values, [5, 50, 95])
        found.append(Compared(figure, float(median), float(low), float(high)))
    return found


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _middle_half(values: Floats) -> float:
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


def _lengths(values: Floats) -> npt.NDArray[np.int64]:
    """Return how many rows each value was held."""
    return np.diff(np.flatnonzero(np.diff(values[~np.isnan(values)]) != 0))


def _median_change(values: Floats) -> float:
    changes = np.abs(np.diff(values))
    return float(np.median(changes[changes > 0]))


def _highest_regen(analysis: dict[str, Any]) -> float:
    return max((_number(regen["temp_max_c"]) for regen in analysis["regens"]), default=float("nan"))


def _warming(reading: Reading) -> float:
    """Return how fast the coolant warms up in the ten minutes after the engine's first start."""
    log = reading.log
    start = float(log.t[log.engine_on.argmax()])
    rows = np.flatnonzero((log.t >= start) & (log.t <= start + 600) & ~np.isnan(log["Coolant"]))
    changed = rows[np.flatnonzero(np.diff(log["Coolant"][rows]) != 0) + 1]
    first, last = changed[0], changed[-1]
    return float((log["Coolant"][last] - log["Coolant"][first]) / (log.t[last] - log.t[first]) * 60)
