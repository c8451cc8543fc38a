"""Before and after: what is compared, which direction is better, the direct call of `average`, and its answer.

`COMPARED` is the one catalogue of these figures: the comparison and the pages use it. The direction of a figure that
has a finding is that of its row in `limits`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from faplog.contracts.figures import Part
from faplog.contracts.limits import LIMITS, Bad, Code
from faplog.contracts.notes import MOST_NOTES, Kind, Note

COMPARISON: Final = "application/vnd.faplog.comparison+json"
"""The content type by which the function `average` knows a direct call. Nothing of one is stored."""

MAX_CALL_BYTES: Final = 64 << 20
"""The longest body of a direct call."""

MOST_LOGS: Final = 250
"""Logs of each period at most: those next to the work."""

MIN_LOGS: Final = 3
"""With fewer logs in a period nothing is judged, so that one odd log does not decide."""


class Better(StrEnum):
    """Which value of a figure is better."""

    LOWER = "lower"
    HIGHER = "higher"
    INSIDE = "inside"
    """One that is inside its limits, or closer to them. Inside, no value is better than another."""
    NEITHER = "neither"


class Judgement(StrEnum):
    """What a change means. `NEITHER`: no direction is better, or one side has no value, or too few logs."""

    BETTER = "better"
    WORSE = "worse"
    SIMILAR = "similar"
    NEITHER = "neither"


class Value(StrEnum):
    """How the value of a period is taken."""

    AVERAGE = "average"
    """As in the average over its logs."""
    MEDIAN = "median"
    """The median of its logs."""
    NEAREST = "nearest"
    """The reading nearest to the work: of the last log before, of the first one after. For counters."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure that is compared.

    Attributes:
        key: Its path in an average, else its name in a trend or an analysis.
        unit: Unit of its values.
        decimals: Decimals that are shown; the last one is the least change that counts.
        value: How the value of a period is taken.
        code: The finding with its limits, if it has one.
        direction: What is better, without a finding.
        floor: A second finding that asks for attention on the other side.
        per_profile: Whether control units of different profiles count it differently.
        per_unit: Units of the figure in one unit of its limits: 60 s in a minute.
    """

    key: str
    unit: str
    decimals: int = 0
    value: Value = Value.AVERAGE
    code: Code | None = None
    direction: Better = Better.NEITHER
    floor: Code | None = None
    per_profile: bool = False
    per_unit: float = 1

    @property
    def better(self) -> Better:
        """Which value is better."""
        return self.direction if self.code is None else _BETTER[LIMITS[self.code].bad]


_BETTER: Final = {
    Bad.AT_OR_ABOVE: Better.LOWER,
    Bad.ABOVE: Better.LOWER,
    Bad.AT_OR_BELOW: Better.HIGHER,
    Bad.BELOW: Better.HIGHER,
    Bad.OUTSIDE: Better.INSIDE,
}

INTERRUPTED: Final = "regens_interrupted_perc"
"""Share of the regenerations with a known outcome that were interrupted."""

FAULTS: Final = "errors"
"""Stored fault codes."""

_INJECTORS: Final = tuple(
    Compared(f"engine.injector.injector{number}", "ratio", 2, code=Code.INJECTOR_CORRECTION, per_profile=True)
    for number in range(1, 5)
)

COMPARED: Final[dict[str, Compared]] = {
    one.key: one
    for one in (
        Compared("sootRate_gl100km", "g/l/100km", 2, Value.MEDIAN, direction=Better.LOWER, per_profile=True),
        Compared(
            "kv", "mbar·h/m³", 3, Value.MEDIAN, Code.RESTRICTION_HIGH, floor=Code.RESTRICTION_LOW, per_profile=True
        ),
        Compared(
            *("kv_afterRegen", "mbar·h/m³", 3, Value.MEDIAN, Code.RESTRICTION_HIGH),
            floor=Code.RESTRICTION_LOW,
            per_profile=True,
        ),
        Compared("fap.pressure_idle.avg_mbar", "mbar", 1, code=Code.IDLE_PRESSURE),
        Compared("fap.pressure.avg_mbar", "mbar", 1),
        Compared("fap.temp.avg_c", "°C"),
        Compared("ash_perc", "%", 0, Value.NEAREST, Code.ASH_SHARE),
        Compared("filter_life_left_km", "km", 0, Value.NEAREST, Code.FILTER_LIFE_LEFT),
        Compared("additive_ml", "ml", 0, Value.NEAREST, Code.ADDITIVE_REMAINING),
        Compared("fapRegen.previousRegen_km", "km", 0, code=Code.REGEN_INTERVAL),
        Compared(INTERRUPTED, "%", 0, code=Code.REGENS_ABORTED_SHARE),
        Compared("fapRegen.duration_sec", "s", 0, code=Code.REGEN_DURATION, per_unit=60),
        Compared("fapRegen.fapTemp.avg_c", "°C"),
        Compared("fapRegen.fapSoot.start_gl", "g/l", 1, per_profile=True),
        Compared("fuelConsumption.overall.avg_l100km", "l/100km", 2, direction=Better.LOWER),
        Compared("oilDilution_perc", "%", 0, Value.MEDIAN, Code.OIL_DILUTION),
        Compared("engine.battery.beforeDrive_v", "V", 2, code=Code.BATTERY_BEFORE_START),
        Compared("engine.battery.engineRunning_v", "V", 2, code=Code.CHARGING_VOLTAGE),
        *_INJECTORS,
        Compared("engine.injector.average", "ratio", 2, code=Code.INJECTOR_MEAN, per_profile=True),
        Compared("engine.fuelPressure.avg_diff_idle_bar", "bar", 1, code=Code.RAIL_PRESSURE_IDLE),
        Compared("engine.boost.avg_diff_mbar", "mbar", 0, code=Code.BOOST_ERROR),
        Compared(FAULTS, "codes", 0, Value.NEAREST, Code.FAULT_CODES),
        Compared("engine.engineWarmup.coolant_sec", "s"),
        Compared("driving.speed.avg_kmh", "km/h"),
        Compared("driving.revs.avgDriving", "rpm"),
        Compared("driving.acceleration.avg_perc", "%"),
    )
}
"""The figures that are compared, by key. Lowest and highest values are not: they depend on the number of logs."""


class PeriodCompared(Part):
    """The logs of one side."""

    model_config = ConfigDict(populate_by_name=True)

    logs: int
    distance_km: float | None
    from_: str | None = Field(alias="from", description="date of the first log")
    to: str | None = Field(description="date of the last log")
    profile: str | None = Field(description="ECU profile of most of them; soot and injectors are those of its logs")


class FigureCompared(Part):
    """One figure before and after. A side without a value is null, and then there is no change."""

    key: str = Field(description="its path in an average, else its name in the trends")
    unit: str
    value: Value
    before: float | None
    after: float | None
    change: float | None = Field(description="after − before")
    better: Better
    judgement: Judgement
    size: float | None = Field(
        description="the change in multiples of the usual scatter from log to log; where that is unknown, or less than "
        "can matter, of a share of the gauge of its limits, or of the value itself"
    )
    scatter: float | None = Field(description="standard deviation from log to log; null where there are too few logs")


class Comparison(Part):
    """Two logs, or two periods of a car: what changed most comes first."""

    before: PeriodCompared
    after: PeriodCompared
    kind: Kind | None = Field(description="of the note between two periods; null for two logs")
    date: str | None = Field(description="of the note")
    enough: bool = Field(description="whether both sides have enough logs for a judgement: one each, or three a period")
    figures: list[FigureCompared]


class ComparisonCall(BaseModel):
    """The body of a direct call: analyses as in `average.request`, and what separates them.

    Either the two logs `before` and `after`, which are among the analyses: the others show the usual scatter. Or a note
    that is done, and all notes of the car that are: a period ends at the next note of the same kind.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    analysis: list[Any]
    before: UUID | None = None
    after: UUID | None = None
    note: Note | None = None
    notes: list[Any] = Field(default=[], max_length=MOST_NOTES)

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> "ComparisonCall":
        if (self.note is None) == (self.before is None or self.after is None):
            raise ValueError("either a note or two logs are compared")
        if self.note is not None and self.note.on_date is None:
            raise ValueError("a note without a date separates nothing")
        return self
