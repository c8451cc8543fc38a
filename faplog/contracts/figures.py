# ruff: noqa: N815  (field names are the JSON's)
"""Figures that an analysis and an average have in common.

An analysis has the measured figure; an average pools it over its logs: the lowest of the lowest, the highest of the
highest, and a mean weighted by what each was taken over (docs/average.md). So a field added here needs its row in the
table of `functions/average/core/figures.py`; a metric of single logs goes into a model of its own in `analysis`.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")]
"""A second on the car's own clock."""


class Part(BaseModel):
    """A part of an analysis or an average: exactly these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Celsius(Part):
    """Degrees Celsius."""

    min_c: int | None
    max_c: int | None
    avg_c: int | None


class Millibar(Part):
    """Differential pressure over the filter, mbar."""

    min_mbar: float | None
    max_mbar: float | None
    avg_mbar: float | None


class Speed(Part):
    """Road speed, km/h."""

    min_kmh: int | None
    max_kmh: int | None
    avg_kmh: int | None


class Revs(Part):
    """Engine speed, rpm."""

    min: int | None
    max: int | None
    avg: int | None


class DrivingRevs(Revs):
    """Engine speed, rpm; `avgDriving` while the car moves."""

    avgDriving: int | None


class Acceleration(Part):
    """Accelerator pedal, %; the mean is taken while it is pressed."""

    max_perc: int | None
    avg_perc: int | None


class Battery(Part):
    """Battery voltage: before the first start with the ignition on, and with the engine on."""

    beforeDrive_v: float | None
    engineRunning_v: float | None


class Injector(Part):
    """Mean injector corrections at warm idle, as the ECU reports them (a ratio around 1, or centred on 0)."""

    injector1: float | None
    injector2: float | None
    injector3: float | None
    injector4: float | None
    average: float | None


class FuelPressure(Part):
    """Rail pressure at idle: actual minus target."""

    avg_diff_idle_bar: float | None


class Boost(Part):
    """Boost pressure under boost: actual minus target."""

    avg_diff_mbar: float | None


class TotalFuel(Part):
    """Fuel over the whole log."""

    total_l: float | None
    avg_l100km: float | None


class RegenFuel(Part):
    """Litres per 100 km during and outside regenerations."""

    regen_l100km: float | None
    nonRegen_l100km: float | None


class Outcome(StrEnum):
    """Outcome of a regeneration, as far as the log shows it."""

    COMPLETE = "complete"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class NextRegen(Part):
    """Expected distance to the next regeneration in kilometres, as a range."""

    low_km: int
    high_km: int
    basis: list[Literal["own rate", "own trigger and rate", "ecu mean interval"]]
