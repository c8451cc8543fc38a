"""The answers of the REST API as models; analysis and average are those of `faplog.contracts`.

Fields that a newer server adds are ignored. A test holds that the API answers every field that stands here.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from faplog.contracts import messages
from faplog.contracts.analysis import Analysis
from faplog.contracts.average import Average
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus, AverageStatus, Stage


class Answer(BaseModel):
    """Base of all answers: snake_case in Python, camelCase in JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)


class RefusedEntry(Answer):
    """A .csv file of an uploaded zip that was refused."""

    file_name: str
    message: str
    code: str
    params: dict[str, Any]


class Uploaded(Answer):
    """An accepted upload. The same content always has the same id."""

    ids: list[UUID]
    skipped: list[str] = Field(default_factory=list, description="Entries of a zip that are no .csv files.")
    refused: list[RefusedEntry] = Field(default_factory=list)


class Other(Answer):
    """Another log, and whether it has the same rows."""

    id: UUID
    file_name: str
    same_drives: bool


class _Log(Answer):
    """What every answer says of a log."""

    id: UUID
    file_name: str
    log_date: datetime | None
    status: AnalysisStatus
    stage: Stage
    message: str | None
    code: str | None
    params: dict[str, Any] | None
    fap_regen: bool
    distance: float | None = Field(description="Kilometres driven.")
    superseded_by: Other | None


class Log(_Log):
    """A log in the list."""

    created_at: datetime
    verdict: Severity | None


class Pagination(Answer):
    """Position of a page in the list."""

    total_items: int
    total_pages: int


class LogPage(Answer):
    """A page of the list."""

    data: list[Log]
    pagination: Pagination


class LogReport(_Log):
    """One log with its analysis, as soon as there is one."""

    analysis: Analysis | None


class AverageReport(Answer):
    """An average. While it is being recalculated, `average` is the previous one."""

    status: AverageStatus
    message: str | None
    code: str | None
    params: dict[str, Any] | None
    average: Average | None


class Period(Answer):
    """A period that has an average."""

    type: messages.Period
    year: int | None
    month: int | None
    status: AverageStatus


class Span(Answer):
    """A stretch of a log, in seconds from its start."""

    from_: float = Field(alias="from")
    to: float


class Channel(Answer):
    """One curve: times in seconds from the start of the log, and values. A value is None in a gap."""

    name: str
    unit: str
    t: list[float]
    v: list[float | None]


class Series(Answer):
    """The points for plots of one log. `start` is the car's local wall clock, without a time zone."""

    version: int
    start: datetime
    drives: list[Span]
    regens: list[Span]
    channels: list[Channel]
