"""The list of logs, searched, filtered, sorted and paged by the API; and the list of recently deleted logs."""

from datetime import UTC, date, datetime
from math import ceil
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, request
from flask_babel import lazy_gettext as _

from faplog.contracts.errors import ErrorCode
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus
from ui import cars, findings, units
from ui.api import NotFound, Refused
from ui.fragments import Answer, fetch, page

blueprint = Blueprint("history", __name__)

PAGE_SIZE: Final = 20

SORTS: Final = {
    "newest": (_("Newest first"), "logDate", "desc"),
    "oldest": (_("Oldest first"), "logDate", "asc"),
    "uploaded": (_("Latest uploads"), "createdAt", "desc"),
    "name": (_("By file name"), "fileName", "asc"),
}

OFFERED_IF_ASKED: Final = ("guessed",)
"""Filters that the page of a car leads to; with one car they find nothing."""

FILTERS: Final = {
    "": (_("All"), {}),
    "act": (_("Act"), {"verdict": Severity.ACT.value, "superseded": "false"}),
    "watch": (_("Watch"), {"verdict": Severity.WATCH.value, "superseded": "false"}),
    "good": (_("Good"), {"verdict": Severity.GOOD.value, "superseded": "false"}),
    "regen": (_("With regeneration"), {"fapRegen": "true", "superseded": "false"}),
    "processing": (_("In progress"), {"status": AnalysisStatus.PROCESSING.value}),
    "failed": (_("Failed"), {"status": AnalysisStatus.FAILED.value}),
    "guessed": (_("Car guessed"), {"carGuessed": "true", "superseded": "false"}),
    "versions": (_("Earlier versions"), {"superseded": "true"}),
}


@blueprint.get("/logs")
def logs() -> Answer:
    """Show the list. Unknown values in the query fall back to the first choice."""
    sort = request.args.get("sort", "newest")
    sort = sort if sort in SORTS else "newest"
    show = request.args.get("show", "")
    show = show if show in FILTERS else ""
    q = request.args.get("q", "").strip()[:255]
    number = request.args.get("page", 1, type=int)
    days = date_range(request.args.get("from"), request.args.get("to"))
    car = request.args.get("car", type=UUID)
    wanted = FILTERS[show][1] | days | ({"q": q} if q else {}) | ({"car": str(car)} if car else {})
    known = {
        "q": q,
        "sort": sort,
        "show": show,
        "car": str(car) if car else None,
        "date_from": days.get("dateFrom"),
        "date_to": days.get("dateTo"),
        "sorts": SORTS,
        "filters": {key: one for key, one in FILTERS.items() if key == show or key not in OFFERED_IF_ASKED},
        "filtered": bool(wanted),
        "csv_query": urlencode(wanted),
    }

    def read() -> dict[str, Any]:
        _name, by, order = SORTS[sort]
        try:
            listed = fetch("/analyses", page=max(number, 1), limit=PAGE_SIZE, sortBy=by, order=order, **wanted)
        except NotFound:
            raise Refused({"code": ErrorCode.CAR_NOT_FOUND}) from None
        rows = [
            row
            | {"severity": findings.severity(row.get("verdict")), "reason": findings.reason(row.get("worstFinding"))}
            for row in listed.get("data", [])
        ]
        return {
            "rows": behind_newer(with_cars(rows)),
            "pagination": listed.get("pagination") or {},
            "icons": findings.ICON,
            "names": findings.SEVERITY,
        }

    return page("history.html", "history_list.html", read, **known)


def with_cars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the name of their car as `car`, if they are of several cars."""
    if len({row.get("carId") for row in rows} - {None}) < 2:
        return rows
    labels = {one["id"]: one["label"] for one in cars.labelled(fetch("/cars").get("data", []))}
    return [row | {"car": labels.get(row.get("carId"))} for row in rows]


def date_range(first: str | None, last: str | None) -> dict[str, str]:
    """Return the API's query for a range of days, in order; what is no date is left out."""
    start, end = _date(first), _date(last)
    if start and end and start > end:
        start, end = end, start
    return ({"dateFrom": start.isoformat()} if start else {}) | ({"dateTo": end.isoformat()} if end else {})


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def behind_newer(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with earlier versions directly behind the log that supersedes them, if it is among the rows."""
    shown = {row["id"] for row in rows}
    earlier: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if (newer := row.get("supersededBy")) and newer["id"] in shown:
            earlier.setdefault(newer["id"], []).append(row)
    moved = {row["id"] for versions in earlier.values() for row in versions}
    return [one for row in rows if row["id"] not in moved for one in (row, *earlier.get(row["id"], ()))]


@blueprint.get("/logs/deleted")
def deleted() -> Answer:
    """Show the logs deleted within the last hour, each with a button that restores it."""
    number = request.args.get("page", 1, type=int)

    def read() -> dict[str, Any]:
        listed = fetch("/analyses/deleted", page=max(number, 1), limit=PAGE_SIZE)
        rows = [with_minutes_left(row) for row in listed.get("data", [])]
        return {"rows": rows, "pagination": listed.get("pagination") or {}}

    return page("deleted.html", "deleted_list.html", read)


def with_minutes_left(row: dict[str, Any]) -> dict[str, Any]:
    """Return a deleted log with `minutes_left`, the time in which it can be restored, rounded up."""
    until = units.parse_time(row.get("restorableUntil"))
    left_sec = (until - datetime.now(UTC)).total_seconds() if until else 0
    return row | {"minutes_left": max(0, ceil(left_sec / 60))}
