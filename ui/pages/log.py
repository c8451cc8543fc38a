"""The report of one log."""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template

from faplog.contracts.errors import ErrorCode
from faplog.contracts.notes import MOST_TEXT
from ui import cars
from ui.api import NotFound
from ui.fragments import Answer, fetch, page, wants_fragment
from ui.pages.history import with_minutes_left
from ui.report import report
from ui.session import perhaps_signed_in

blueprint = Blueprint("log", __name__)

WITHOUT_FILE: Final = frozenset({ErrorCode.UPLOAD_NOT_FINISHED, ErrorCode.FILE_MISSING})
"""The codes of failed logs whose file is not stored, so that it cannot be downloaded."""


@blueprint.get("/logs/<uuid:log_id>")
def one(log_id: UUID) -> Answer:
    """Show the report; or that the log is being analysed, has failed, or was deleted and can be restored.

    Visitors without a session were probably sent this address instead of a share link, so they are told about both.
    """
    if not perhaps_signed_in() and not wants_fragment():
        return render_template("belongs.html"), 401

    def read() -> dict[str, Any]:
        try:
            log = fetch(f"/analyses/{log_id}")
            return report(log) | {"has_file": log.get("code") not in WITHOUT_FILE} | _car(log)
        except NotFound:
            return {"deleted": _deleted(str(log_id))}

    known = {"log_id": str(log_id), "api_base": f"/api/v1/analyses/{log_id}", "most_text": MOST_TEXT}
    return page("log.html", "log_body.html", read, **known)


def _car(log: dict[str, Any]) -> dict[str, Any]:
    """Return the car of the log, and the cars to choose from if it was guessed. An only car without a name is none.

    Nothing else tells which of two cars with the same control unit a printed report is of.
    """
    if not log.get("carId"):
        return {}
    every = cars.labelled(fetch("/cars").get("data", []))
    car = next((one for one in every if one["id"] == log["carId"]), None)
    if car is None or not (car.get("name") or len(every) > 1):
        return {}
    is_guess = bool(log.get("carGuessed")) and len(every) > 1
    return {"car": car} | ({"cars": every, "guessed_car": car} if is_guess else {})


def _deleted(log_id: str) -> dict[str, Any]:
    """Return the log if it is among the last hundred that were deleted. Raises `NotFound`."""
    for row in fetch("/analyses/deleted", limit=100).get("data", []):
        if row.get("id") == log_id:
            return with_minutes_left(row)
    raise NotFound
