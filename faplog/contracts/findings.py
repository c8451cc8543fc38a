"""Findings: what was judged against the table of limits, in one log and over many."""

from pydantic import ConfigDict, Field

from faplog.contracts.catalogue import NoteCode, Urgency
from faplog.contracts.figures import Moment, Part
from faplog.contracts.limits import Code, Confidence, Severity


class LimitShown(Part):
    """The limits of a value: one number each, or the lowest and the highest good value."""

    watch: float | tuple[float, float]
    act: float | tuple[float, float] | None


class Evidence(Part):
    """Evidence for a finding: number of rows, first and last time."""

    model_config = ConfigDict(populate_by_name=True)

    rows: int
    from_: Moment = Field(alias="from")
    to: Moment
    flow_m3h: int | None = Field(None, description="of the highest pressure: the exhaust flow it was seen at")


class Which(Part):
    """A sensor or an injector a finding is about."""

    name: str
    value: float = Field(description="its own value, in the unit of the finding")


class Note(Part):
    """Something worth knowing that is no finding; `text` is English."""

    code: NoteCode
    value: float
    unit: str
    text: str


class Finding(Part):
    """One finding. Translate by `code` and the numbers; `text` and `advice` are English."""

    code: Code
    severity: Severity
    value: float
    unit: str
    limit: LimitShown
    evidence: Evidence
    confidence: Confidence
    text: str
    advice: str | None
    urgency: Urgency | None = Field(None, description="at act: whether one may drive on")
    near: bool = Field(default=False, description="good, but close to the limit")
    which: list[Which] = Field(
        default=[],
        description="the injectors outside their limits, else the one furthest from 1; the sensors that are stuck",
    )


class Health(Part):
    """The verdict, and the findings behind it."""

    verdict: Severity
    urgency: Urgency | None = Field(None, description="the most urgent of the findings")
    findings: list[Finding]
    notes: list[Note] = Field(default=[], description="worth knowing, but no finding")


class TrendEvidence(Part):
    """Evidence for a finding: ECU profile, number of logs, first and last date."""

    model_config = ConfigDict(populate_by_name=True)

    profile: str
    logs: int
    from_: str | None = Field(alias="from")
    to: str | None


class TrendFinding(Part):
    """One finding over many logs."""

    code: Code
    severity: Severity
    value: int | float
    unit: str
    limit: LimitShown
    evidence: TrendEvidence
    confidence: Confidence
    text: str
    advice: str | None
    urgency: Urgency | None = Field(None, description="at act: whether one may drive on")
    near: bool = Field(default=False, description="good, but close to the limit")
    which: list[Which] = Field(default=[], description="of a single log's finding: its sensors or injectors")


class TrendHealth(Part):
    """The verdict over all logs: the severity of the worst finding, or `unknown` if there is not enough data."""

    verdict: Severity
    urgency: Urgency | None = Field(None, description="the most urgent of the findings")
    findings: list[TrendFinding]
    notes: list[Note] = Field(default=[], description="worth knowing, but no finding")
