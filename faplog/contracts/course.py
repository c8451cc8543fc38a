"""Whether the filter is getting worse: how its figures change from log to log."""

from enum import StrEnum

from pydantic import Field

from faplog.contracts.figures import Part


class Direction(StrEnum):
    """How a figure, or the filter as a whole, changes."""

    WORSE = "worse"
    STEADY = "steady"
    BETTER = "better"
    UNKNOWN = "unknown"
    """There are too few readings to say."""


class Watched(StrEnum):
    """A figure that says whether the filter is getting worse."""

    RESTRICTION = "restriction"
    """`kv` after complete regenerations; `kv` of all logs where there are too few of those."""
    IDLE_PRESSURE = "idle_pressure"
    SOOT_RATE = "soot_rate"
    REGEN_INTERVAL = "regen_interval"
    ASH = "ash"


class Change(Part):
    """How one figure has changed since its baseline."""

    figure: Watched
    direction: Direction
    count: int = Field(description="readings it is made from, 60 at most")
    change_perc: int | None = Field(
        description="change from the first to the last reading, by the median slope; of ash in percentage points. Null "
        "where only a finding says that it is worse"
    )


class Course(Part):
    """Whether the filter is getting worse."""

    direction: Direction = Field(description="worse if one figure is worse")
    changes: list[Change] = Field(description="the figures with enough readings, or with a finding")
