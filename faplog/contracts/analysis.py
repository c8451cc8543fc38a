"""The single analysis: what clients read, stored as it is, averaged later. The models are the schema.

Names and units are the API's contract. `None` means that the log does not know; it is never 0. ints are rounded to
whole units, floats to the decimals their field names in docs/analysis.md. Times are the car's local wall clock.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from faplog.contracts.limits import Code, Confidence, Severity

Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Clock = Annotated[str, Field(pattern=r"^\d{2}:\d{2}:\d{2}$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")]
SpeedRangeKey = Annotated[str, Field(pattern=r"^(_?\d+(-\d+|\+)_km|\d+(-\d+|\+)_l100km)$")]


class Part(BaseModel):
    """A part of the analysis: exactly these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Day(Part):
    """The day of the first row, and the clock times of first and last row."""

    date: Date
    start: Clock
    end: Clock


class Duration(Part):
    """Seconds, gaps in the log left out."""

    overall_sec: int
    engineOn_sec: int | None = Field(description="engine turning")  # noqa: N815
    engineOff_sec: int | None = Field(description="engine known to stand still")  # noqa: N815
    idle_sec: int | None = Field(description="engine on, car standing")
    driving_sec: int | None = Field(description="car moving")


class Celsius(Part):
    """Degrees Celsius."""

    min_c: int | None
    max_c: int | None
    avg_c: int | None


class Overall(Part):
    """When, how long, how far."""

    date: Day
    duration: Duration
    distance_km: float | None
    externalTemp: Celsius  # noqa: N815


class Acceleration(Part):
    """Accelerator pedal, %; the mean over rows with the pedal pressed."""

    max_perc: int | None
    avg_perc: int | None


class Revs(Part):
    """Engine speed, rpm."""

    min: int | None
    max: int | None
    avg: int | None


class DrivingRevs(Revs):
    """Engine speed, rpm; `avgDriving` while the car moves."""

    avgDriving: int | None  # noqa: N815


class Speed(Part):
    """Road speed, km/h."""

    min_kmh: int | None
    max_kmh: int | None
    avg_kmh: int | None


class Driving(Part):
    """How the car was driven."""

    acceleration: Acceleration
    revs: DrivingRevs
    speed: Speed


class Battery(Part):
    """Volts: ignition on before the engine's first start, and with the engine on."""

    beforeDrive_v: float | None  # noqa: N815
    engineRunning_v: float | None  # noqa: N815


class EngineWarmup(Part):
    """Seconds from a cold start (below 40 °C) to 80 °C."""

    coolant_sec: int | None
    oil_sec: int | None


class Injector(Part):
    """Mean corrections at warm idle, in the ECU's own measure (a ratio around 1, or centred on 0)."""

    injector1: float | None
    injector2: float | None
    injector3: float | None
    injector4: float | None
    average: float | None


class FuelPressure(Part):
    """Rail pressure, actual less demand, at idle."""

    avg_diff_idle_bar: float | None


class Boost(Part):
    """Manifold pressure, actual less demand, under boost."""

    avg_diff_mbar: float | None


class Engine(Part):
    """The engine's condition."""

    battery: Battery
    coolantTemp: Celsius  # noqa: N815
    oilTemp: Celsius  # noqa: N815
    engineWarmup: EngineWarmup  # noqa: N815
    errors: int | None = Field(description="stored fault codes, most seen at once")
    oilDilution_perc: int | None  # noqa: N815
    oilCarbonate_perc: int | None  # noqa: N815
    injector: Injector
    fuelPressure: FuelPressure  # noqa: N815
    boost: Boost


class Soot(Part):
    """Soot load the ECU reckons, g/l (unit is a guess): compare within one ECU profile only."""

    start_gl: float | None
    end_gl: float | None
    diff_gl: float | None


class Millibar(Part):
    """Differential pressure over the filter, mbar."""

    min_mbar: float | None
    max_mbar: float | None
    avg_mbar: float | None


class Life(Part):
    """Kilometres on this filter, and what the ECU extrapolates as the rest."""

    life_km: int | None
    left_km: int | None


class Additive(Part):
    """Additive, ml: capacity and remaining (the ECU's raw figures)."""

    vol_ml: float | None
    remain_ml: float | None


class Deposits(Part):
    """Ash in the filter."""

    weight_gram: float | None
    percentage_perc: float | None


class Fap(Part):
    """The filter."""

    soot: Soot
    pressure: Millibar = Field(description="engine on")
    pressure_idle: Millibar = Field(description="car standing, engine below 1000 rpm")
    temp: Celsius
    lastRegen_km: int | None  # noqa: N815
    last10Regen_km: int | None  # noqa: N815
    life: Life
    additive: Additive
    deposits: Deposits


class RegenFuel(Part):
    """Litres per 100 km during regeneration and otherwise."""

    regen_l100km: float | None
    nonRegen_l100km: float | None  # noqa: N815


class FapRegen(Part):
    """All regenerations of the log together."""

    previousRegen_km: int | None = Field(description="the interval the first one ended")  # noqa: N815
    duration_sec: int
    distance_km: float | None
    speed: Speed
    fapTemp: Celsius  # noqa: N815
    fapPressure: Millibar  # noqa: N815
    revs: Revs
    fapSoot: Soot  # noqa: N815
    fuelConsumption: RegenFuel  # noqa: N815


class TotalFuel(Part):
    """Fuel over the whole log."""

    total_l: float | None
    avg_l100km: float | None


class FuelConsumption(Part):
    """Fuel, and fuel by speed range: `5-15_l100km` and its weight `_5-15_km`, regeneration left out."""

    overall: TotalFuel
    bySpeedRange: dict[SpeedRangeKey, float]  # noqa: N815


class Restriction(Part):
    """Flow-normalised back pressure (mbar per m³/h at 200 °C), and the steady rows it rests on."""

    kv: float | None
    n: int
    kv_afterRegen: float | None  # noqa: N815
    n_after: int


class NextRegen(Part):
    """Kilometres to the next regeneration: a range over what is known."""

    low_km: int
    high_km: int
    basis: list[Literal["own rate", "ecu mean interval"]]


class Warmup(Part):
    """From a cold start to 70 °C coolant."""

    to70_sec: int | None
    to70_l: float | None


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
    coldStart: bool | None  # noqa: N815
    regen: bool | None


class Outcome(StrEnum):
    """How a regeneration ended, as far as the log shows."""

    COMPLETE = "complete"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class Regen(Part):
    """One regeneration."""

    start: Moment
    end: Moment
    duration_sec: int
    distance_km: float | None
    avg_speed_kmh: int | None
    soot_start_gl: float | None
    soot_end_gl: float | None = Field(description="when the flag fell")
    soot_after_gl: float | None = Field(description="lowest within 300 s after it")
    burned_perc: int | None
    temp_avg_c: int | None
    temp_max_c: int | None
    interval_km: int | None
    interval_uncertainty_km: int | None
    extra_fuel_l: float | None
    outcome: Outcome


class LimitShown(Part):
    """The limits a value was judged against: a number each, or lowest and highest good value."""

    watch: float | tuple[float, float]
    act: float | tuple[float, float] | None


class Evidence(Part):
    """What a finding rests on: how many rows, from when to when."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    rows: int
    from_: Moment = Field(alias="from")
    to: Moment


class Finding(Part):
    """One judgement; `code` and the numbers are what a translation is made from, `text` and `advice` are English."""

    code: Code
    severity: Severity
    value: float
    unit: str
    limit: LimitShown
    evidence: Evidence
    confidence: Confidence
    text: str
    advice: str | None


class Health(Part):
    """The verdict and what it rests on."""

    verdict: Severity
    findings: list[Finding]


class RowsDropped(Part):
    """Rows left out, by reason."""

    bad_time: int
    repeated_header: int


class Voided(Part):
    """Cells of a column that hold no usable value, by reason. A word instead of a number is implausible."""

    sentinel: int
    implausible: int


class Quality(Part):
    """How far to trust the rest."""

    profile: str | None
    encoding: str
    separator: str
    rows_read: int
    rows_used: int
    rows_dropped: RowsDropped
    rows_out_of_order: int
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
    fapRegen: FapRegen | None  # noqa: N815
    fuelConsumption: FuelConsumption  # noqa: N815
    restriction: Restriction
    sootRate_gl100km: float | None  # noqa: N815
    nextRegen: NextRegen | None  # noqa: N815
    warmup: Warmup
    drives: list[Drive] = Field(max_length=500)
    drives_total: int
    regens: list[Regen] = Field(max_length=500)
    regens_total: int
    health: Health
    quality: Quality
