"""Maintenance notes of a car: what was done to it, or is to be done, and which findings it resets."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from faplog.contracts.limits import Code

MOST_NOTES: Final = 500
"""The largest number of notes that a car may have."""

MOST_TEXT: Final = 1000
"""The largest number of characters in the text of a note."""

MOST_KM: Final = 2_000_000
"""The highest odometer reading of a note."""

AHEAD_OF_UTC: Final = timedelta(hours=14)
"""How much earlier than in UTC a day begins somewhere on Earth: there work can be done on UTC's tomorrow."""


class Kind(StrEnum):
    """What was done."""

    FILTER_CLEANED = "filter_cleaned"
    FILTER_REPLACED = "filter_replaced"
    ADDITIVE_REFILLED = "additive_refilled"
    OIL_CHANGED = "oil_changed"
    INJECTORS = "injectors"
    EGR = "egr"
    SENSOR = "sensor"
    SOFTWARE = "software"
    OTHER = "other"


class Note(BaseModel):
    """One maintenance note.

    `on_date` decides: it is the day on which the work was done. A day in the future is a reminder, and so is a note
    without a day, which is due at `km`.

    `km` is the odometer of the filter, the column `FAP life` and `fap.life.life_km` of an analysis: it is what the logs
    know and the pages show. The odometer of the dashboard is in no log, so it cannot be compared; an owner who knows
    only that one leaves `km` empty. After a new filter it begins at 0.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)

    kind: Kind
    on_date: date | None = None
    km: int | None = Field(default=None, ge=0, le=MOST_KM)
    text: str = Field(default="", max_length=MOST_TEXT)
    """The owner's own words. No average needs them, so `average.request` is sent without."""

    @field_validator("text")
    @classmethod
    def _without_nul(cls, text: str) -> str:
        if "\x00" in text:
            raise ValueError("NUL in a text")
        return text

    @model_validator(mode="after")
    def _is_placed(self) -> "Note":
        if self.on_date is None and self.km is None:
            raise ValueError("a note needs a day or a distance")
        return self


def is_done(note: Note, today: date) -> bool:
    """Return whether the work was done by `today`; else the note is a reminder. Only work that is done resets figures.

    `average.request` carries the notes that are done: the average does not know what day it is.
    """
    return note.on_date is not None and note.on_date <= today


_FILTER: Final = frozenset(
    {Code.ASH_SHARE, Code.FILTER_LIFE_LEFT}
    | {Code.RESTRICTION_LOW, Code.RESTRICTION_HIGH, Code.RESTRICTION_RISE, Code.IDLE_PRESSURE, Code.MAX_PRESSURE}
    | {Code.REGEN_INTERVAL, Code.INTERVAL_DROP}
)
_SOOT: Final = frozenset({Code.REGEN_INTERVAL, Code.INTERVAL_DROP})

RESETS: Final[dict[Kind, frozenset[Code]]] = {
    Kind.FILTER_CLEANED: _FILTER,
    Kind.FILTER_REPLACED: _FILTER,
    Kind.ADDITIVE_REFILLED: frozenset({Code.ADDITIVE_REMAINING}),
    Kind.OIL_CHANGED: frozenset({Code.OIL_DILUTION}),
    Kind.INJECTORS: frozenset({Code.INJECTOR_CORRECTION, Code.INJECTOR_MEAN}) | _SOOT,
    Kind.EGR: frozenset({Code.EGR_ERROR}) | _SOOT,
    Kind.SENSOR: frozenset(
        {Code.PRESSURE_NOT_FOLLOWING_FLOW, Code.PRESSURE_UNREADABLE, Code.PRESSURE_ENGINE_OFF}
        | {Code.SENSOR_UNREADABLE, Code.SENSOR_STUCK, Code.COLD_START_MISMATCH}
        | {Code.RESTRICTION_LOW, Code.RESTRICTION_HIGH, Code.RESTRICTION_RISE, Code.IDLE_PRESSURE, Code.MAX_PRESSURE}
    ),
    Kind.SOFTWARE: _SOOT,
    Kind.OTHER: frozenset(),
}
"""The findings that each kind of work resets: what logs before it said about them no longer counts."""
