"""Requests and responses about analyses and averages: the models behind the OpenAPI document."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, model_validator
from pydantic.alias_generators import to_camel

from faplog.contracts.analysis import Analysis
from faplog.contracts.average import Average
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus, AverageStatus, Period, Stage

from ..web.inputs import Input

MAX_PAGE_SIZE = 100


def timestamp(moment: datetime) -> str:
    """Return a moment as our JSON writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str, when_used="json")]


class Output(BaseModel):
    """Base of all responses: snake_case in Python, camelCase in JSON, nulls included."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=to_camel)


class Refused(Output):
    """A .csv file of a zip that was refused."""

    file_name: str
    message: str = Field(description="The reason, as a sentence.")


class Accepted(Output):
    """An accepted upload. `skipped` and `refused` are only present for a zip."""

    ids: list[UUID] = Field(
        description="The analyses, in the order of the files. The same content always has the same id."
    )
    skipped: list[str] | None = Field(
        default=None, description="Entries of the zip that are not .csv files: folders and other files."
    )
    refused: list[Refused] | None = Field(
        default=None, description="The .csv files of the zip that are empty, binary or without a header line."
    )


class AcceptedShort(Output):
    """An accepted upload (short form)."""

    id: UUID


class Named(Output):
    """Id and file name of an analysis."""

    id: UUID
    file_name: str


class Report(Output):
    """Status and result of an analysis, without the names that only its owner may see."""

    status: AnalysisStatus
    stage: Stage
    message: str | None
    log_date: Timestamp | None
    fap_regen: bool
    distance: float | None = Field(description="Distance driven, in kilometres.")
    analysis: Analysis | None = Field(
        description="Made by an older version, it may lack newer fields until it has been repeated."
    )


class AnalysisItem(Named):
    """An analysis in a list."""

    created_at: Timestamp
    log_date: Timestamp | None
    status: AnalysisStatus
    stage: Stage
    message: str | None
    fap_regen: bool
    distance: float | None = Field(description="Distance driven, in kilometres.")
    verdict: Severity | None


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


class SharedAnalysis(Report):
    """One analysis as shown by its link, without anything that identifies the owner, the file or other logs."""

    expires_at: Timestamp = Field(description="The link works until this time.")


class Progress(Output):
    """Response of the short form while a log is being analysed."""

    stage: Stage
    status: Literal["progressing"] = "progressing"


class Failure(Output):
    """Response of the short form for a log that could not be analysed."""

    stage: Stage
    status: Literal["fail"] = "fail"
    message: str | None


class AverageView(Output):
    """The latest average, and the status of its recalculation."""

    status: AverageStatus
    message: str | None
    average: Average | None


class AvailablePeriod(Output):
    """A period that has an average."""

    type: Period
    year: int | None
    month: int | None
    status: AverageStatus


class Available(Output):
    """All periods that have an average: first the overall one, then newest first."""

    data: list[AvailablePeriod]


class SortBy(StrEnum):
    """The field a list is sorted by."""

    FILE_NAME = "fileName"
    CREATED_AT = "createdAt"
    LOG_DATE = "logDate"


class Order(StrEnum):
    """The sort order: ascending or descending."""

    ASC = "asc"
    DESC = "desc"


class ListQuery(Input):
    """The query of the list of analyses."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=20, ge=1, le=MAX_PAGE_SIZE)
    sort_by: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESC
    status: AnalysisStatus | None = None
    fap_regen: bool | None = None
    verdict: Severity | None = None
    q: str | None = Field(default=None, max_length=255, description="Part of the file name, upper or lower case.")


class PageQuery(Input):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=20, ge=1, le=MAX_PAGE_SIZE)


class AverageQuery(Input):
    """The average to return."""

    type: Period = Period.OVERALL
    year: int | None = Field(default=None, ge=1970, le=9999, description="Required for YEARLY and MONTHLY.")
    month: int | None = Field(default=None, ge=1, le=12, description="Required for MONTHLY.")

    @model_validator(mode="after")
    def _period_is_named(self) -> "AverageQuery":
        wanted = {Period.OVERALL: (False, False), Period.YEARLY: (True, False), Period.MONTHLY: (True, True)}
        if (self.year is not None, self.month is not None) != wanted[self.type]:
            raise ValueError("OVERALL takes neither year nor month, YEARLY a year, MONTHLY a year and a month")
        return self


class Liveness(Output):
    """The service responds."""

    status: Literal["ok"] = "ok"


class Readiness(Output):
    """Which parts are available. Without PostgreSQL nothing works; without NATS or S3 the rest still does.

    `away` means not available.
    """

    status: Literal["ok", "degraded", "unavailable"]
    postgres: Literal["ok", "away"]
    nats: Literal["ok", "away"] = Field(description="`away` also while NATS refuses the requests that are published.")
    s3: Literal["ok", "away"]
