"""The summary: averages, trends and findings over all logs, a year or a month."""

from typing import Any, Final

from flask import Blueprint, request
from flask_babel import lazy_gettext as _

from faplog.contracts.messages import AverageStatus, Period
from ui import findings, preferences, units
from ui.api import NotFound
from ui.figures import Figure, speed_bands
from ui.fragments import Answer, fetch, fetch_list, page
from ui.gauges import gauges

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


@blueprint.get("/summary")
def overview() -> Answer:
    """Show one period, chosen by `year` and `month`; all logs without them."""
    year = request.args.get("year", type=int)
    month = request.args.get("month", type=int) if year else None
    year = year if year and 1970 <= year <= 9999 else None
    month = month if year and month and 1 <= month <= 12 else None
    kind = Period.MONTHLY if month else Period.YEARLY if year else Period.OVERALL
    title = units.month(year, month) if year and month else str(year or "")

    def read() -> dict[str, Any]:
        available = fetch_list("/average/available")
        try:
            answer = fetch("/average", type=kind.value, year=year, month=month)
        except NotFound:  # no log in this period: the page offers the periods that have some
            answer = {}
        return _summary_context(answer) | {"periods": _periods(available)}

    return page("summary.html", "summary_body.html", read, year=year, month=month, period=title)


def _periods(available: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "years": [period["year"] for period in available if period.get("type") == Period.YEARLY],
        "months": [period for period in available if period.get("type") == Period.MONTHLY],
    }


def _summary_context(answer: dict[str, Any]) -> dict[str, Any]:
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
            if logs != 1 and (charts := _trend_plots(points))  # one log shows no trend
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


def _trend_plots(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trends of one ECU profile that have at least one value, in the reader's units."""
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
                    "dates": [date for date, _value, _id in known],
                    "values": [round(units.convert(value, unit, target_units)[0], 4) for _date, value, _id in known],
                    "ids": [log_id for _date, _value, log_id in known],
                }
            )
    return plots
