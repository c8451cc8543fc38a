"""The events of notifications: one frozen model for each kind, stored as JSON in the outbox."""

from datetime import date
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MAX_CODES: Final = 40
MAX_KEY_CHARS: Final = 200


class _Event(BaseModel):
    """Base of all events. `key` names an event among all events of one account: the same key is never told twice."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    heard_of_by_logs: ClassVar[bool] = False
    """Whether the event adds nothing where the log that caused it was told already."""


class LogAct(_Event):
    """The verdict of a log became `act`. The findings are read when the message is sent."""

    kind: Literal["log_act"] = "log_act"
    analysis_id: UUID
    codes: tuple[str, ...] = Field(default=(), max_length=MAX_CODES)
    """The codes of its findings at `act`."""

    @property
    def key(self) -> str:
        """Once for each log, however often it is analysed."""
        return f"{self.kind}:{self.analysis_id}"


class AverageAct(_Event):
    """The verdict over all logs of a car became `act`."""

    heard_of_by_logs = True

    kind: Literal["average_act"] = "average_act"
    car_id: UUID | None = None
    generation: int
    """Of the average that says so first."""
    codes: tuple[str, ...] = Field(default=(), max_length=MAX_CODES)
    """The codes of its findings at `act`."""

    @property
    def key(self) -> str:
        """Once for each time the verdict changes."""
        return _key_of_average(self.kind, self.car_id, self.generation)


class RegensInterrupted(_Event):
    """Three or more regenerations in a row were interrupted."""

    heard_of_by_logs = True

    kind: Literal["regens_interrupted"] = "regens_interrupted"
    car_id: UUID | None = None
    generation: int
    """Of the average that counts so many first."""
    codes: tuple[str, ...] = ("regens_aborted",)

    @property
    def key(self) -> str:
        """Once for each time the count is reached."""
        return _key_of_average(self.kind, self.car_id, self.generation)


class Due(_Event):
    """A forecast or a reminder is due."""

    kind: Literal["due"] = "due"
    about: Literal["forecast", "reminder"]
    id: str = Field(min_length=1, max_length=MAX_KEY_CHARS - 40)
    """What is due, for example the id of a maintenance note."""
    title: str = Field(min_length=1, max_length=120)
    """What is due, in the owner's own words or in English."""
    text: str = Field(default="", max_length=500)
    """More about it, in English."""
    car_id: UUID | None = None
    due_on: date | None = None
    due_km: int | None = Field(default=None, ge=0)
    codes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Once for each forecast, and once for each date and reading at which a reminder is due."""
        key = f"{self.kind}:{self.about}:{self.id}"
        if self.about == "forecast":
            return key
        return f"{key}:{self.due_on or ''}:{'' if self.due_km is None else self.due_km}"


def _key_of_average(kind: str, car_id: UUID | None, generation: int) -> str:
    return f"{kind}:{car_id}:{generation}" if car_id else f"{kind}:{generation}"


Event = LogAct | AverageAct | RegensInterrupted | Due

EVENT: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])
"""Reads an event from its JSON."""
