"""Forecasts of one car: when a figure reaches its limits, and from when on it is judged."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from faplog.contracts.figures import Part
from faplog.contracts.limits import Code
from faplog.contracts.notes import Kind

Number = int | float


class Basis(StrEnum):
    """Which logs a forecast is made from."""

    ALL_LOGS = "all_logs"
    SINCE_NOTE = "since_note"
    SINCE_RESET = "since_reset"
    """Since a reset that the readings show, but no maintenance note."""


class Baseline(Part):
    """The maintenance note from which on a figure is judged: logs before it no longer count for this figure."""

    kind: Kind
    date: str
    km: int | None = Field(description="odometer on the filter, if the note has it")


class Reach(Part):
    """The range in which a limit is reached, from the end of the last log on; 0 to 0 km: the value is beyond it."""

    limit: Number
    km_low: int
    km_high: int | None = Field(description="null: may never be reached, or not within 200,000 km")
    date_low: str | None = Field(description="at this car's kilometres per week; null where they are unknown")
    date_high: str | None


class Forecast(Part):
    """How one figure changes with the distance driven, and when it reaches its limits."""

    model_config = ConfigDict(populate_by_name=True)

    code: Code = Field(description="whose limits these are")
    value: Number = Field(description="now: the latest of a counter, else the median of the last five readings")
    unit: str
    per_1000km: float = Field(description="change per 1,000 km (Theil-Sen); negative where the value falls")
    per_1000km_low: float = Field(description="the slope's range, lowest")
    per_1000km_high: float
    count: int = Field(description="readings it is made from, 60 at most")
    km: int = Field(description="distance from the first to the last of them, by the odometer on the filter")
    from_: str | None = Field(alias="from", description="date of the first of them")
    to: str | None = Field(description="date of the last of them")
    basis: Basis
    since: str | None = Field(description="date of the note or of the first log after the reset; null for all_logs")
    watch: Reach | None = Field(description="null where the value is not on its way to the limit")
    act: Reach | None
    text: str = Field(description="the forecast in English")


class Forecasts(Part):
    """What is coming for the filter and the oil; null with fewer than 5 readings or 300 km."""

    additive: Forecast | None
    ash: Forecast | None
    oil_dilution: Forecast | None
    restriction: Forecast | None
