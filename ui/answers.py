"""The first screen of a report: short answers to what an owner asks first, in the order in which they are asked."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from faplog.contracts.catalogue import Urgency
from faplog.contracts.limits import Severity
from ui import findings, units

STEADY_MINUTES: Final = "15–20"
"""How long a regeneration needs at a steady speed, as the advice about interrupted ones says it."""

LAST_REGENERATION: Final = lazy_gettext("Did the last regeneration finish?")


@dataclass(frozen=True, slots=True)
class Answer:
    """A question, its answer in a few words, and what else is worth knowing."""

    question: str
    answer: str
    tint: Severity = Severity.UNKNOWN
    detail: str = ""
    log_id: str | None = None
    """Another log that the answer was taken from."""


def answers(log: dict[str, Any], analysis: dict[str, Any]) -> list[Answer]:
    """Return the answers of one log, given the API's response and its analysis."""
    health = analysis.get("health") or {}
    return [
        may_drive(findings.severity(health.get("verdict")), health.get("urgency")),
        next_regeneration(analysis.get("nextRegen") or {}),
        last_regeneration(log, analysis),
    ]


def may_drive(verdict: Severity, urgency: str | None) -> Answer:
    """Return whether one may drive on. A severe verdict without an urgency is that of an older analysis."""
    question = _("May I drive on?")
    detail = findings.urgency(urgency) or ""
    if verdict is Severity.UNKNOWN:
        return Answer(question, _("This log does not say"))
    if verdict is not Severity.ACT:
        return Answer(question, _("Yes"), Severity.GOOD)
    match urgency:
        case Urgency.STOP_NOW:
            return Answer(question, _("No, stop safely"), Severity.ACT, detail)
        case Urgency.WORKSHOP_GENTLY:
            return Answer(question, _("Yes, but gently"), Severity.WATCH, detail)
        case Urgency.PLAN | Urgency.WORKSHOP_SOON:
            return Answer(question, _("Yes, for now"), Severity.WATCH, detail)
        case _:
            return Answer(question, _("Only with care"), Severity.WATCH, _("See below what to do first."))


def next_regeneration(forecast: dict[str, Any]) -> Answer:
    """Return when the next regeneration is due, and what it needs."""
    question = _("When is the next regeneration?")
    low, high = forecast.get("low_km"), forecast.get("high_km")
    needs = _("It needs %(minutes)s minutes at a steady speed, without a stop.", minutes=STEADY_MINUTES)
    if low is None or high is None:
        return Answer(question, _("Not known"), detail=_("This log does not have the values to tell."))
    first, last = units.number(low, "km"), units.number(high, "km")
    if last == "0":
        return Answer(question, _("Any time now"), Severity.WATCH, needs)
    if first == "0":
        within = _("Within about %(distance)s", distance=units.quantity(high, "km"))
        return Answer(question, within, Severity.WATCH, needs)
    distance = units.quantity(high, "km") if first == last else f"{first}–{units.quantity(high, 'km')}"
    return Answer(question, _("In about %(distance)s", distance=distance), detail=needs)


def last_regeneration(log: dict[str, Any], analysis: dict[str, Any]) -> Answer:
    """Return whether the last regeneration was completed, in this log or in an earlier one."""
    regens = analysis.get("regens") or []
    last = log.get("lastRegeneration") or (regens[-1] if regens else None)
    if last is None:
        return not_recorded(_since(log, analysis))
    when = _("%(day)s at %(time)s", day=units.day(last.get("start"), "medium"), time=units.clock(last.get("start")))
    other = last.get("analysisId")
    return completed(last.get("outcome"), when, str(other) if other and other != log.get("id") else None)


def not_recorded(detail: str) -> Answer:
    """Return that no log has the last regeneration."""
    return Answer(str(LAST_REGENERATION), _("Not recorded"), detail=detail)


def completed(outcome: Any, when: str, log_id: str | None) -> Answer:
    """Return whether the last regeneration was completed, by its outcome. `log_id` is the log to link to."""
    match outcome:
        case "complete":
            return Answer(str(LAST_REGENERATION), _("Yes, it was completed"), Severity.GOOD, when, log_id)
        case "aborted":
            return Answer(str(LAST_REGENERATION), _("No, it was interrupted"), Severity.ACT, when, log_id)
        case _:
            return Answer(str(LAST_REGENERATION), _("The log does not show it"), Severity.UNKNOWN, when, log_id)


def _since(log: dict[str, Any], analysis: dict[str, Any]) -> str:
    """Return how far back an unrecorded regeneration was. Only the owner's own pages look into other logs."""
    since = (analysis.get("fap") or {}).get("lastRegen_km")
    where: str = _("None of your logs has it.") if "lastRegeneration" in log else _("This log does not have it.")
    if since is None:
        return where
    before: str = _("It was %(distance)s before the end of this log.", distance=units.quantity(since, "km"))
    return f"{before} {where}"
