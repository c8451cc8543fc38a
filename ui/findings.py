"""Findings in words: what was looked at, what it means, and what to do, in the reader's language.

The API judges; this only translates. A code that is new to these pages is shown with the API's own sentences.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from flask_babel import gettext, lazy_gettext
from flask_babel import lazy_gettext as _

from faplog.contracts import catalogue
from faplog.contracts.limits import LIMITS, RANK, Code, Confidence, Limit, Severity
from ui import units

Text: TypeAlias = Any
"""A text in the reader's language: a string, or one that is translated when it is shown."""

VERDICT: Final = {severity: lazy_gettext(sentence) for severity, sentence in catalogue.VERDICTS.items()}
VERDICT_MEANING: Final = {severity: lazy_gettext(sentence) for severity, sentence in catalogue.MEANINGS.items()}

NEVER_RAN: Final = lazy_gettext(catalogue.NEVER_RAN)
ENGINE_UNREAD: Final = lazy_gettext(catalogue.ENGINE_UNREAD)
PRESSURE_UNREAD: Final = lazy_gettext(catalogue.PRESSURE_UNREAD)

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


SEVERAL: Final = 2

WITHOUT_DECIMALS_FROM: Final = 100
"""Values of this size are shown as whole numbers."""

MOMENT_SEC: Final = 60
"""Durations below this are shown as a moment."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding ready for a template."""

    code: str
    severity: Severity
    title: str
    value: float | None
    unit: str
    decimals: int
    normal: str
    seen: str | None = None
    """What was seen, as a sentence."""
    advice: str | None = None
    urgency: str | None = None
    """Whether one may drive on."""
    confidence: str | None = None
    channel: str | None = None
    near: bool = False
    outside: str | None = None
    """All injectors outside their limits, where there are several."""
    evidence: str | None = None
    """When and for how long it was seen in one log."""
    logs: int | None = None
    """Over how many logs it was seen."""
    start: str | None = None
    end: str | None = None
    profile: str | None = None
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
    """Return an engine control unit as it is shown; the API says "unknown" for files whose name does not tell."""
    return str(gettext("unknown car")) if name == "unknown" else name


def severity(text: Any) -> Severity:
    """Return a severity as the API writes it; `UNKNOWN` for anything else."""
    try:
        return Severity(text)
    except ValueError:
        return Severity.UNKNOWN


def shown(findings: Iterable[dict[str, Any]] | None, sampling_sec: float | None = None) -> list[Shown]:
    """Return all findings of an analysis or average, the worst first, else in the API's order.

    Args:
        findings: The findings as the API writes them.
        sampling_sec: The time between two rows of the log, from which durations are computed.
    """
    every = [_shown_finding(finding, sampling_sec) for finding in findings or ()]
    return sorted(every, key=lambda finding: -RANK.index(finding.severity))


def _shown_finding(finding: dict[str, Any], sampling_sec: float | None) -> Shown:
    level, value = severity(finding.get("severity")), finding.get("value")
    evidence = finding.get("evidence") or {}
    unit = str(finding.get("unit") or "")
    code = known(finding)
    decimals = 1 if code is None else LIMITS[code].decimals
    if value is not None and abs(value) >= WITHOUT_DECIMALS_FROM:
        decimals = 0
    which = _which(finding.get("which"))
    alarming = level in (Severity.WATCH, Severity.ACT)
    return Shown(
        code=str(finding.get("code", "")),
        severity=level,
        title=str(finding.get("text") or finding.get("code", "")) if code is None else title(code),
        seen=None if code is None or value is None else seen(code, value, unit, decimals, which),
        advice=(finding.get("advice") if code is None else advice(code, level, value)) if alarming else None,
        urgency=urgency(finding.get("urgency")),
        value=value,
        unit=unit,
        decimals=decimals,
        normal="" if code is None else _normal(LIMITS[code]),
        confidence=_confidence(finding.get("confidence")),
        channel=None if code is None else catalogue.words(code).channel,
        near=finding.get("near") is True,
        outside=None if code is None else outside(code, which, unit, decimals),
        evidence=_evidence(evidence, sampling_sec),
        logs=evidence.get("logs"),
        start=evidence.get("from"),
        end=evidence.get("to"),
        profile=evidence.get("profile"),
    )


def reason(worst: dict[str, Any] | None) -> str | None:
    """Return the title of the finding behind the verdict of a row in a list, in the reader's language."""
    if not worst:
        return None
    code = known(worst)
    return str(worst.get("text") or "") or None if code is None else title(code)


def _evidence(evidence: dict[str, Any], sampling_sec: float | None) -> str | None:
    """Return when a finding was seen: a moment, or for how long within which time."""
    start, end = units.parse_time(evidence.get("from")), units.parse_time(evidence.get("to"))
    if start is None or end is None or not evidence.get("rows"):
        return None
    if (end - start).total_seconds() < MOMENT_SEC:
        return str(gettext("seen at %(time)s", time=units.clock(evidence["from"])))
    span = units.span(evidence["from"], evidence["to"])
    if not sampling_sec:
        return str(gettext("seen %(span)s", span=span))
    seconds = min(evidence["rows"] * sampling_sec, (end - start).total_seconds())
    return str(gettext("seen for %(duration)s, %(span)s", duration=units.about(seconds), span=span))


def known(finding: dict[str, Any]) -> Code | None:
    """Return the code of a finding; None for one that is new to these pages."""
    code = finding.get("code")
    return Code(code) if code in set(Code) else None


def title(code: Code) -> str:
    """Return what is checked, in the reader's language."""
    return str(gettext(catalogue.words(code).title))


def seen(code: Code, value: float, unit: str, decimals: int, which: list[catalogue.Named]) -> str | None:
    """Return what was seen, in the reader's language and units; None where it needs names that are not given."""
    words = catalogue.words(code, value)
    if "{which}" in words.seen and not which:
        return None
    shown = units.quantity(value, unit, decimals)
    return str(gettext(words.seen)).format(value=shown, which=catalogue.names(words, which))


def outside(code: Code, which: list[catalogue.Named], unit: str, decimals: int) -> str | None:
    """Return all of several alike that are outside their limits, with their values; None for one alone."""
    part = catalogue.words(code).part
    if not part or len(which) < SEVERAL:
        return None
    name = str(gettext(part))
    pair = str(gettext("{name}: {text}"))
    listed = (
        pair.format(name=name.format(which=one.name), text=units.quantity(one.value, unit, decimals)) for one in which
    )
    return str(gettext(catalogue.OUTSIDE)).format(list=", ".join(listed))


def advice(code: Code, level: Severity, value: float | None) -> str | None:
    """Return what to do about a finding, in the reader's language."""
    sentence = catalogue.advice(code, level, value)
    return str(gettext(sentence)) if sentence else None


def notes(given: Iterable[dict[str, Any]] | None) -> list[str]:
    """Return what is worth knowing besides the findings; a note that is new to these pages in the API's words."""
    return [_note(one) for one in given or ()]


def _note(given: dict[str, Any]) -> str:
    code, value = given.get("code"), given.get("value")
    if code not in set(catalogue.NoteCode) or value is None:
        return str(given.get("text", ""))
    sentence = catalogue.note(catalogue.NoteCode(code), value)
    return str(gettext(sentence)).format(value=units.quantity(value, str(given.get("unit", ""))))


def _which(given: Any) -> list[catalogue.Named]:
    named = given if isinstance(given, list) else []
    return [catalogue.Named(str(one["name"]), one["value"]) for one in named]


def urgency(given: Any) -> str | None:
    """Return whether one may drive on, in the reader's language."""
    return str(gettext(catalogue.URGENCIES[catalogue.Urgency(given)])) if given in set(catalogue.Urgency) else None


def _confidence(given: Any) -> str | None:
    return str(gettext(catalogue.CONFIDENCES[Confidence(given)])) if given in set(Confidence) else None


def _normal(limit: Limit) -> str:
    """Return what a good value is, in words: e.g. “below 25 mbar”."""
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
