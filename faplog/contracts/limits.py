"""The one table every verdict is judged against: by the analysis, by the average, and by the gauges of the UI.

A limit has two steps: `watch` (keep an eye on it) and `act` (do something). A finding's code is its row's name here;
texts and translations hang on the code. What rests on low confidence can at most say `watch`.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Final


class Severity(StrEnum):
    """Severity of a finding, and verdict of a whole analysis. `UNKNOWN`: not enough data."""

    UNKNOWN = "unknown"
    GOOD = "good"
    WATCH = "watch"
    ACT = "act"


class Confidence(StrEnum):
    """Confidence of a finding, given what is known about its signal."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Bad(StrEnum):
    """On which side of its limit a value is bad."""

    AT_OR_ABOVE = ">="
    ABOVE = ">"
    AT_OR_BELOW = "<="
    BELOW = "<"
    OUTSIDE = "outside"


class Code(StrEnum):
    """What a finding is about."""

    # whether a sensor can be believed at all
    PRESSURE_NOT_FOLLOWING_FLOW = "pressure_not_following_flow"
    PRESSURE_UNREADABLE = "pressure_unreadable"
    SENSOR_UNREADABLE = "sensor_unreadable"
    SENSOR_STUCK = "sensor_stuck"
    COLD_START_MISMATCH = "cold_start_mismatch"
    # filter and engine
    RESTRICTION_LOW = "restriction_low"
    RESTRICTION_HIGH = "restriction_high"
    IDLE_PRESSURE = "idle_pressure"
    MAX_PRESSURE = "max_pressure"
    PRESSURE_ENGINE_OFF = "pressure_engine_off"
    COOLANT_MAX = "coolant_max"
    OIL_MAX = "oil_max"
    NEVER_WARM = "never_warm"
    ADDITIVE_REMAINING = "additive_remaining"
    REGEN_INTERVAL = "regen_interval"
    REGEN_DURATION = "regen_duration"
    REGENS_ABORTED = "regens_aborted"
    OIL_DILUTION = "oil_dilution"
    FILTER_LIFE_LEFT = "filter_life_left"
    ASH_SHARE = "ash_share"
    BATTERY_BEFORE_START = "battery_before_start"
    CHARGING_VOLTAGE = "charging_voltage"
    INJECTOR_CORRECTION = "injector_correction"
    INJECTOR_MEAN = "injector_mean"
    RAIL_PRESSURE_IDLE = "rail_pressure_idle"
    BOOST_ERROR = "boost_error"
    EGR_ERROR = "egr_error"
    FAULT_CODES = "fault_codes"
    # judged over many logs, by the average
    INTERVAL_DROP = "interval_drop"
    RESTRICTION_RISE = "restriction_rise"
    REGENS_ABORTED_SHARE = "regens_aborted_share"


Bound = float | tuple[float, float]
"""One limit, or for `Bad.OUTSIDE` the lowest and highest good value."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: when a value of this `code`, in `unit`, asks for attention, and over which `scale` a gauge shows it."""

    code: Code
    unit: str
    bad: Bad
    watch: Bound
    act: Bound | None
    confidence: Confidence
    scale: tuple[float, float]

    def judge(self, value: float) -> Severity:
        """Return the severity of a value; `UNKNOWN` for NaN. Low confidence never says more than `WATCH`."""
        if isnan(value):
            return Severity.UNKNOWN
        if self.act is not None and self.confidence is not Confidence.LOW and _beyond(value, self.bad, self.act):
            return Severity.ACT
        return Severity.WATCH if _beyond(value, self.bad, self.watch) else Severity.GOOD

    @property
    def decimals(self) -> int:
        """Decimals of a finding's value. The rounded value is what is judged and shown."""
        return DECIMALS.get(self.unit, 0)

    def near(self, value: float) -> bool:
        """Return whether a good value is close to its watch limit.

        Close means within 5 % of the limit, or within 1 where a whole-numbered limit is below 20; of a range, within
        5 % of its width. A count is never close.
        """
        if self.unit in COUNTS or self.judge(value) is not Severity.GOOD:
            return False
        if isinstance(self.watch, tuple):
            low, high = self.watch
            distance, margin = min(value - low, high - value), NEAR_SHARE * (high - low)
        else:
            whole = self.decimals < FINE_DECIMALS and abs(self.watch) < SMALL_LIMIT
            distance, margin = abs(value - self.watch), 1.0 if whole else NEAR_SHARE * abs(self.watch)
        return round(distance, 6) <= round(margin, 6)

    def severities(self) -> frozenset[Severity]:
        """Return the severities a known value can have."""
        found = {Severity.GOOD}
        if self.act is not None and self.confidence is not Confidence.LOW:
            found.add(Severity.ACT)
        if self.act != self.watch:
            found.add(Severity.WATCH)
        return frozenset(found)

    def to_dict(self) -> dict[str, float | list[float] | None]:
        """Return the limits as a finding shows them: a number each, or `[lowest, highest]` good value."""
        return {"watch": _bound_as_json(self.watch), "act": _bound_as_json(self.act)}


COUNTS: Final = frozenset({"in a row", "codes"})
"""Units that only say what is counted."""

NEAR_SHARE: Final = 0.05
SMALL_LIMIT: Final = 20.0
FINE_DECIMALS: Final = 2
"""A unit with so many decimals is finer than 1."""

DECIMALS: Final = {"mbar": 1, "min": 1, "V": 2, "ratio": 2, "bar": 1, "mbar·h/m³": 3}
"""Decimals by unit; whole numbers otherwise."""


def _beyond(value: float, bad: Bad, bound: Bound) -> bool:
    if isinstance(bound, tuple):
        return not bound[0] <= value <= bound[1]
    match bad:
        case Bad.AT_OR_ABOVE:
            return value >= bound
        case Bad.ABOVE:
            return value > bound
        case Bad.AT_OR_BELOW:
            return value <= bound
        case Bad.BELOW:
            return value < bound
        case Bad.OUTSIDE:
            raise ValueError("limits of a range are two numbers")


def _bound_as_json(bound: Bound | None) -> float | list[float] | None:
    return list(bound) if isinstance(bound, tuple) else bound


KV: Final = "mbar·h/m³"
"""Unit of the restriction: mbar per m³/h, at 200 °C."""

_MEDIUM, _LOW, _HIGH = Confidence.MEDIUM, Confidence.LOW, Confidence.HIGH

LIMITS: Final[dict[Code, Limit]] = {
    limit.code: limit
    for limit in (
        Limit(Code.PRESSURE_NOT_FOLLOWING_FLOW, "ratio", Bad.BELOW, 0.5, 0.4, _MEDIUM, (-1, 1)),
        Limit(Code.PRESSURE_UNREADABLE, "%", Bad.AT_OR_ABOVE, 5, 25, _MEDIUM, (0, 100)),
        Limit(Code.SENSOR_UNREADABLE, "%", Bad.AT_OR_ABOVE, 10, None, _MEDIUM, (0, 100)),
        Limit(Code.SENSOR_STUCK, "min", Bad.AT_OR_ABOVE, 10, None, _MEDIUM, (0, 60)),
        Limit(Code.COLD_START_MISMATCH, "°C", Bad.OUTSIDE, (-30, 30), None, _MEDIUM, (-100, 100)),
        Limit(Code.RESTRICTION_LOW, KV, Bad.BELOW, 0.04, 0.04, _MEDIUM, (0, 0.5)),
        Limit(Code.RESTRICTION_HIGH, KV, Bad.AT_OR_ABOVE, 0.5, 1.0, _MEDIUM, (0, 1.5)),
        Limit(Code.IDLE_PRESSURE, "mbar", Bad.AT_OR_ABOVE, 25, 60, _MEDIUM, (0, 90)),
        Limit(Code.MAX_PRESSURE, "mbar", Bad.AT_OR_ABOVE, 300, 400, _MEDIUM, (0, 600)),
        Limit(Code.PRESSURE_ENGINE_OFF, "mbar", Bad.ABOVE, 5, 10, _MEDIUM, (0, 20)),
        Limit(Code.COOLANT_MAX, "°C", Bad.AT_OR_ABOVE, 103, 110, _MEDIUM, (0, 130)),
        Limit(Code.OIL_MAX, "°C", Bad.AT_OR_ABOVE, 115, 125, _MEDIUM, (0, 150)),
        Limit(Code.NEVER_WARM, "°C", Bad.BELOW, 75, None, _MEDIUM, (0, 110)),
        Limit(Code.ADDITIVE_REMAINING, "ml", Bad.AT_OR_BELOW, 300, 100, _MEDIUM, (0, 1300)),
        Limit(Code.REGEN_INTERVAL, "km", Bad.AT_OR_BELOW, 300, 150, _MEDIUM, (0, 1000)),
        Limit(Code.REGEN_DURATION, "min", Bad.ABOVE, 25, 35, _MEDIUM, (0, 50)),
        Limit(Code.REGENS_ABORTED, "in a row", Bad.AT_OR_ABOVE, 1, 3, _HIGH, (0, 5)),
        Limit(Code.OIL_DILUTION, "%", Bad.AT_OR_ABOVE, 5, 7, _MEDIUM, (0, 10)),
        Limit(Code.FILTER_LIFE_LEFT, "km", Bad.AT_OR_BELOW, 50_000, None, _LOW, (0, 200_000)),
        Limit(Code.ASH_SHARE, "%", Bad.AT_OR_ABOVE, 80, 100, _LOW, (0, 120)),
        Limit(Code.BATTERY_BEFORE_START, "V", Bad.BELOW, 12.0, 11.6, _MEDIUM, (11, 13.5)),
        Limit(Code.CHARGING_VOLTAGE, "V", Bad.OUTSIDE, (13.2, 15.0), (12.8, 15.3), _MEDIUM, (12, 16)),
        Limit(Code.INJECTOR_CORRECTION, "ratio", Bad.OUTSIDE, (0.90, 1.10), (0.80, 1.20), _MEDIUM, (0.7, 1.3)),
        Limit(Code.INJECTOR_MEAN, "ratio", Bad.OUTSIDE, (0.95, 1.05), (0.90, 1.10), _MEDIUM, (0.8, 1.2)),
        Limit(Code.RAIL_PRESSURE_IDLE, "bar", Bad.OUTSIDE, (-15, 15), None, _LOW, (-40, 40)),
        Limit(Code.BOOST_ERROR, "mbar", Bad.OUTSIDE, (-150, 150), None, _LOW, (-500, 500)),
        Limit(Code.EGR_ERROR, "%", Bad.OUTSIDE, (-10, 10), None, _LOW, (-50, 50)),
        Limit(Code.FAULT_CODES, "codes", Bad.AT_OR_ABOVE, 1, None, _HIGH, (0, 10)),
        Limit(Code.INTERVAL_DROP, "%", Bad.AT_OR_ABOVE, 30, None, _MEDIUM, (0, 100)),
        Limit(Code.RESTRICTION_RISE, "%", Bad.AT_OR_ABOVE, 20, 60, _MEDIUM, (0, 100)),
        Limit(Code.REGENS_ABORTED_SHARE, "%", Bad.AT_OR_ABOVE, 33.3, 66.6, _HIGH, (0, 100)),
    )
}

HOSES_SWAPPED_BELOW: Final = -0.3
"""A correlation below this means that the hoses are swapped: the pressure falls as the flow rises."""

COLD_LOG_C: Final = 60.0
"""If the coolant stays below this, pressures and fuel economy of the log say little."""

REGENERATION_NEAR_KM: Final = 100.0
"""A regeneration due within this distance is worth planning for."""

FILTER_LIFE_KNOWN_KM: Final = 10_000
"""Kilometres on a filter from which on the ECU's extrapolated rest is meaningful."""

MIN_ENGINE_ON_SEC: Final = 300
"""A verdict needs the engine to have run this long, and the filter's pressure to have been read."""

RANK: Final = (Severity.UNKNOWN, Severity.GOOD, Severity.WATCH, Severity.ACT)
"""Severities from harmless to worst."""


def worst(severities: list[Severity]) -> Severity:
    """Return the worst of several severities; `UNKNOWN` for none."""
    return max(severities, key=RANK.index, default=Severity.UNKNOWN)
