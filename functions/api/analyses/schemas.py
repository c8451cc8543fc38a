"""What clients read and ask for about analyses and averages: the models the OpenAPI document is made from."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, PlainSerializer, RootModel, model_validator
from pydantic.alias_generators import to_camel

from faplog.contracts.analysis import Analysis
from faplog.contracts.average import Average
from faplog.contracts.errors import Cause, ErrorCode, Param
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus, AverageStatus, Period, Stage

from ..web.inputs import Input

MAX_PAGE_SIZE = 100


def timestamp(moment: datetime) -> str:
    """A moment as every JSON of ours writes it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(timestamp, return_type=str, when_used="json")]


class Output(BaseModel):
    """The base of every answer: Python names in snake_case, the wire in camelCase, nulls said."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, alias_generator=to_camel)


Code = Annotated[
    str | None,
    Field(
        validation_alias=AliasChoices("error_code", "code"),
        description="Why it failed, as a code: match on this, not on the message. Null where it did not fail, and for "
        "failures stored by releases without codes. New codes may be added.",
    ),
]
Params = Annotated[
    dict[str, Param] | None,
    Field(
        validation_alias=AliasChoices("error_params", "params"),
        description="The values in the sentence of the code, for translations.",
    ),
]


class Refused(Output):
    """A .csv of a zip that was not taken."""

    file_name: str
    message: str = Field(description="Why, in a sentence.")
    code: ErrorCode = Field(description="Why, as a code.")
    params: dict[str, Param] = Field(default_factory=dict, description="The values in the sentence.")

    def cause(self) -> Cause:
        """Return why it was refused."""
        return Cause(message=self.message, code=self.code, params=self.params)


class Accepted(Output):
    """An upload that was taken. What is said of a zip alone is left out of the answer to a .csv."""

    ids: list[UUID] = Field(description="The analyses, in the order of the files; the same content has the same id.")
    skipped: list[str] | None = Field(
        default=None, description="What was in the zip and is no .csv file: folders and other files."
    )
    skipped_reason: Cause | None = Field(default=None, description="Why those of `skipped` were left out.")
    refused: list[Refused] | None = Field(
        default=None, description="The .csv files of the zip that are empty, binary or without a header."
    )


class AcceptedShort(Output):
    """An upload by the short form that was taken."""

    id: UUID


class Named(Output):
    """What its owner knows an analysis by."""

    id: UUID
    file_name: str


class Report(Output):
    """What whoever may read an analysis is told of it."""

    status: AnalysisStatus
    stage: Stage
    message: str | None
    code: Code
    params: Params
    log_date: Timestamp | None
    fap_regen: bool
    distance: float | None = Field(description="Kilometres.")
    analysis: Analysis | None = Field(
        description="One of an older analyser may lack what was added since, until it has been made anew."
    )


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
    distance: float | None = Field(description="Kilometres.")
    verdict: Severity | None


class Pagination(Output):
    """Where in the list a page lies."""

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
    restorable_until: Timestamp = Field(description="After this it is removed for good.")


class DeletedList(Output):
    """A page of deleted analyses, the last deleted first."""

    data: list[DeletedItem]
    pagination: Pagination


class AnalysisDetail(Report, Named):
    """One analysis, with its numbers once there are some."""


class SharedAnalysis(Report):
    """One analysis as its link shows it: nothing that names the owner, the file or another log."""

    expires_at: Timestamp = Field(description="Until when the link works.")


class Progress(Output):
    """The short form's answer while a log is on its way."""

    stage: Stage
    status: Literal["progressing"] = "progressing"


class Failure(Output):
    """The short form's answer for a log that could not be analysed."""

    stage: Stage
    status: Literal["fail"] = "fail"
    message: str | None
    code: Code
    params: Params


class AverageView(Output):
    """An average: the last good one, and where its successor stands."""

    status: AverageStatus
    message: str | None
    code: Code
    params: Params
    average: Average | None


class AvailablePeriod(Output):
    """A period there is an average of."""

    type: Period
    year: int | None
    month: int | None
    status: AverageStatus


class Available(RootModel[list[AvailablePeriod]]):
    """All periods there are averages of, newest first after the overall one."""


class SortBy(StrEnum):
    """What a list can be ordered by."""

    FILE_NAME = "fileName"
    CREATED_AT = "createdAt"
    LOG_DATE = "logDate"


class Order(StrEnum):
    """Which end of a list comes first."""

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
    q: str | None = Field(default=None, max_length=255, description="A part of the file name, in any case.")


class PageQuery(Input):
    """Which page of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=20, ge=1, le=MAX_PAGE_SIZE)


class AverageQuery(Input):
    """Which average is meant."""

    type: Period = Period.OVERALL
    year: int | None = Field(default=None, ge=1970, le=9999, description="For YEARLY and MONTHLY.")
    month: int | None = Field(default=None, ge=1, le=12, description="For MONTHLY.")

    @model_validator(mode="after")
    def _period_is_named(self) -> "AverageQuery":
        wanted = {Period.OVERALL: (False, False), Period.YEARLY: (True, False), Period.MONTHLY: (True, True)}
        if (self.year is not None, self.month is not None) != wanted[self.type]:
            raise ValueError("OVERALL takes neither year nor month, YEARLY a year, MONTHLY a year and a month")
        return self


class Liveness(Output):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Output):
    """Which parts answer. Without Postgres nothing works; without NATS or S3 the rest does."""

    status: Literal["ok", "degraded", "unavailable"]
    postgres: Literal["ok", "away"]
    nats: Literal["ok", "away"] = Field(description="away also while it does not take the requests it is sent")
    s3: Literal["ok", "away"]
    message: str | None = Field(default=None, description="What is wrong, where this is a 503.")
    code: ErrorCode | None = Field(default=None, description="The same as a code.")
    params: dict[str, Param] | None = Field(default=None, description="The values in the sentence.")
