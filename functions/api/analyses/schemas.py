"""Requests and responses about analyses: the models behind the OpenAPI document."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from faplog.contracts.analysis import Analysis
from faplog.contracts.course import Course
from faplog.contracts.figures import Moment, Outcome
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus, Stage

from ..cars.schemas import Text
from ..web.inputs import Input
from ..web.outputs import Code, Output, Params, Timestamp

MAX_PAGE_SIZE: Final = 100
MAX_SELECTED: Final = 100
"""How many logs can be deleted or restored with one request."""

MAX_REGENERATIONS: Final = 200
"""How many regenerations of a car one response has at most."""


def _check_day(value: object) -> object:
    """Raise `ValueError` for a text that is no ISO date: pydantic would also take a number of seconds."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("Input should be a date such as 2025-03-31")
    return value


Day = Annotated[date, BeforeValidator(_check_day)]
"""A day, written as in ISO 8601."""


class Named(Output):
    """Id and file name of an analysis."""

    id: UUID
    file_name: str


class Version(Named):
    """Another version of the same log."""

    same_drives: bool = Field(description="Both have the same rows. If false, the later version is longer.")


class Report(Output):
    """Status and result of an analysis, without the names that only its owner may see."""

    status: AnalysisStatus
    stage: Stage
    message: str | None
    code: Code
    params: Params
    log_date: Timestamp | None
    fap_regen: bool
    distance: float | None = Field(description="Distance driven, in kilometres.")
    analysis: Analysis | None = Field(
        description="Made by an older version, it may lack newer fields until it has been repeated."
    )


class WorstFinding(Output):
    """The finding behind a verdict."""

    code: str = Field(description="Translate by this code.")
    text: str = Field(description="The finding as an English sentence.")


class LastRegeneration(Output):
    """The last regeneration up to the end of a log."""

    analysis_id: UUID = Field(description="The log that recorded it: this one, or an earlier one.")
    start: Moment
    end: Moment
    outcome: Outcome
    service: bool = Field(description="Run by a workshop.")


class RegenerationItem(Output):
    """A regeneration of a car."""

    logs: list[UUID] = Field(description="The logs that recorded it: two where the app began a new file meanwhile.")
    start: Moment
    end: Moment
    outcome: Outcome
    duration_sec: int | None
    temp_max_c: int | None = Field(description="Highest temperature of the filter, °C.")
    interval_km: int | None = Field(description="Distance since the last complete one, by the control unit.")
    filter_km: int | None = Field(
        description="The filter's counter (`FAP life`) then. Only of the last complete one in a log it is exact; else "
        "it is that of the log's end."
    )
    service: bool = Field(description="Run by a workshop.")


class RegenerationList(Output):
    """Regenerations of a car, newest first."""

    data: list[RegenerationItem]


class AnalysisItem(Named):
    """An analysis in a list."""

    created_at: Timestamp
    log_date: Timestamp | None
    status: AnalysisStatus
    stage: Stage
    message: str | None
    code: Code
    params: Params
    fap_regen: bool
    distance: float | None = Field(description="Distance driven, in kilometres.")
    verdict: Severity | None
    car_id: UUID | None = Field(
        default=None, description="The car it belongs to. Null until it is analysed, unless a car was named at upload."
    )
    car_guessed: bool = Field(
        default=False,
        description="It has no counters, and may as well be of another car. Naming its car (`PATCH`) settles it.",
    )
    note: str | None = Field(default=None, description="The owner's words about this log.")
    worst_finding: WorstFinding | None = Field(
        default=None, description="The first finding that is as severe as the verdict, where that is watch or act."
    )
    superseded_by: Version | None = Field(
        default=None,
        description="The log that has all drives of this one. While there is one, this one is in no average.",
    )


class Pagination(Output):
    """Position of a page in the list."""

    total_items: int
    current_page: int
    page_size: int
    total_pages: int


class AnalysisList(Output):
    """A page of analyses."""

    data: list[AnalysisItem]
    pagination: Pagination


class DeletedItem(AnalysisItem):
    """A deleted analysis that can still be restored."""

    deleted_at: Timestamp
    restorable_until: Timestamp = Field(description="After this time it is permanently removed.")


class DeletedList(Output):
    """A page of deleted analyses, most recently deleted first."""

    data: list[DeletedItem]
    pagination: Pagination


class AnalysisDetail(Report, Named):
    """One analysis, with its result as soon as there is one."""

    car_id: UUID | None = Field(description="The car it belongs to.")
    car_guessed: bool = Field(
        default=False,
        description="It has no counters, and may as well be of another car. Naming its car (`PATCH`) settles it.",
    )
    note: str | None = Field(description="The owner's words about this log.")
    superseded_by: Version | None = Field(
        description="The log that has all drives of this one. While there is one, this one is in no average."
    )
    earlier_versions: list[Version] = Field(
        description="The logs that this one supersedes, the longest first; 100 at most."
    )
    overlaps: list[Named] = Field(
        description="Other logs with drives at the same time whose rows are different; both count. 100 at most."
    )
    filter_course: Course | None = Field(
        default=None,
        description="Whether the filter is getting worse, by all logs of the car. Null until they have been averaged.",
    )
    last_regeneration: LastRegeneration | None = Field(
        description="The last regeneration up to the end of this log, in this log or in an earlier one that counts. "
        "Null if none is known, or if the car's counter says that a later one was not recorded."
    )


class AnalysisChange(Input):
    """What is to change of an analysis. Fields that are left out stay as they are."""

    car: UUID | None = Field(default=None, description="The car it belongs to. Its earlier versions move with it.")
    note: Text | None = Field(default=None, description="The owner's words about this log; null or empty removes them.")


class ChangedAnalysis(Named):
    """What can be changed of an analysis."""

    car_id: UUID | None
    note: str | None


class Progress(Output):
    """Response of the short form while a log is being analysed."""

    stage: Stage
    status: Literal["progressing"] = "progressing"


class Failure(Output):
    """Response of the short form for a log that could not be analysed."""

    stage: Stage
    status: Literal["fail"] = "fail"
    message: str | None
    code: Code
    params: Params


class SortBy(StrEnum):
    """The field a list is sorted by."""

    FILE_NAME = "fileName"
    CREATED_AT = "createdAt"
    LOG_DATE = "logDate"


class Order(StrEnum):
    """The sort order: ascending or descending."""

    ASC = "asc"
    DESC = "desc"


class PageQuery(Input):
    """The query of a page of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=20, ge=1, le=MAX_PAGE_SIZE)


class DayRange(Input):
    """A range of days."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    date_from: Day | None = Field(default=None, description="Only logs of this day or later.")
    date_to: Day | None = Field(default=None, description="Only logs of this day or earlier.")

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("dateFrom is after dateTo")
        return self


class RegenerationQuery(DayRange):
    """Which regenerations of a car are asked for."""

    limit: int = Field(default=60, ge=1, le=MAX_REGENERATIONS)


class LogFilters(DayRange):
    """Which logs are asked for."""

    status: AnalysisStatus | None = None
    fap_regen: bool | None = None
    verdict: Severity | None = None
    superseded: bool | None = Field(
        default=None, description="true: only earlier versions of other logs; false: the list without them."
    )
    car: UUID | None = Field(default=None, description="Only the logs of this car.")
    car_guessed: bool | None = Field(
        default=None, description="true: only logs without counters that may as well be of another car."
    )
    q: str | None = Field(default=None, max_length=255, description="Part of the file name, upper or lower case.")


class ListQuery(LogFilters, PageQuery):
    """The query of the list of analyses."""

    sort_by: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESC


class Selection(Input):
    """The logs that a request is about."""

    ids: list[UUID] = Field(min_length=1, max_length=MAX_SELECTED)


class Selected(Output):
    """The logs that a request was carried out for."""

    ids: list[UUID]
