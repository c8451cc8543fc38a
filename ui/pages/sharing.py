"""The share dialog of a report."""

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

    def read() -> dict[str, Any]:
        try:
            return {"link": fetch(f"/analyses/{log_id}/share")}
        except NotFound:
            return {"link": None}

    return page("log.html", "share_state.html", read)
