"""A car in words: how it is called, what it is asked, its notes, and what is coming for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor, log10
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from faplog.contracts.limits import LIMITS, Code, Severity
from faplog.contracts.notes import RESETS, Kind
from ui import answers, findings, preferences, units
from ui.answers import Answer

KINDS: Final = {
    Kind.FILTER_CLEANED: lazy_gettext("Filter cleaned"),
    Kind.FILTER_REPLACED: lazy_gettext("Filter replaced"),
    Kind.ADDITIVE_REFILLED: lazy_gettext("Additive refilled"),
    Kind.OIL_CHANGED: lazy_gettext("Oil changed"),
    Kind.INJECTORS: lazy_gettext("Injectors"),
    Kind.EGR: lazy_gettext("Exhaust gas recirculation"),
    Kind.SENSOR: lazy_gettext("Sensor"),
    Kind.SOFTWARE: lazy_gettext("Software"),
    Kind.OTHER: lazy_gettext("Other maintenance"),
}
"""The kinds of maintenance, in the order in which they are offered."""

QUESTION_KINDS: Final = {
    "life": (Kind.FILTER_REPLACED, Kind.FILTER_CLEANED, Kind.SOFTWARE),
    "additive": (Kind.ADDITIVE_REFILLED, Kind.SOFTWARE),
}
"""The maintenance after which a counter may begin again, the likeliest first."""

FORECASTS: Final = ("additive", "ash", "restriction", "oil_dilution")

_LAST_OF_SEASON: Final = {2: "winter", 5: "spring", 8: "summer", 11: "autumn"}


def kind(name: Any) -> str:
    """Return a kind of maintenance in the reader's language; a kind of a later release as it is."""
    return str(KINDS[Kind(name)]) if name in set(Kind) else str(name)


def label(car: Mapping[str, Any], every: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of a car, else its ECU profile; numbered by age where several cars would be called the same."""
    plain = _plain_label(car)
    alike = sorted(
        (one for one in every if _plain_label(one) == plain),
        key=lambda one: (str(one.get("createdAt")), str(one["id"])),
    )
    if len(alike) < 2:
        return plain
    number = 1 + [one["id"] for one in alike].index(car["id"])
    return str(_("%(name)s, no. %(number)s", name=plain, number=number))


def labelled(every: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cars with their `label`, as the pages call them."""
    return [one | {"label": label(one, every)} for one in every]


def _plain_label(car: Mapping[str, Any]) -> str:
    return str(car.get("name") or findings.profile(car.get("profile") or "unknown"))


@dataclass(frozen=True, slots=True)
class Question:
    """The question whether a car is another one, ready for a template."""

    car_id: str
    other: str
    """The name of the car that it may be."""
    sentence: str
    kinds: tuple[Kind, ...]


def question(car_id: str, every: Sequence[Mapping[str, Any]]) -> Question | None:
    """Return the open question about a car: whether it is another one, or whether another one is this."""
    for car in every:
        asked = car.get("question")
        if not asked or car_id not in (car["id"], asked.get("otherCar")):
            continue
        other = next((label(one, every) for one in every if one["id"] == asked.get("otherCar")), "")
        return Question(car["id"], other, _why(asked), QUESTION_KINDS.get(str(asked.get("counter")), tuple(KINDS)))
    return None


def _why(asked: Mapping[str, Any]) -> str:
    additive = asked.get("counter") == "additive"
    unit = "ml" if additive else "km"
    words = {
        "day": units.day(asked.get("onDate"), "medium"),
        "before": units.quantity(asked.get("before"), unit),
        "after": units.quantity(asked.get("after"), unit),
    }
    if additive:
        return str(_("In the log of %(day)s the counter of the additive fell from %(before)s to %(after)s.", **words))
    return str(_("In the log of %(day)s the counter of the filter fell from %(before)s to %(after)s.", **words))


def state(average: Mapping[str, Any], regenerations: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Return what an owner asks first, answered from all logs of a car.

    Args:
        average: The average over all logs.
        regenerations: The points of its trends that know a regeneration, newest first.
    """
    health = average.get("health") or {}
    drive = answers.may_drive(findings.severity(health.get("verdict")), health.get("urgency"))
    if drive.tint is Severity.UNKNOWN:
        drive = replace(drive, answer=_("Your logs do not say"))
    due = average.get("nextRegen") or {}
    coming = answers.next_regeneration(due)
    if due.get("low_km") is None or due.get("high_km") is None:
        coming = replace(coming, detail=_("Your logs do not have the values to tell."))
    course = answers.filter_course(average.get("course"), _("The averages do not show it yet."))
    return [drive, coming, _last_regeneration(regenerations), course]


def _last_regeneration(regenerations: Sequence[Mapping[str, Any]]) -> Answer:
    last = next((point for point in regenerations if point.get("outcome") is not None), None)
    if last is None:
        return answers.not_recorded(_("It is in none of your logs."))
    return answers.completed(last["outcome"], units.day(last.get("date"), "medium"), last.get("analysisId"))


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is coming for one figure: now, and when its limit is reached."""

    title: str
    now: str
    coming: str
    tint: Severity
    detail: str
    """When it may be watched, and from when on it is judged."""


def forecasts(given: Mapping[str, Any] | None) -> list[Forecast]:
    """Return the forecasts that there are, in the reader's language and units."""
    found = [(given or {}).get(name) for name in FORECASTS]
    return [_forecast(one, code) for one in found if one and (code := findings.known(one))]


def _forecast(one: Mapping[str, Any], code: Code) -> Forecast:
    unit = str(one.get("unit") or "")
    watch, act = one.get("watch"), one.get("act")
    reach = act or watch
    details = []
    if reach is None:
        coming, tint = _("no limit in sight"), Severity.GOOD
    else:
        coming, tint = _reach(reach, unit), Severity.UNKNOWN
        if _reached(watch or act):
            tint = Severity.WATCH
        if act and _reached(act):
            tint = Severity.ACT
    if watch and act and not _reached(act):
        details.append(_reach(watch, unit))
    if one.get("since"):
        details.append(_("judged since %(day)s", day=units.day(one["since"], "medium")))
    return Forecast(
        title=findings.title(code),
        now=units.quantity(one.get("value"), unit, LIMITS[code].decimals),
        coming=coming,
        tint=tint,
        detail=" · ".join(details),
    )


def _reached(reach: Mapping[str, Any] | None) -> bool:
    return reach is not None and reach.get("km_low") == 0 and reach.get("km_high") == 0


def _reach(reach: Mapping[str, Any], unit: str) -> str:
    """Return when a limit is reached, for example “100 ml in about 8,000–10,000 km, autumn 2027”."""
    limit = units.bound(reach["limit"], unit)
    if name := units.unit_name(unit):
        limit += units.NARROW_SPACE + name
    if _reached(reach):
        return str(_("%(limit)s has been reached", limit=limit))
    low, high = _rounded_km(reach["km_low"]), reach.get("km_high")
    if high is None:
        text = str(_("%(limit)s in %(distance)s at the earliest", limit=limit, distance=_with_km(low)))
        return f"{text}, {_season_or_months(reach['date_low'], None)}" if reach.get("date_low") else text
    last = _rounded_km(high)
    distance = _with_km(last) if low == last else f"{units.number(low)}–{_with_km(last)}"
    text = str(_("%(limit)s in about %(distance)s", limit=limit, distance=distance))
    if reach.get("date_low") and reach.get("date_high"):
        text += f", {_season_or_months(reach['date_low'], reach['date_high'])}"
    return text


def _rounded_km(km: float) -> int:
    """Return a distance in the reader's units with two digits that count: forecasts know no more."""
    value = units.convert(km, "km", preferences.units())[0]
    if value < 10:
        return round(value)
    step = int(10 ** (floor(log10(value)) - 1))
    return round(value / step) * step


def _with_km(distance: int) -> str:
    return f"{units.number(distance)}{units.NARROW_SPACE}{units.unit_name('km')}"


def _season_or_months(low: str, high: str | None) -> str:
    """Return the season of a range of dates, or its months where it is longer than a season."""
    first, last = date.fromisoformat(low), date.fromisoformat(high) if high else None
    if last is None:
        return str(_("from %(month)s on", month=units.month(first.year, first.month)))
    if (first.year, first.month) == (last.year, last.month):
        return units.month(first.year, first.month)
    if _season(first) == _season(last):
        return _season_name(*_season(first))
    return f"{units.month(first.year, first.month)} – {units.month(last.year, last.month)}"


def _season(day: date) -> tuple[str, int]:
    """Return the season of a day and the year in which it began."""
    last = next((month for month in _LAST_OF_SEASON if day.month <= month), 14)
    return _LAST_OF_SEASON.get(last, "winter"), day.year - 1 if day.month <= 2 else day.year


def _season_name(season: str, year: int) -> str:
    match season:
        case "spring":
            return str(_("spring %(year)s", year=year))
        case "summer":
            return str(_("summer %(year)s", year=year))
        case "autumn":
            return str(_("autumn %(year)s", year=year))
        case _:
            return str(_("winter %(year)s/%(next)s", year=year, next=f"{(year + 1) % 100:02}"))


def is_comparable(note: Mapping[str, Any]) -> bool:
    """Return whether the logs before and after a note can be compared: its work is done."""
    return bool(note.get("done") and note.get("onDate"))


def note_marks(notes: Sequence[Mapping[str, Any]], code: str | None) -> list[dict[str, Any]]:
    """Return the work that was done, for the trend of a figure: `date`, `name`, and whether the trend starts over."""
    return [
        {
            "date": note["onDate"],
            "name": kind(note.get("kind")),
            "resets": note.get("kind") in set(Kind) and code in RESETS[Kind(note["kind"])],
        }
        for note in reversed(notes)
        if note.get("done") and note.get("onDate")
    ]
