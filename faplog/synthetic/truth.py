"""The shape of the generator's truth: what really happened in a written log, to hold an analysis against.

Times are local, ISO, tenths of a second (`2025-03-01T07:41:03.5`); distances km, fuel litres, soot g/l. "Seen" means:
between two rows at most 10 s apart, which is all an analysis may integrate over.
"""

from typing import Literal, TypedDict

Outcome = Literal["complete", "aborted", "unknown"]
"""What a perfect reader of this one file can say about a regeneration."""


class RegenTruth(TypedDict):
    """One regeneration, from the row in which the ECU raised its flag to the row in which it dropped it or stopped."""

    drive: int
    """Index into `drives`."""
    start: str
    end: str
    duration_sec: float
    distance_km: float
    soot_start_gl: float
    soot_end_gl: float
    soot_after_gl: float
    """Lowest load within 300 s after the flag, while the car was logged."""
    temp_max_c: float
    interval_km: float | None
    """The counter just before the ECU reset it; null where it did not."""
    last_regen_start_km: float
    """The counter when the regeneration began."""
    outcome: Outcome
    ecu_outcome: Literal["complete", "aborted"]
    """What happened in the car, whether the log shows it or not."""
    reset_shown: bool
    """Whether the app polled the counter again after its reset, in this file."""
    running_after_sec: float
    """Seconds with the engine on seen after the regeneration, in this file."""


class DriveTruth(TypedDict):
    """One ignition-on to ignition-off."""

    start: str
    end: str
    distance_km: float
    """Seen."""
    driven_km: float
    """With what was driven while the app paused."""
    fuel_l: float
    """Seen."""
    engine_on_sec: float
    soot_start_gl: float
    soot_end_gl: float
    coolant_start_c: float
    cold_start: bool
    """Coolant below 40 °C when the engine started."""
    regen: bool


class PauseTruth(TypedDict):
    """A pause of the app inside a drive, from the last row before to the first row after it."""

    start: str
    sec: float


class FileTruth(TypedDict):
    """One CSV: sums over its drives, what was driven into it, and what the app spoiled."""

    file: str
    date: str
    rows: int
    """Data rows, headers and the truncated tail not counted."""
    distance_km: float
    fuel_l: float
    soot_start_gl: float
    soot_end_gl: float
    restriction_clean: float
    """The filter's k_v without soot (ash and age) at the end of the day."""
    restriction_per_gl: float
    """What a g/l of soot adds to k_v."""
    pressure_zero_mbar: float
    """What the pressure sensor adds to every reading."""
    drives: list[DriveTruth]
    regens: list[RegenTruth]
    pauses: list[PauseTruth]
    gaps: int
    """Neighbouring rows more than 10 s apart, those between drives included."""
    gap_sec: float
    repeated_headers: int
    truncated: bool
    sentinels: dict[str, int]
    """Column → rows that carry its "no value" number."""


class Truth(TypedDict):
    """`truth.json`: the whole month."""

    profile: str
    health: str
    seed: int
    days: int
    files: list[FileTruth]
    outcomes: dict[Outcome, int]
