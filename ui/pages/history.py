"""The list of logs, searched, filtered, sorted and paged by the API; and the list of recently deleted logs."""

from datetime import UTC, datetime
from math import ceil
from typing import Any, Final

from flask import Blueprint, request
from flask_babel import lazy_gettext as _

from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus
from ui import findings, units
from ui.fragments import Answer, fetch, page

blueprint = Blueprint("history", __name__)

PAGE_SIZE: Final = 20

SORTS: Final = {
    "newest": (_("Newest first"), "logDate", "desc"),
    "oldest": (_("Oldest first"), "logDate", "asc"),
    "uploaded": (_("Latest uploads"), "createdAt", "desc"),
    "name": (_("By file name"), "fileName", "asc"),
}

FILTERS: Final = {
    "": (_("All"), {}),
    "act": (_("Act"), {"verdict": Severity.ACT.value, "superseded": "false"}),
    "watch": (_("Watch"), {"verdict": Severity.WATCH.value, "superseded": "false"}),
    "good": (_("Good"), {"verdict": Severity.GOOD.value, "superseded": "false"}),
    "regen": (_("With regeneration"), {"fapRegen": "true", "superseded": "false"}),
    "processing": (_("In progress"), {"status": AnalysisStatus.PROCESSING.value}),
    "failed": (_("Failed"), {"status": AnalysisStatus.FAILED.value}),
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
    known = {"q": q, "sort": sort, "show": show, "sorts": SORTS, "filters": FILTERS, "filtered": bool(q or show)}

    def read() -> dict[str, Any]:
        _name, by, order = SORTS[sort]
        wanted = FILTERS[show][1]
        listed = fetch("/analyses", page=max(number, 1), limit=PAGE_SIZE, sortBy=by, order=order, q=q, **wanted)
        rows = [row | {"severity": findings.severity(row.get("verdict"))} for row in listed.get("data", [])]
        return {
            "rows": behind_newer(rows),
            "pagination": listed.get("pagination") or {},
            "icons": findings.ICON,
            "names": findings.SEVERITY,
        }

    return page("history.html", "history_list.html", read, **known)


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
