"""The summary of a car: its state, forecasts, notes, averages, trends and findings over all logs, a year or a month.

With one car it is simply the summary; with several they are offered to choose from.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext as _

from faplog.contracts.limits import LIMITS, Code, Severity
from faplog.contracts.messages import AverageStatus, Period
from faplog.contracts.notes import MOST_KM, MOST_TEXT
from ui import cars, findings, preferences, units
from ui.api import NotFound, Refused
from ui.figures import Figure, speed_bands
from ui.fragments import Answer, fetch, fetch_list, page, wants_fragment
from ui.gauges import gauges
from ui.session import perhaps_signed_in
from ui.timeline import FIRST_EVENTS, timeline

blueprint = Blueprint("summary", __name__)

FIGURES: Final = (
    Figure("overall.duration.driving_sec", _("Driving time"), "s"),
    Figure("driving.speed.avg_kmh", _("Speed, average"), "km/h"),
    Figure("fap.pressure.avg_mbar", _("Back pressure, average"), "mbar", 1),
    Figure("fap.pressure_idle.avg_mbar", _("Back pressure at idle, average"), "mbar", 1),
    Figure("fap.temp.avg_c", _("Filter temperature, average"), "°C"),
    Figure("fapRegen.previousRegen_km", _("Distance between regenerations, average"), "km"),
    Figure("fapRegen.duration_sec", _("Regeneration time, average"), "s"),
    Figure("fapRegen.fuelConsumption.regen_l100km", _("Fuel economy during regenerations"), "l/100km", 2),
    Figure("fapRegen.fuelConsumption.nonRegen_l100km", _("Fuel economy outside regenerations"), "l/100km", 2),
    Figure("engine.coolantTemp.max_c", _("Coolant temperature, maximum"), "°C"),
    Figure("engine.oilTemp.max_c", _("Oil temperature, maximum"), "°C"),
    Figure("engine.engineWarmup.coolant_sec", _("Coolant warm-up time to 80 °C"), "s"),
    Figure("engine.battery.beforeDrive_v", _("Battery before the start"), "V", 2),
    Figure("engine.battery.engineRunning_v", _("Battery with the engine running"), "V", 2),
    Figure("engine.oilDilution.max_perc", _("Fuel in the oil, maximum"), "%"),
    Figure("engine.errors.max", _("Stored fault codes, maximum"), "codes"),
)

TRENDS: Final = (
    ("sootRate_gl100km", _("Soot build-up"), "g/l/100km", 2),
    ("kv", _("Filter restriction (k_v)"), "mbar·h/m³", 3),
    ("kv_afterRegen", _("Filter restriction after a regeneration (k_v)"), "mbar·h/m³", 3),
    ("pressure_idle_mbar", _("Back pressure at idle"), "mbar", 1),
    ("interval_km", _("Distance between regenerations"), "km", 0),
    ("l100km", _("Fuel economy"), "l/100km", 2),
    ("oilDilution_perc", _("Fuel in the oil"), "%", 1),
    ("additive_ml", _("Additive left"), "ml", 0),
    ("ash_perc", _("Ash load"), "%", 0),
    ("battery_before_v", _("Battery before the start"), "V", 2),
)


MOST_REGENERATIONS: Final = 60

LIMIT_OF: Final = {
    "kv": Code.RESTRICTION_HIGH,
    "pressure_idle_mbar": Code.IDLE_PRESSURE,
    "interval_km": Code.REGEN_INTERVAL,
    "oilDilution_perc": Code.OIL_DILUTION,
    "additive_ml": Code.ADDITIVE_REMAINING,
    "ash_perc": Code.ASH_SHARE,
    "battery_before_v": Code.BATTERY_BEFORE_START,
}
"""The finding that judges a trend."""

NOT_YOURS: Final = _(
    "This car is not in your account: it was deleted or merged, or it belongs to another account. If you were sent "
    "this address, ask for a share link."
)


@blueprint.get("/summary")
def overview() -> Answer:
    """Show one car and period, chosen by `car`, `year` and `month`; the car of the newest log and all logs without.

    Visitors without a session were probably sent this address instead of a share link, so they are told about both.
    """
    if not perhaps_signed_in() and not wants_fragment():
        return render_template("belongs.html", of_car=True), 401
    chosen = request.args.get("car", type=UUID)
    year = request.args.get("year", type=int)
    month = request.args.get("month", type=int) if year else None
    year = year if year and 1970 <= year <= 9999 else None
    month = month if year and month and 1 <= month <= 12 else None
    kind = Period.MONTHLY if month else Period.YEARLY if year else Period.OVERALL
    title = units.month(year, month) if year and month else str(year or "")

    def read() -> dict[str, Any]:
        every = _cars()
        car = _chosen_car(every, chosen)
        car_id = car["id"] if car else None
        available = fetch_list("/average/available", car=car_id)
        try:
            answer = fetch("/average", type=kind.value, year=year, month=month, car=car_id)
        except NotFound:  # no log in this period: the page offers the periods that have some
            answer = {}
        notes = fetch(f"/cars/{car_id}/notes").get("data", []) if car_id else []
        context = _summary_context(answer, notes) | {"periods": _periods(available)} | _car_context(car, every, notes)
        history = _regenerations(car_id, year, month) if car_id else None
        if history is None:
            history = [_of_trend(point) for point in context["regenerations"][:MOST_REGENERATIONS]]
        context |= {"regeneration_history": history}
        if year:
            return context
        forecast = (answer.get("average") or {}).get("forecast")
        return context | _now(answer, context["regenerations"]) | {"timeline": timeline(notes, history, forecast)}

    return page(
        "summary.html",
        "summary_body.html",
        read,
        year=year,
        month=month,
        period=title,
        car_query=str(chosen) if chosen else None,
        kinds=cars.KINDS,
        most_text=MOST_TEXT,
        most_km=MOST_KM,
        most_regenerations=MOST_REGENERATIONS,
        first_events=FIRST_EVENTS,
    )


def shared_car_context(shown: dict[str, Any]) -> dict[str, Any]:
    """Return the template variables of a car that is read by its link: over all logs, without its owner's actions.

    Args:
        shown: The API's response to the link.
    """
    notes = [note for note in shown.get("notes") or [] if isinstance(note, dict)]
    context = _summary_context(shown, notes)
    history = [_of_trend(point) for point in context["regenerations"][:MOST_REGENERATIONS]]
    return (
        context
        | _now(shown, context["regenerations"])
        | {
            "regeneration_history": history,
            "timeline": timeline(notes, history, (shown.get("average") or {}).get("forecast")),
            "most_regenerations": MOST_REGENERATIONS,
            "first_events": FIRST_EVENTS,
            "car": shown,
            "car_label": cars.label(shown, []),
            "maintenance": [_note(note) for note in notes],
            "year": None,
            "month": None,
            "periods": {"years": [], "months": []},
        }
    )


def _cars() -> list[dict[str, Any]]:
    try:
        found = fetch("/cars").get("data")
    except NotFound:  # an API of the release before, during an upgrade, has no cars
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _chosen_car(every: Sequence[dict[str, Any]], chosen: UUID | None) -> dict[str, Any] | None:
    """Return the chosen car, else that of the newest log. Raises `Refused` if the chosen one no longer exists."""
    if chosen is None:
        return every[0] if every else None
    for car in every:
        if car["id"] == str(chosen):
            return car
    raise Refused({"message": str(NOT_YOURS)})


def _regenerations(car_id: str, year: int | None, month: int | None) -> list[dict[str, Any]] | None:
    """Return the newest regenerations of a car, of a period if one is shown; None from an API of the release before."""
    days: dict[str, str] = {}
    if year:
        first, last = month or 1, month or 12
        days = {
            "dateFrom": date(year, first, 1).isoformat(),
            "dateTo": date(year, last, monthrange(year, last)[1]).isoformat(),
        }
    try:
        found = fetch(f"/cars/{car_id}/regenerations", limit=MOST_REGENERATIONS, **days).get("data", [])
    except NotFound:
        return None
    return [one for one in found if isinstance(one, dict) and one.get("logs")]


def _of_trend(point: dict[str, Any]) -> dict[str, Any]:
    """Return what the point of a trend knows of a regeneration, as the API lists one."""
    log_id = point.get("analysisId")
    return {
        "logs": [log_id] if log_id else [],
        "start": point.get("date"),
        "outcome": point.get("outcome"),
        "intervalKm": point.get("interval_km"),
        "filterKm": point.get("filter_km"),
        "durationSec": None,
        "tempMaxC": None,
        "service": False,
    }


def _car_context(
    car: dict[str, Any] | None, every: Sequence[dict[str, Any]], notes: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    if car is None:
        return {"car": None}
    return {
        "car": car,
        "car_label": cars.label(car, every),
        "cars": cars.labelled(every) if len(every) > 1 else [],
        "asking": cars.question(car["id"], every),
        "guessed": len(every) > 1 and car.get("guessed") is True,
        "guessed_logs": car.get("guessedLogs") or 0,
        "due": [_note(note) for note in car.get("dueNotes") or []],
        "maintenance": [_note(note) for note in notes],
    }


def _note(note: dict[str, Any]) -> dict[str, Any]:
    return note | {"title": cars.kind(note.get("kind"))}


def _now(answer: dict[str, Any], regenerations: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return where the car stands and what is coming: of all logs only, for a year of the past is not now."""
    average = answer.get("average") or {}
    forecast = average.get("forecast")
    return {
        "answers": cars.state(average, regenerations) if average else [],
        "forecasts": cars.forecasts(forecast),
        "has_forecast": bool(forecast),
    }


def _periods(available: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "years": [period["year"] for period in available if period.get("type") == Period.YEARLY],
        "months": [period for period in available if period.get("type") == Period.MONTHLY],
    }


def _summary_context(answer: dict[str, Any], notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    average = answer.get("average") or {}
    health = average.get("health") or {}
    checked = findings.shown(health.get("findings"))
    verdict = findings.severity(health.get("verdict"))
    trends = average.get("trends") or {}
    logs = (average.get("overall") or {}).get("logs")
    return {
        "calculating": answer.get("status") == AverageStatus.CALCULATING,
        "failed": answer.get("status") == AverageStatus.FAILED,
        "a": average,
        "verdict": verdict,
        "verdict_name": findings.VERDICT[verdict],
        "verdict_icon": findings.ICON[verdict],
        "urgency": findings.urgency(health.get("urgency")),
        "notes": findings.notes(health.get("notes")),
        "problems": [finding for finding in checked if finding.advice],
        "gauges": gauges(checked),
        "figures": [(figure, figure.of(average)) for figure in FIGURES if figure.of(average) is not None],
        "bands": speed_bands(average),
        "plots": {
            profile: charts
            for profile, points in trends.items()
            if logs != 1 and (charts := _trend_plots(points, notes))  # one log shows no trend
        },
        "regenerations": sorted(
            (
                point | {"profile": profile}
                for profile, points in trends.items()
                for point in points
                if _has_regeneration(point)
            ),
            key=lambda point: str(point.get("date")),
            reverse=True,
        ),
    }


def _has_regeneration(point: dict[str, Any]) -> bool:
    return point.get("interval_km") is not None or point.get("outcome") is not None


def _trend_plots(points: list[dict[str, Any]], notes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trends of one ECU profile that have at least one value, with limits, in the reader's units."""
    target_units = preferences.units()
    plots = []
    for key, name, unit, decimals in TRENDS:
        known = [
            (point.get("date"), point[key], point.get("analysisId")) for point in points if point.get(key) is not None
        ]
        if known:
            plots.append(
                {
                    "key": key,
                    "name": str(name),
                    "unit": units.unit_name(unit),
                    "decimals": decimals,
                    "dates": [day for day, _value, _id in known],
                    "values": [round(units.convert(value, unit, target_units)[0], 4) for _day, value, _id in known],
                    "ids": [log_id for _day, _value, log_id in known],
                    "limits": _limits(key),
                    "notes": cars.note_marks(notes, LIMIT_OF.get(key)),
                }
            )
    return plots


def _limits(key: str) -> list[dict[str, Any]]:
    """Return the limits of a trend, `watch` first: `at` in the reader's units and its `severity`."""
    if key not in LIMIT_OF:
        return []
    limit = LIMITS[LIMIT_OF[key]]
    return [
        {"at": round(units.convert(at, limit.unit, preferences.units())[0], 4), "severity": severity.value}
        for severity, at in ((Severity.WATCH, limit.watch), (Severity.ACT, limit.act))
        if at is not None and not isinstance(at, tuple)
    ]
