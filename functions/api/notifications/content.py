"""Content of a message in the channel's language: title, the worst findings with their advice, a link. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from faplog.contracts import catalogue, notices
from faplog.contracts.catalogue import Named, Urgency
from faplog.contracts.limits import LIMITS, Code, Severity
from faplog.words import number, translated

from ..stored_values import member, objects
from .events import AverageAct, Due, Event, LogAct, RegensInterrupted
from .worth_telling import findings

MOST_FINDINGS: Final = 3
"""Findings that a message has in words; the report has all."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The present facts about an event, for its message."""

    health: Mapping[str, Any]
    """The verdict with its findings; empty where there is none."""
    log_date: datetime | None = None
    car_name: str | None = None
    """The name of the car, if the user has several."""


@dataclass(frozen=True, slots=True)
class Content:
    """A message for any channel. `findings` are as the API answers them; `link` is None without a public address."""

    kind: str
    title: str
    paragraphs: tuple[str, ...]
    link: str | None = None
    settings_link: str | None = None
    language: str = "en"
    analysis_id: UUID | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    urgency: Urgency | None = None


def of_event(event: Event, facts: Facts, language: str, public_url: str | None) -> Content:
    """Return the message of an event.

    Args:
        event: What is told.
        facts: What is true about it now.
        language: The language of the channel.
        public_url: Where people reach the pages; None if the operator has not set it.
    """
    acts = _worst_first([one for one in findings(facts.health) if one.get("severity") == Severity.ACT])
    path, title, sentences = "/summary", "", [_in_words(one, language) for one in acts[:MOST_FINDINGS]]
    match event:
        case LogAct():
            path = f"/logs/{event.analysis_id}"
            title = _log_title(facts.log_date, language)
        case AverageAct():
            title = translated(notices.AVERAGE_ACT, language)
        case RegensInterrupted():
            acts = [one for one in acts if one["code"] == Code.REGENS_ABORTED]
            sentences = [_advice(one, language) for one in acts]
            count = f"{acts[0]['value']:.0f}" if acts else "3"
            title = translated(catalogue.WORDS[Code.REGENS_ABORTED].seen, language).format(value=count)
        case Due():
            acts, sentences = [], _due(event, language)
            kind = notices.REMINDER_DUE if event.about == "reminder" else notices.FORECAST_DUE
            title = translated(kind, language).format(title=_one_line(translated(event.title, language)))
    if facts.car_name:
        title = f"{_one_line(facts.car_name)}: {title}"
    if not isinstance(event, LogAct) and event.car_id:
        path = f"/summary?car={event.car_id}"
    if len(acts) > MOST_FINDINGS:
        sentences.append(translated(notices.MORE_FINDINGS, language).format(count=len(acts) - MOST_FINDINGS))
    return Content(
        kind=event.kind,
        title=title,
        paragraphs=tuple(filter(None, sentences)),
        link=_address(public_url, path),
        settings_link=_address(public_url, "/account"),
        language=language,
        analysis_id=event.analysis_id if isinstance(event, LogAct) else None,
        findings=tuple(acts),
        urgency=catalogue.most_urgent(_urgency(one) for one in acts),
    )


def of_test(language: str, public_url: str | None) -> Content:
    """Return the message of a test."""
    return Content(
        kind="test",
        title=translated(notices.TEST_TITLE, language),
        paragraphs=(translated(notices.TEST_TEXT, language),),
        link=_address(public_url, "/account"),
        settings_link=_address(public_url, "/account"),
        language=language,
    )


def text(content: Content, *, with_link: bool) -> str:
    """Return the paragraphs as plain text, with the link below them where the channel has no place of its own."""
    link = [translated(notices.OPEN, content.language).format(url=content.link)] if with_link and content.link else []
    return "\n\n".join([*content.paragraphs, *link])


def why(content: Content) -> str:
    """Return why the reader gets this message and how to end that, for an e-mail's last line."""
    if content.settings_link is None:
        return translated(notices.WHY_WITHOUT_LINK, content.language)
    return translated(notices.WHY, content.language).format(url=content.settings_link)


def _log_title(log_date: datetime | None, language: str) -> str:
    if log_date is None:
        return translated(notices.LOG_ACT_UNDATED, language)
    return translated(notices.LOG_ACT, language).format(date=log_date.date().isoformat())


def _due(event: Due, language: str) -> list[str]:
    sentences = []
    if event.due_on is not None:
        sentences.append(translated(notices.DUE_ON, language).format(date=event.due_on.isoformat()))
    if event.due_km is not None:
        km = number(f"{event.due_km:,}", language)
        sentences.append(translated(notices.DUE_AT, language).format(km=km))
    return [*sentences, event.text] if event.text else sentences


def _worst_first(acts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    urgencies = [None, *catalogue.URGENCIES]
    return sorted(acts, key=lambda finding: -urgencies.index(_urgency(finding)))


def _urgency(finding: Mapping[str, Any]) -> Urgency | None:
    return member(Urgency, finding.get("urgency"))


def _in_words(finding: Mapping[str, Any], language: str) -> str:
    """Return what was seen and what to do; of an unknown code what the analysis said."""
    code, value = member(Code, finding["code"]), finding.get("value")
    if code is None or not isinstance(value, int | float):
        return str(finding.get("text") or "")
    words = catalogue.words(code, value)
    which = [Named(str(one.get("name")), 0) for one in objects(finding.get("which"))]
    shown = number(catalogue.quantity(value, LIMITS[code].unit), language)
    title = translated(words.title, language)
    if "{which}" in words.seen and not which:
        seen = title
    else:
        seen = translated(words.seen, language).format(value=shown, which=catalogue.names(words, which))
    advice = _advice(finding, language)
    return f"{seen}. {advice}" if advice else f"{seen}."


def _advice(finding: Mapping[str, Any], language: str) -> str:
    code, value = member(Code, finding["code"]), finding.get("value")
    if code is None or not isinstance(value, int | float):
        return str(finding.get("advice") or "")
    return translated(catalogue.advice(code, Severity.ACT, value) or "", language)


def _one_line(title: str) -> str:
    return " ".join(title.split())


def _address(public_url: str | None, path: str) -> str | None:
    return f"{public_url.rstrip('/')}{path}" if public_url else None
