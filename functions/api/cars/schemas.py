"""Requests and responses about cars and notes: the models behind the OpenAPI document."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from faplog.contracts.cars import MAX_NAME
from faplog.contracts.limits import Severity
from faplog.contracts.notes import MOST_KM, MOST_TEXT, Kind

from ..web.inputs import Input, whole
from ..web.outputs import Output, Timestamp
from ..web.visible_text import visible_lines, visible_name
from .assignment import Counter

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it contains a NUL")
    return text


def _not_empty(name: str) -> str:
    if not name:
        raise ValueError("it is empty")
    return name


def _written_as_date(day: object) -> date:
    if not isinstance(day, str) or not _DATE.fullmatch(day):
        raise ValueError("it is not a date such as 2025-02-03")
    return date.fromisoformat(day)


def _boolean(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("it is not a boolean")
    return value


Text = Annotated[
    str, StringConstraints(max_length=MOST_TEXT), AfterValidator(_without_nul), AfterValidator(visible_lines)
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_NAME),
    AfterValidator(_without_nul),
    AfterValidator(visible_name),
    AfterValidator(_not_empty),
]
Day = Annotated[date, BeforeValidator(_written_as_date)]
Yes = Annotated[Literal[True], BeforeValidator(_boolean)]
No = Annotated[Literal[False], BeforeValidator(_boolean)]
Km = Annotated[int, BeforeValidator(whole), Field(strict=True)]
_KM_SCHEMA: Final[dict[str, Any]] = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": MOST_KM}, {"type": "null"}]}


class CamelInput(Input):
    """Base of requests whose fields have more than one word."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class Question(Output):
    """Why it is not known whether this is another car: a counter is lower than in the log before.

    Either this is another car, or the same car after maintenance, such as a new filter.
    """

    other_car: UUID = Field(description="The car that this one may be.")
    counter: Counter = Field(description="The counter that fell: `FAP life` or `FAPAdditiveVol`.")
    before: float = Field(description="Its value in the last log before it fell.")
    after: float = Field(description="Its value in the first log afterwards.")
    on_date: date = Field(description="The date of that log, and of the note if it was maintenance.")


class NoteView(Output):
    """A maintenance note of a car, or a reminder of maintenance to be done."""

    id: UUID
    car_id: UUID
    kind: Kind
    on_date: date | None
    km: int | None = Field(description="By the filter's counter (`FAP life`).")
    text: str
    done: bool = Field(description="False for a reminder. Only work that is done resets figures and forecasts.")
    due: bool = Field(description="A reminder whose date or kilometres have been reached.")
    created_at: Timestamp


class NoteList(Output):
    """All notes of a car, newest date first, those without a date at the end."""

    data: list[NoteView]


class CarView(Output):
    """A car, with where its newest log stands."""

    id: UUID
    name: str | None = Field(description="Null until it is named; show the profile instead.")
    profile: str | None = Field(description="The ECU profile, from the file names of its logs.")
    guessed: bool = Field(description="The car was found by its counters, and you have not confirmed or named it yet.")
    question: Question | None
    created_at: Timestamp
    logs: int = Field(description="Its logs, earlier versions included.")
    guessed_logs: int = Field(
        default=0, description="Those of its logs that have no counters and may as well be of another car."
    )
    first_log: Timestamp | None = Field(description="The date of its first log.")
    last_log: Timestamp | None
    last_log_id: UUID | None = Field(description="Its newest analysed log.")
    verdict: Severity | None = Field(description="The verdict of its newest analysed log.")
    life_km: float | None = Field(description="The newest reading of the filter's counter, `FAP life`.")
    due_notes: list[NoteView] = Field(description="The reminders that are due.")


class CarList(Output):
    """All cars of the user: the car of the newest log first."""

    data: list[CarView]


class DeletedCar(Output):
    """A deleted car that can still be restored, with the logs that were deleted with it."""

    id: UUID
    name: str | None
    profile: str | None
    logs: int
    deleted_at: Timestamp
    restorable_until: Timestamp = Field(description="After this time it is permanently removed.")


class DeletedCarList(Output):
    """The deleted cars, most recently deleted first."""

    data: list[DeletedCar]


class NewCar(Input):
    """A car to be created before it has logs."""

    name: Name | None = None


class CarChange(Input):
    """What is to change of a car. Fields that are left out stay as they are."""

    name: Name | None = Field(default=None, description="null removes the name.")
    guessed: No | None = Field(default=None, description="false confirms a guessed car.")


class Merge(Input):
    """The car that keeps the logs and notes of both."""

    into: UUID


class Reply(StrEnum):
    """Answer to the question about a car."""

    ANOTHER_CAR = "another_car"
    MAINTENANCE = "maintenance"


class Answer(CamelInput):
    """Whether this is another car, or the same car after maintenance."""

    answer: Reply
    kind: Kind | None = Field(
        default=None,
        description="What was done, for `maintenance`; by default `filter_replaced`, or `additive_refilled` if it was "
        "the counter of the additive.",
    )
    on_date: Day | None = Field(
        default=None, description="When it was done, for `maintenance`; by default the date in the question."
    )


class NewNote(CamelInput):
    """A maintenance note. It needs a date or kilometres."""

    kind: Kind
    on_date: Day | None = Field(default=None, description="A date in the future, by UTC, makes it a reminder.")
    km: Km | None = Field(
        default=None,
        description="By the filter's counter (`FAP life`). Without a date it is a reminder, due at these kilometres.",
        json_schema_extra=_KM_SCHEMA,
    )
    text: Text = ""
    done: Yes | None = Field(
        default=None,
        description="true: the work of this day has been done, though the day may not have begun in UTC.",
    )


class NoteChange(CamelInput):
    """What is to change of a note. Fields that are left out stay as they are."""

    kind: Kind | None = None
    on_date: Day | None = None
    km: Km | None = Field(default=None, json_schema_extra=_KM_SCHEMA)
    text: Text | None = None
    done: Yes | None = Field(
        default=None, description="true: the work of a reminder has been done, today if no date of the past is given."
    )
