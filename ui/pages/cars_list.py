"""The list of cars. The browser renames, confirms, merges, deletes and restores them through the API itself."""

from typing import Any

from flask import Blueprint, redirect, url_for

from faplog.contracts.cars import MAX_NAME
from ui import cars, findings
from ui.fragments import Answer, fetch, page, wants_fragment
from ui.pages.history import with_minutes_left

blueprint = Blueprint("cars", __name__)


@blueprint.get("/cars")
def every_car() -> Answer:
    """Show all cars, and those deleted within the last hour."""

    def read() -> dict[str, Any]:
        listed = cars.labelled(fetch("/cars").get("data", []))
        deleted = fetch("/cars/deleted").get("data", [])
        return {
            "cars": [one | {"severity": findings.severity(one.get("verdict"))} for one in listed],
            "deleted": [with_minutes_left(one) | {"label": cars.label(one, [])} for one in deleted],
            "icons": findings.ICON,
            "names": findings.SEVERITY,
        }

    return page("cars.html", "cars_list.html", read, max_name=MAX_NAME)


@blueprint.get("/cars/choices")
def choices() -> Answer:
    """Show the cars as choices of the history's dialog. This is not a page of its own."""
    if not wants_fragment():
        return redirect(url_for("cars.every_car"))
    return page("cars.html", "cars_choices.html", lambda: {"cars": cars.labelled(fetch("/cars").get("data", []))})
