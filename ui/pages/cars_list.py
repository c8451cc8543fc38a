"""The list of cars. The browser renames, confirms, merges, deletes and restores them through the API itself."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _

from faplog.contracts.cars import MAX_NAME
from ui import findings
from ui.fragments import Answer, fetch, page, wants_fragment
from ui.pages.history import with_minutes_left

blueprint = Blueprint("cars", __name__)


@blueprint.get("/cars")
def cars() -> Answer:
    """Show all cars, and those deleted within the last hour."""

    def read() -> dict[str, Any]:
        listed = labelled(fetch("/cars").get("data", []))
        deleted = fetch("/cars/deleted").get("data", [])
        return {
            "cars": [one | {"severity": findings.severity(one.get("verdict"))} for one in listed],
            "deleted": [with_minutes_left(one) | {"label": _plain(one)} for one in deleted],
            "icons": findings.ICON,
            "names": findings.SEVERITY,
        }

    return page("cars.html", "cars_list.html", read, max_name=MAX_NAME)


@blueprint.get("/cars/choices")
def choices() -> Answer:
    """Show the cars as choices of the history's dialog. This is not a page of its own."""
    if not wants_fragment():
        return redirect(url_for("cars.cars"))
    return page("cars.html", "cars_choices.html", lambda: {"cars": labelled(fetch("/cars").get("data", []))})


def labelled(cars: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cars with their `label`: the name, else the ECU profile, numbered by age if several have the same."""
    alike: dict[str, list[str]] = defaultdict(list)
    for one in sorted(cars, key=lambda one: (str(one.get("createdAt")), str(one["id"]))):
        alike[_plain(one)].append(one["id"])
    return [one | {"label": _label(one, alike[_plain(one)])} for one in cars]


def _label(car: dict[str, Any], alike: Sequence[str]) -> str:
    if car.get("name") or len(alike) < 2:
        return _plain(car)
    return str(_("%(name)s, no. %(number)s", name=_plain(car), number=1 + alike.index(car["id"])))


def _plain(car: dict[str, Any]) -> str:
    return str(car.get("name") or findings.profile(car.get("profile") or "unknown"))
