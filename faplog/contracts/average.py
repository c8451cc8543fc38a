# ruff: noqa: N815  (field names are the JSON's)
"""The average over many analyses, as clients read it. An unknown figure is null, never 0.

Units are in the names. `docs/average.md` says what each figure is taken over; `docs/schema/average.json` is made of
these models.
"""

from pydantic import Field

from faplog.contracts.course import Course
from faplog.contracts.figures import (
    Acceleration,
    Battery,
    Boost,
    Celsius,
    DrivingRevs,
    FuelPressure,
    Injector,
    Millibar,
    NextRegen,
    Outcome,
    Part,
    RegenFuel,
    Revs,
    Speed,
    TotalFuel,
)
from faplog.contracts.findings import TrendHealth
from faplog.contracts.forecasts import Baseline, Forecasts
from faplog.contracts.limits import Code

Number = int | float


class PooledDuration(Part):
    """Sums over all logs."""

    overall_sec: int | None
    engineOn_sec: int | None
    engineOff_sec: int | None
    idle_sec: int | None
    driving_sec: int | None


class PooledOverall(Part):
    """Number of logs, distance and duration."""

    logs: int
    distance_km: float | None
    duration: PooledDuration


class MeanSpeed(Part):
    """Road speed; the average is taken over the whole recorded time."""

    avg_kmh: int | None
    max_kmh: int | None


class PooledDriving(Part):
    """Driving style: accelerator pedal, engine speed and road speed."""

    acceleration: Acceleration
    revs: DrivingRevs
    speed: MeanSpeed


class MeanWarmup(Part):
    """Mean over all cold starts that reached the temperature."""

    coolant_sec: float | None
    oil_sec: float | None


class ErrorRange(Part):
    """Lowest and highest number of stored fault codes."""

    min: int | None
    max: int | None


class OilRange(Part):
    """Lowest and highest share in the oil."""

    min_perc: int | None
    max_perc: int | None


class PooledEngine(Part):
    """Condition of the engine."""

    battery: Battery
    coolantTemp: Celsius
    oilTemp: Celsius
    engineWarmup: MeanWarmup
    errors: ErrorRange
    oilCarbonate: OilRange
    oilDilution: OilRange
    injector: Injector
    fuelPressure: FuelPressure
    boost: Boost


class IdlePressure(Part):
    """Differential pressure at idle."""

    avg_mbar: float | None


class PooledFap(Part):
    """The particulate filter (DPF/FAP)."""

    pressure: Millibar
    pressure_idle: IdlePressure
    temp: Celsius


class RegenSoot(Part):
    """Mean soot at the start of a regeneration and when its flag was cleared."""

    start_gl: float | None
    end_gl: float | None


class PooledRegens(Part):
    """All regenerations of all logs: means per regeneration, and overall minimum and maximum."""

    numberOfRegens: int
    previousRegen_km: float | None
    duration_sec: float | None
    distance_km: float | None
    speed: Speed
    fapTemp: Celsius
    fapPressure: Millibar
    revs: Revs
    fapSoot: RegenSoot
    fuelConsumption: RegenFuel


class PooledFuel(Part):
    """Fuel economy, overall and by speed range: `5-15_l100km`, with a key for each range that was driven."""

    overall: TotalFuel
    bySpeedRange: dict[str, float]


class Regens(Part):
    """How regenerations ended, and the intervals of the complete ones in date order."""

    complete: int
    aborted: int
    unknown: int
    intervals_km: list[Number]


class TrendPoint(Part):
    """Figures of one log for the trend plots."""

    date: str | None
    analysisId: str | None
    sootRate_gl100km: Number | None
    kv: Number | None
    kv_afterRegen: Number | None
    pressure_idle_mbar: Number | None
    interval_km: Number | None
    outcome: Outcome | None
    l100km: Number | None
    oilDilution_perc: Number | None
    additive_ml: Number | None
    battery_before_v: Number | None
    ash_perc: Number | None = None
    filter_life_left_km: Number | None = None
    filter_km: Number | None = Field(None, description="the odometer on the filter, `fap.life.life_km`")


class Average(Part):
    """The average over all logs of a user, or over one year or month."""

    overall: PooledOverall
    driving: PooledDriving
    engine: PooledEngine
    fap: PooledFap
    fapRegen: PooledRegens | None
    fuelConsumption: PooledFuel
    regens: Regens
    nextRegen: NextRegen | None
    trends: dict[str, list[TrendPoint]]
    """By ECU profile, in date order."""
    health: TrendHealth
    forecast: Forecasts | None = Field(None, description="of the car as its last log knows it; null without a log")
    baseline: dict[Code, Baseline] = Field(
        default={}, description="by finding, the maintenance note from which on it is judged; else over all logs"
    )
    course: Course | None = Field(
        None, description="whether the filter is getting worse, as its last profile knows it; null without a log"
    )
