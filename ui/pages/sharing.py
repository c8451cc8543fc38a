"""The share dialog of a report or a car."""

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, url_for

from ui.api import NotFound
from ui.fragments import Answer, fetch, page, wants_fragment

blueprint = Blueprint("sharing", __name__)


@blueprint.get("/logs/<uuid:log_id>/share")
def state(log_id: UUID) -> Answer:
    """Show the state of the link and the possible actions. This is part of the report's page, not a page of its own."""
    if not wants_fragment():
        return redirect(url_for("log.one", log_id=log_id))
    return page("log.html", "share_state.html", lambda: _state(f"/analyses/{log_id}/share"))


@blueprint.get("/cars/<uuid:car_id>/share")
def state_of_car(car_id: UUID) -> Answer:
    """Show the state of a car's link, as `state` does of a report's."""
    if not wants_fragment():
        return redirect(url_for("summary.overview", car=car_id))
    return page("summary.html", "share_state.html", lambda: _state(f"/cars/{car_id}/share"))


def _state(path: str) -> dict[str, Any]:
    try:
        return {"link": fetch(path)}
    except NotFound:
        return {"link": None}
