"""What happened to a car, newest first: maintenance, baselines of its trends, and regenerations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _

from faplog.contracts.forecasts import Basis
from faplog.contracts.limits import Code
from faplog.contracts.notes import AHEAD_OF_UTC, RESETS, Kind
from ui import cars, findings, units

MOST_EVENTS: Final = 100
FIRST_EVENTS: Final = 12
"""How many are shown unfolded."""

SHOWN_RESETS: Final = (
    Code.RESTRICTION_HIGH,
    Code.ASH_SHARE,
    Code.REGEN_INTERVAL,
    Code.ADDITIVE_REMAINING,
    Code.OIL_DILUTION,
    Code.INJECTOR_CORRECTION,
    Code.EGR_ERROR,
)
"""The findings whose reset by maintenance is named; the others are reset together with one of these."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the timeline, ready for a template.

    Attributes:
        at: What it is sorted by: an ISO date, with the time where it is known.
        icon: Name of its icon.
        title: What happened.
        badge: A word on it, or an empty text.
        km: The filter's kilometre, or None.
        details: What else there is to say, one after the other.
        words: The owner's own words.
        outcome: How a regeneration ended.
        logs: The logs it is from.
        begins: The trends that begin with it.
    """

    at: str
    icon: str
    title: str
    badge: str = ""
    km: float | None = None
    details: Sequence[str] = ()
    words: str = ""
    outcome: str | None = None
    logs: Sequence[str] = ()
    begins: Sequence[str] = ()


def timeline(
    notes: Iterable[Mapping[str, Any]],
    regenerations: Iterable[Mapping[str, Any]],
    forecast: Mapping[str, Any] | None,
) -> list[Event]:
    """Return the newest events of a car, newest first. Of one day, what was written down is after what was logged.

    Args:
        notes: Its maintenance notes and reminders; only what is done is an event.
        regenerations: Its regenerations, as the API lists them.
        forecast: The forecasts of its average, which know the resets that only the logs show.
    """
    events = [
        *(_maintenance(note) for note in notes if note.get("done") and note.get("onDate")),
        *(_regeneration(one) for one in regenerations),
        *_resets(forecast or {}),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _maintenance(note: Mapping[str, Any]) -> Event:
    known = note.get("kind") in set(Kind)
    resets = RESETS[Kind(note["kind"])] if known else frozenset[Code]()
    is_reminder = _was_to_come(note)
    return Event(
        at=f"{note['onDate']}T24",
        icon="check2" if is_reminder else "gear",
        title=cars.kind(note.get("kind")),
        badge=_("reminder, done") if is_reminder else "",
        km=note.get("km"),
        words=str(note.get("text") or ""),
        begins=[findings.title(code) for code in SHOWN_RESETS if code in resets],
    )


def _was_to_come(note: Mapping[str, Any]) -> bool:
    """Return whether the day of a note had not begun anywhere on Earth when it was written: then it was a reminder."""
    written = units.parse_time(note.get("createdAt"))
    return written is not None and (written + AHEAD_OF_UTC).date().isoformat() < str(note["onDate"])


def _regeneration(one: Mapping[str, Any]) -> Event:
    logs = [str(log) for log in one.get("logs") or []]
    details = [units.about(one["durationSec"])] if one.get("durationSec") is not None else []
    if one.get("tempMaxC") is not None:
        details.append(_("up to %(temperature)s", temperature=units.quantity(one["tempMaxC"], "°C")))
    if one.get("service"):
        details.append(_("in a workshop"))
    if len(logs) > 1:
        details.append(_("in %(count)s logs", count=len(logs)))
    return Event(
        at=str(one.get("start")),
        icon="fire",
        title=_("Regeneration"),
        km=one.get("filterKm"),
        details=details,
        outcome=one.get("outcome"),
        logs=logs,
    )


def _resets(forecast: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the resets that the readings show and no note records."""
    for figure in forecast.values():
        if not isinstance(figure, Mapping) or figure.get("basis") != Basis.SINCE_RESET or not figure.get("since"):
            continue
        if code := findings.known(dict(figure)):
            yield Event(
                at=f"{figure['since']}T00",
                icon="info-circle",
                title=_("Reset seen in the logs"),
                begins=[findings.title(code)],
            )
