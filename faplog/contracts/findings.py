"""Findings: what was judged against the table of limits, in one log and over many."""

from pydantic import ConfigDict, Field

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


class Health(Part):
    """The verdict, and the findings behind it."""

    verdict: Severity
    findings: list[Finding]


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


class TrendHealth(Part):
    """The verdict over all logs: the severity of the worst finding, or `unknown` if there is not enough data."""

    verdict: Severity
    findings: list[TrendFinding]
