# ruff: noqa: N815  (field names are the JSON's)
"""The single analysis: what clients read, stored as it is, averaged later. The models are the schema.

Names and units are the API's contract. `None` means that the log does not know; it is never 0. ints are rounded to
whole units, floats to the decimals their field names in docs/analysis.md. Times are the car's local wall clock.

A metric is added in the model of its section here, and with it the version is raised. What an average shows in the
same shape stands in `figures`.
"""

from typing import Annotated, Final

from pydantic import Field

from faplog.contracts.figures import (
    Acceleration,
    Battery,
    Boost,
    Celsius,
    DrivingRevs,
    FuelPressure,
    Injector,
    Millibar,
    Moment,
    NextRegen,
    Outcome,
    Part,
    RegenFuel,
    Revs,
    Speed,
    TotalFuel,
)
from faplog.contracts.findings import Health

ANALYSIS_VERSION: Final = 2
"""Raised whenever the same log would give other numbers: analyses made by an older one are queued again."""

Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Clock = Annotated[str, Field(pattern=r"^\d{2}:\d{2}:\d{2}$")]
SpeedRangeKey = Annotated[str, Field(pattern=r"^(_?\d+(-\d+|\+)_km|\d+(-\d+|\+)_l100km)$")]


class Day(Part):
    """Date of the first row, and times of the first and the last row."""

    date: Date
    start: Clock
    end: Clock


class Duration(Part):
    """Durations in seconds, without the gaps in the log."""

    overall_sec: int
    engineOn_sec: int | None = Field(description="Time with the engine on")
    engineOff_sec: int | None = Field(description="Time with the engine off")
    idle_sec: int | None = Field(description="Idling time: engine on, car stationary")
    driving_sec: int | None = Field(description="Driving time: car moving")


class Overall(Part):
    """Date, duration and distance."""

    date: Day
    duration: Duration
    distance_km: float | None
    externalTemp: Celsius


class Driving(Part):
    """Driving style: accelerator pedal, engine speed and road speed."""

    acceleration: Acceleration
    revs: DrivingRevs
    speed: Speed


class EngineWarmup(Part):
    """Seconds from a cold start (below 40 °C) to 80 °C."""

    coolant_sec: int | None
    oil_sec: int | None


class Engine(Part):
    """Condition of the engine."""

    battery: Battery
    coolantTemp: Celsius
    oilTemp: Celsius
    engineWarmup: EngineWarmup
    errors: int | None = Field(description="Stored fault codes, maximum")
    oilDilution_perc: int | None
    oilCarbonate_perc: int | None
    injector: Injector
    fuelPressure: FuelPressure
    boost: Boost


class Soot(Part):
    """Soot load as estimated by the ECU, g/l (the unit is an assumption). Compare only within one ECU profile."""

    start_gl: float | None
    end_gl: float | None
    diff_gl: float | None


class Life(Part):
    """Kilometres driven with this filter, and the remaining kilometres as extrapolated by the ECU."""

    life_km: int | None
    left_km: int | None


class Additive(Part):
    """Additive in ml: capacity and remaining volume, as the ECU reports them."""

    vol_ml: float | None
    remain_ml: float | None


class Deposits(Part):
    """Ash in the filter."""

    weight_gram: float | None
    percentage_perc: float | None


class Fap(Part):
    """The particulate filter (DPF/FAP)."""

    soot: Soot
    pressure: Millibar = Field(description="With the engine on")
    pressure_idle: Millibar = Field(description="At idle: car stationary, engine below 1000 rpm")
    temp: Celsius
    lastRegen_km: int | None
    last10Regen_km: int | None
    life: Life
    additive: Additive
    deposits: Deposits


class FapRegen(Part):
    """All regenerations of the log together."""

    previousRegen_km: int | None = Field(
        description="Distance between the previous regeneration and the first one of this log"
    )
    duration_sec: int
    distance_km: float | None
    speed: Speed
    fapTemp: Celsius
    fapPressure: Millibar
    revs: Revs
    fapSoot: Soot
    fuelConsumption: RegenFuel


class FuelConsumption(Part):
    """Fuel, and fuel economy by speed range without regenerations: `5-15_l100km` and its weight `_5-15_km`."""

    overall: TotalFuel
    bySpeedRange: dict[SpeedRangeKey, float]


class Restriction(Part):
    """Filter restriction: back pressure by exhaust flow, mbar per m³/h at 200 °C, and its number of steady rows."""

    kv: float | None
    n: int
    kv_afterRegen: float | None
    n_after: int


class Warmup(Part):
    """From a cold start to 70 °C coolant."""

    to70_sec: int | None
    to70_l: float | None


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Fingerprint(Part):
    """A hash over a drive's rows, clock and values: the same where the same rows stand in another file."""

    rows: int
    whole: Digest = Field(description="over all rows")
    starts: list[Digest] = Field(
        max_length=32, description="over the first 1, 2, 4, 8 … rows: a drive that has grown keeps them"
    )


class Drive(Part):
    """One drive of the log."""

    start: Moment
    end: Moment
    duration_sec: int
    distance_km: float | None
    fuel_l: float | None
    l100km: float | None
    soot_start_gl: float | None
    soot_end_gl: float | None
    coldStart: bool | None
    regen: bool | None
    fingerprint: Fingerprint


class Regen(Part):
    """One regeneration."""

    start: Moment
    end: Moment
    duration_sec: int
    distance_km: float | None
    avg_speed_kmh: int | None
    soot_start_gl: float | None
    soot_end_gl: float | None = Field(description="Soot when the regeneration flag was cleared")
    soot_after_gl: float | None = Field(description="Lowest soot within 300 s after that")
    burned_perc: int | None
    temp_avg_c: int | None
    temp_max_c: int | None
    interval_km: int | None
    interval_uncertainty_km: int | None
    extra_fuel_l: float | None
    outcome: Outcome
    service: bool = Field(default=False, description="run by a workshop: standing, at raised revs throughout")


class RowsDropped(Part):
    """Discarded rows, by reason."""

    bad_time: int
    repeated_header: int


class Voided(Part):
    """Cells of a column without a usable value, by reason. A word instead of a number counts as implausible."""

    sentinel: int
    implausible: int


class ClockJump(Part):
    """The phone's clock was set within a drive: `at` is the last time before, as written; `sec` by how much."""

    at: Moment
    sec: float = Field(description="seconds, negative where it was set back; the rows after it were moved by so much")


class Quality(Part):
    """Data quality: what was read, discarded and missing."""

    profile: str | None
    encoding: str
    separator: str
    rows_read: int
    rows_used: int
    rows_dropped: RowsDropped
    damaged_rows: int = Field(description="rows that lost bytes, or are another car's; dropped")
    rows_out_of_order: int
    clock_jumps: list[ClockJump] = Field(max_length=100)
    clock_jumps_total: int
    seconds_missing: bool = Field(description="times had no seconds: the rows were spread over their minutes")
    days: list[Date] = Field(max_length=10, description="the dates of the rows, as written")
    date_contradiction: Date | None = Field(description="the day in the file's name, where no row is of that day")
    voided: dict[str, Voided]
    gaps: int
    gap_sec: int
    sampling_sec: float | None
    missing_columns: list[str]


class Analysis(Part):
    """The analysis of one log."""

    overall: Overall
    driving: Driving
    engine: Engine
    fap: Fap
    fapRegen: FapRegen | None
    fuelConsumption: FuelConsumption
    restriction: Restriction
    sootRate_gl100km: float | None
    nextRegen: NextRegen | None
    warmup: Warmup
    drives: list[Drive] = Field(max_length=500)
    drives_total: int
    regens: list[Regen] = Field(max_length=500)
    regens_total: int
    health: Health
    quality: Quality
