"""Findings: what was judged against the table of limits, in one log and over many."""

from pydantic import ConfigDict, Field

from faplog.contracts.catalogue import NoteCode, Urgency
from faplog.contracts.figures import Moment, Part
from faplog.contracts.limits import Code, Confidence, Severity


class LimitShown(Part):
    """The limits a value was judged against: a number each, or lowest and highest good value."""

    watch: float | tuple[float, float]
    act: float | tuple[float, float] | None


class Evidence(Part):
    """What a finding rests on: how many rows, from when to when."""

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
    """One judgement; `code` and the numbers are what a translation is made from, `text` and `advice` are English."""

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
    """The verdict and what it rests on."""

    verdict: Severity
    urgency: Urgency | None = Field(None, description="the most urgent of the findings")
    findings: list[Finding]
    notes: list[Note] = Field(default=[], description="worth knowing, but no finding")


class TrendEvidence(Part):
    """Which logs a finding rests on: how many, of which profile, between which dates."""

    model_config = ConfigDict(populate_by_name=True)

    profile: str
    logs: int
    from_: str | None = Field(alias="from")
    to: str | None


class TrendFinding(Part):
    """Something seen over many logs, against its row in the table of limits."""

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
    """The verdict over all logs: the worst finding, `unknown` where too little was seen."""

    verdict: Severity
    urgency: Urgency | None = Field(None, description="the most urgent of the findings")
    findings: list[TrendFinding]
    notes: list[Note] = Field(default=[], description="worth knowing, but no finding")
