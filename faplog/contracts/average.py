# ruff: noqa: N815  (field names are the JSON's)
"""The average over many analyses, as clients read it. A figure nothing is known of is null, never 0.

Units are in the names. `docs/average.md` says what each figure is taken over; `docs/schema/average.json` is made of
these models.
"""

from pydantic import ConfigDict, Field

from faplog.contracts.analysis import LimitShown, Outcome, Part
from faplog.contracts.limits import Code, Confidence, Severity

Number = int | float


class Durations(Part):
    """Sums over all logs."""

    overall_sec: int | None
    engineOn_sec: int | None
    engineOff_sec: int | None
    idle_sec: int | None
    driving_sec: int | None


class Overall(Part):
    """How much was averaged."""

    logs: int
    distance_km: float | None
    duration: Durations


class Acceleration(Part):
    """The accelerator pedal; the average over driving time."""

    max_perc: int | None
    avg_perc: int | None


class Revs(Part):
    """Engine speed in rpm."""

    min: int | None
    max: int | None
    avg: int | None
    avgDriving: int | None


class MeanSpeed(Part):
    """Road speed; the average over all observed time."""

    avg_kmh: int | None
    max_kmh: int | None


class Driving(Part):
    """How the car was driven."""

    acceleration: Acceleration
    revs: Revs
    speed: MeanSpeed


class Battery(Part):
    """Voltage before the start (each log once) and with the engine running (by its time)."""

    beforeDrive_v: float | None
    engineRunning_v: float | None


class Temperatures(Part):
    """Lowest, highest and time-weighted average."""

    min_c: int | None
    max_c: int | None
    avg_c: int | None


class Warmup(Part):
    """Mean over the cold starts that were seen to their end."""

    coolant_sec: float | None
    oil_sec: float | None


class Errors(Part):
    """Fewest and most stored fault codes."""

    min: int | None
    max: int | None


class Share(Part):
    """Lowest and highest share in the oil."""

    min_perc: int | None
    max_perc: int | None


class Injectors(Part):
    """Mean corrections at warm idle, of the profile with the most engine time: profiles count differently."""

    injector1: float | None
    injector2: float | None
    injector3: float | None
    injector4: float | None
    average: float | None


class FuelPressure(Part):
    """Rail pressure error at idle."""

    avg_diff_idle_bar: float | None


class Boost(Part):
    """Boost error under demand."""

    avg_diff_mbar: float | None


class Engine(Part):
    """The engine's figures."""

    battery: Battery
    coolantTemp: Temperatures
    oilTemp: Temperatures
    engineWarmup: Warmup
    errors: Errors
    oilCarbonate: Share
    oilDilution: Share
    injector: Injectors
    fuelPressure: FuelPressure
    boost: Boost


class Pressure(Part):
    """Differential pressure over the filter, engine on."""

    min_mbar: float | None
    max_mbar: float | None
    avg_mbar: float | None


class IdlePressure(Part):
    """Differential pressure at idle."""

    avg_mbar: float | None


class Fap(Part):
    """The filter's figures."""

    pressure: Pressure
    pressure_idle: IdlePressure
    temp: Temperatures


class Speed(Part):
    """Road speed during regenerations."""

    min_kmh: int | None
    max_kmh: int | None
    avg_kmh: int | None


class RegenRevs(Part):
    """Engine speed during regenerations, rpm."""

    min: int | None
    max: int | None
    avg: int | None


class RegenSoot(Part):
    """Mean soot when a regeneration began and when its flag fell."""

    start_gl: float | None
    end_gl: float | None


class RegenConsumption(Part):
    """Consumption in and outside regenerations, of the logs that have one."""

    regen_l100km: float | None
    nonRegen_l100km: float | None


class FapRegen(Part):
    """All regenerations of all logs: means per regeneration, extremes over all."""

    numberOfRegens: int
    previousRegen_km: float | None
    duration_sec: float | None
    distance_km: float | None
    speed: Speed
    fapTemp: Temperatures
    fapPressure: Pressure
    revs: RegenRevs
    fapSoot: RegenSoot
    fuelConsumption: RegenConsumption


class OverallConsumption(Part):
    """Summed litres over summed kilometres."""

    total_l: float | None
    avg_l100km: float | None


class FuelConsumption(Part):
    """Consumption, overall and by speed: `"5-15_l100km"`, a key for each range that was driven."""

    overall: OverallConsumption
    bySpeedRange: dict[str, float]


class Regens(Part):
    """How regenerations ended, and the intervals of the complete ones in date order."""

    complete: int
    aborted: int
    unknown: int
    intervals_km: list[Number]


class NextRegen(Part):
    """The kilometres from the end of the last log to the next regeneration, as a range."""

    low_km: int
    high_km: int
    basis: list[str]


class TrendPoint(Part):
    """One log's figures for the plots over time."""

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


class TrendEvidence(Part):
    """Which logs a finding rests on: how many, of which profile, between which dates."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    profile: str
    logs: int
    from_: str | None = Field(alias="from")
    to: str | None


class TrendFinding(Part):
    """Something seen over many logs, against its row in the table of limits."""

    code: Code
    severity: Severity
    value: Number
    unit: str
    limit: LimitShown
    evidence: TrendEvidence
    confidence: Confidence
    text: str
    advice: str | None


class TrendHealth(Part):
    """The verdict over all logs: the worst finding, `unknown` where too little was seen."""

    verdict: Severity
    findings: list[TrendFinding]


class Average(Part):
    """Everything over all logs of a user, or of one year or month."""

    overall: Overall
    driving: Driving
    engine: Engine
    fap: Fap
    fapRegen: FapRegen | None
    fuelConsumption: FuelConsumption
    regens: Regens
    nextRegen: NextRegen | None
    trends: dict[str, list[TrendPoint]]
    """By ECU profile, in date order."""
    health: TrendHealth
