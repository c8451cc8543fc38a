"""Findings in words: what was looked at, what it means, and what to do, in the reader's language.

The API judges; this only translates. A code that is new to these pages is shown with the API's own sentences.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from faplog.contracts.limits import LIMITS, RANK, Code, Severity
from ui import units
from ui.checks import WORDS, Text

CONFIDENCE: Final = {
    "low": _("low confidence: an indication, not a diagnosis"),
    "medium": _("medium confidence"),
    "high": _("high confidence"),
}

VERDICT: Final = {
    Severity.GOOD: _("All good"),
    Severity.WATCH: _("Keep an eye on it"),
    Severity.ACT: _("Do something about it"),
    Severity.UNKNOWN: _("Too little to judge"),
}

VERDICT_MEANING: Final = {
    Severity.GOOD: _("Nothing in this log asks for attention."),
    Severity.WATCH: _("The car can be driven as usual. Something is worth watching."),
    Severity.ACT: _("Something is outside its limits and should be looked after soon."),
    Severity.UNKNOWN: _("The engine ran for less than five minutes. A longer drive says more."),
}

NEVER_RAN: Final = _("The engine never ran in this log. Upload one of a drive to learn more.")
ENGINE_UNREAD: Final = _("The engine’s speed was never read, so this log does not tell whether it ran.")
PRESSURE_UNREAD: Final = _("The filter’s pressure was never read, and without it there is no judging the filter.")

SEVERITY: Final = {
    Severity.GOOD: _("good"),
    Severity.WATCH: _("watch"),
    Severity.ACT: _("act"),
    Severity.UNKNOWN: _("unknown"),
}

ICON: Final = {
    Severity.GOOD: "check-circle-fill",
    Severity.WATCH: "eye-fill",
    Severity.ACT: "exclamation-triangle-fill",
    Severity.UNKNOWN: "question-circle-fill",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding ready for a template."""

    code: str
    severity: Severity
    title: Text
    advice: Text | None
    value: float | None
    unit: str
    decimals: int
    normal: str
    confidence: Text | None
    channel: str | None
    rows: int | None
    start: str | None
    end: str | None
    profile: str | None
    """The engine control unit it was seen on, where the API names it: over many logs there may be several."""

    @property
    def icon(self) -> str:
        """The icon of its severity."""
        return ICON[self.severity]

    @property
    def severity_name(self) -> Text:
        """Its severity in a word."""
        return SEVERITY[self.severity]


def profile(name: str) -> str:
    """An engine control unit as it is shown; the API says "unknown" for files whose name does not tell."""
    return str(gettext("unknown car")) if name == "unknown" else name


def severity(text: Any) -> Severity:
    """A severity as the API writes it; `UNKNOWN` for anything else."""
    try:
        return Severity(text)
    except ValueError:
        return Severity.UNKNOWN


def shown(findings: Iterable[dict[str, Any]] | None) -> list[Shown]:
    """All findings of an analysis or average, the worst first, else in the API's order."""
    every = [_one(finding) for finding in findings or ()]
    return sorted(every, key=lambda finding: -RANK.index(finding.severity))


def _one(finding: dict[str, Any]) -> Shown:
    code, level = str(finding.get("code", "")), severity(finding.get("severity"))
    words = WORDS.get(Code(code)) if code in set(Code) else None
    evidence = finding.get("evidence") or {}
    unit = str(finding.get("unit") or "")
    alarming = level in (Severity.WATCH, Severity.ACT)
    return Shown(
        code=code,
        severity=level,
        title=words.title if words else str(finding.get("text") or code),
        advice=(words.advice if words else finding.get("advice")) if alarming else None,
        value=finding.get("value"),
        unit=unit,
        decimals=words.decimals if words else 1,
        normal=_normal(code),
        confidence=CONFIDENCE.get(str(finding.get("confidence"))),
        channel=words.channel if words else None,
        rows=evidence.get("rows"),
        start=evidence.get("from"),
        end=evidence.get("to"),
        profile=evidence.get("profile"),
    )


def _normal(code: str) -> str:
    """What a good value is, in words: e.g. “below 15 mbar”."""
    if code not in set(Code):
        return ""
    limit = LIMITS[Code(code)]
    if limit.unit in ("codes", "in a row"):
        return "0"
    unit = units.unit_name(limit.unit)
    behind = f"{units.NARROW_SPACE}{unit}" if unit else ""
    if isinstance(limit.watch, tuple):
        low, high = (units.bound(value, limit.unit) for value in limit.watch)
        return str(gettext("%(low)s to %(high)s", low=low, high=high + behind))
    bound = units.bound(limit.watch, limit.unit) + behind
    match limit.bad.value:
        case ">=":
            return str(gettext("below %(bound)s", bound=bound))
        case ">":
            return str(gettext("at most %(bound)s", bound=bound))
        case "<=":
            return str(gettext("above %(bound)s", bound=bound))
        case _:
            return str(gettext("at least %(bound)s", bound=bound))
