"""A shared report, opened by its link without an account; or an explanation if the link does not work."""

from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _

from faplog.contracts.links import is_token, path
from ui.api import NotFound, NotSignedIn, Refused, Unavailable
from ui.fragments import Answer, fetch_anonymously, wants_fragment
from ui.headers import SHARED
from ui.report import report

blueprint = Blueprint(SHARED, __name__)


@blueprint.get("/shared/<token>")
def one(token: str) -> Answer:
    """Show the report without its owner's actions, whether or not the browser has a session."""
    fragment = wants_fragment()
    known = {"api_base": f"/api/v1{path(token)}", "log_id": None, "shared": True, "signed_in": False}
    try:
        content = render_template("shared_body.html", **known, **_report(token))
    except NotFound:
        return render_template("shared_dead_body.html" if fragment else "shared_dead.html", **known), 404
    except (Unavailable, Refused, NotSignedIn) as error:
        current_app.logger.warning("api unavailable", extra={"reason": str(error)})
        return (render_template("away.html"), 503) if fragment else render_template("shared.html", **known)
    return content if fragment else render_template("shared.html", content=content, **known)


def _report(token: str) -> dict[str, Any]:
    """Return the variables of the template. The file name is replaced by the date, because it may be private."""
    if not is_token(token):
        raise NotFound
    log = fetch_anonymously(path(token))
    day = str(log.get("logDate") or "")[:10]
    return report(log | {"fileName": f"faplog-{day}" if day else _("Shared report")})
