"""The first screen of a report: short answers to what an owner asks first, in the order in which they are asked."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from faplog.contracts.catalogue import Urgency
from faplog.contracts.course import Direction, Watched
from faplog.contracts.limits import Severity
from ui import findings, units

STEADY_MINUTES: Final = "15–20"
"""How long a regeneration needs at a steady speed, as the advice about interrupted ones says it."""

FIGURES: Final = {
    Watched.RESTRICTION: lazy_gettext("restriction"),
    Watched.IDLE_PRESSURE: lazy_gettext("back pressure at idle"),
    Watched.SOOT_RATE: lazy_gettext("soot build-up"),
    Watched.REGEN_INTERVAL: lazy_gettext("distance between regenerations"),
    Watched.ASH: lazy_gettext("ash load"),
}
"""The figures that say whether the filter is getting worse, as they stand within a sentence."""

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
        filter_course(log.get("filterCourse"), _("One log does not show it. It takes several logs of the same car.")),
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
    where: str = _("It is in none of your logs.") if "lastRegeneration" in log else _("It is not in this log.")
    if since is None:
        return where
    before: str = _("It was %(distance)s before the end of this log.", distance=units.quantity(since, "km"))
    return f"{before} {where}"


def filter_course(course: Any, unknown: str) -> Answer:
    """Return whether the filter is getting worse.

    Args:
        course: The `course` of an average, of any release; None if there is none.
        unknown: What to say if there is none.
    """
    question = _("Is the filter getting worse?")
    if not isinstance(course, dict):
        return Answer(question, _("Not known"), detail=unknown)
    changes = [change for change in course.get("changes") or [] if change.get("figure") in set(Watched)]
    direction = course.get("direction")
    shown = "; ".join(_change(change) for change in changes if change.get("direction") == direction)
    match direction:
        case Direction.WORSE:
            return Answer(question, _("Yes"), Severity.WATCH, shown)
        case Direction.BETTER:
            return Answer(question, _("No, it has got better"), Severity.GOOD, shown)
        case Direction.STEADY:
            logs = max((change.get("count") or 0 for change in changes), default=0)
            steady = ", ".join(str(FIGURES[change["figure"]]) for change in changes if change["figure"] != Watched.ASH)
            detail = _("No lasting change over %(logs)s logs: %(figures)s.", logs=units.number(logs), figures=steady)
            return Answer(question, _("No"), Severity.GOOD, detail)
        case _:
            needs = _("This needs five logs with the same value since the last work on the filter.")
            return Answer(question, _("Too few logs to say"), detail=needs)


def _change(change: dict[str, Any]) -> str:
    """Return how a figure has changed, such as “restriction +34 % over 12 logs”."""
    name, by = str(FIGURES[change["figure"]]), change.get("change_perc")
    if by is None:
        return name
    words = {"figure": name, "logs": units.number(change.get("count"))}
    if change["figure"] == Watched.ASH:
        return str(_("%(figure)s near its limit, over %(logs)s logs", **words))
    sign = "+" if by > 0 else "\N{MINUS SIGN}"
    return str(_("%(figure)s %(change)s over %(logs)s logs", change=sign + units.quantity(abs(by), "%"), **words))
