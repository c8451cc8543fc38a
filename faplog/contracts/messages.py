"""The messages on the stream FAPLOG. Field names are the wire format; unknown fields are ignored, never refused."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.alias_generators import to_camel

from faplog.contracts.errors import Param
from faplog.contracts.keys import check_reference
from faplog.contracts.notes import MOST_NOTES, Note


class Subject(StrEnum):
    """The subjects, one payload each."""

    ANALYSIS_REQUEST = "analysis.request"
    ANALYSIS_RESULT = "analysis.result"
    AVERAGE_REQUEST = "average.request"
    AVERAGE_RESULT = "average.result"


class AnalysisStatus(StrEnum):
    """Status of an analysis."""

    PROCESSING = "Processing"
    SUCCESS = "Success"
    FAILED = "Failed"


class AverageStatus(StrEnum):
    """Status of an average."""

    CALCULATING = "CALCULATING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


class Stage(StrEnum):
    """Stage of an upload: being stored, or handed over to the analysis."""

    UPLOAD = "upload"
    ANALYSE = "analyse"


class Period(StrEnum):
    """Period of an average."""

    OVERALL = "OVERALL"
    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"


TOPIC_DELAYED: Final = "analysis.delayed"
"""The topic under which the connector POSTs an `analysis.request` to the API when a try of it has failed. It is a hint
that may be lost, so it never lies in the stream."""

DELAYED: Final[dict[str, str]] = {Subject.ANALYSIS_REQUEST: TOPIC_DELAYED}
"""The requests of which failed tries are reported, and the topic of the report."""

HEADER_TOPIC: Final = "X-Topic"
"""The subject a message came on; set by the connector, stripped from outside requests by the edge."""

HEADER_SECRET: Final = "X-Connector-Secret"  # noqa: S105  (a header's name)
"""Proves that a message comes from the connector."""

BATCH: Final = "application/x-ndjson"
"""The content type of several messages of one subject in one request, one on each line, and of the replies to them. A
function with `faplog.dev/batch` in stack.yml takes it. It may reply to the first ones only: the others come again."""

MAX_MESSAGE_BYTES: Final = 1 << 20
"""The maximum payload of NATS, and of all messages of a batch together."""

MESSAGE_SUCCESS: Final = "Analysis completed successfully."

MAX_INLINE_BYTES: Final = 256 * 1024
"""Above this a list or result goes through the object store and the message carries its reference."""

Reference = Annotated[str, AfterValidator(check_reference)]
"""A key in the object store, of a form only we write."""


def _utc_milliseconds(moment: datetime) -> datetime:
    """Return the moment in UTC, cut to the millisecond. A moment without an offset is taken as UTC."""
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("before the first year or after the last one there is") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


LogDate = Annotated[
    datetime,
    AfterValidator(_utc_milliseconds),
    PlainSerializer(
        lambda moment: moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z", return_type=str
    ),
]
"""The day of a log by the car's own clock, written as midnight UTC to the millisecond: `2025-10-10T00:00:00.000Z`."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A count, or the number of a year: no longer than the database's integers and other readers' JSON."""

_EXTENSIONS: Final = frozenset(
    {"analysisRef", "averageRef", "attempt", "version", "profile", "day", "code", "params"}
    | {"type", "year", "month", "generation", "traceparent"}
    | {"notes", "carId"}
)
"""Ours on top of the wire format fixed for all clients: left out where not set."""


class Message(BaseModel):
    """A frozen message; Python names in snake_case, the wire in camelCase."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)

    @model_serializer(mode="wrap")
    def _leave_out_unset_extensions(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        return {name: value for name, value in fields.items() if value is not None or name not in _EXTENSIONS}

    def to_json(self) -> bytes:
        """Return the published payload: all fields of the contract, and the extensions that are set."""
        return self.model_dump_json(by_alias=True).encode()


class AnalysisRequestData(Message):
    """Which log to analyse: `file_name` is the analysis id, its CSV is at `keys.log_key(id)`."""

    file_name: UUID
    attempt: Whole | None = None
    version: Whole | None = None
    profile: str | None = Field(default=None, max_length=40)
    """The ECU profile of the uploaded file's name (`profiles.profile_of`): trends are kept per profile."""
    day: date | None = None
    """The day of the uploaded file's name (`profiles.day_of`): it tells `2/3/2025` from `3/2/2025`."""


class AnalysisRequest(Message):
    """`analysis.request`."""

    pattern: Literal[Subject.ANALYSIS_REQUEST] = Subject.ANALYSIS_REQUEST
    data: AnalysisRequestData
    traceparent: str | None = None


class AnalysisResult(Message):
    """`analysis.result`: the whole answer, or for a big one `analysis_ref` in its place.

    A failed one says why in `message`, and as `code` and `params` of `errors`. The code is plain text here, so that
    one of a later release is read too.
    """

    analysis_id: UUID
    status: Literal[AnalysisStatus.SUCCESS, AnalysisStatus.FAILED]
    message: str
    code: str | None = Field(default=None, max_length=60)
    params: dict[str, Param] | None = None
    analysis: dict[str, Any] | None = None
    analysis_ref: Reference | None = None
    fap_regen: bool = False
    log_date: LogDate | None = None
    distance: FiniteFloat | None = None
    attempt: Whole | None = None
    version: Whole | None = None
    traceparent: str | None = None


class AverageItem(Message):
    """One analysis in the list of an average request."""

    analysis_id: UUID | None = None
    log_date: LogDate | None = None
    distance: FiniteFloat | None = None
    fap_regen: bool | None = None
    analysis: dict[str, Any]


class AverageRequestData(Message):
    """Whose analyses to average: inline in `analysis`, or at `analysis_ref` as a JSON array of the same items.

    All are of the car `car_id`; a request without one is of the user's only car. `notes` are the car's maintenance
    notes that are done (`notes.is_done`), without their texts.
    """

    user_id: UUID
    car_id: UUID | None = None
    analysis_sha: str = Field(pattern=r"^[0-9a-f]{64}$")
    analysis: list[AverageItem] | None = None
    analysis_ref: Reference | None = None
    type: Period = Period.OVERALL
    year: Whole | None = None
    month: Whole | None = None
    generation: Whole | None = None
    notes: list[Note] | None = Field(default=None, max_length=MOST_NOTES)


class AverageRequest(Message):
    """`average.request`."""

    pattern: Literal[Subject.AVERAGE_REQUEST] = Subject.AVERAGE_REQUEST
    data: AverageRequestData
    traceparent: str | None = None


class AverageResult(Message):
    """`average.result`: applied only where sha and generation match what the API asked for.

    A failed one says why in `message`, and as `code` and `params`, as `AnalysisResult` does. One without a `car_id` is
    of the user's only car.
    """

    user_id: UUID
    car_id: UUID | None = None
    analysis_sha: str = Field(pattern=r"^[0-9a-f]{64}$")
    status: Literal[AverageStatus.SUCCESS, AverageStatus.FAILED]
    message: str
    code: str | None = Field(default=None, max_length=60)
    params: dict[str, Param] | None = None
    average: dict[str, Any] | None = None
    average_ref: Reference | None = None
    type: Period = Period.OVERALL
    year: Whole | None = None
    month: Whole | None = None
    generation: Whole | None = None
    traceparent: str | None = None
