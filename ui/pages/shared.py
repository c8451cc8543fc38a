"""One report by its link: the same report for somebody without an account, or help where the link is dead."""

from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _

from faplog.contracts.links import is_token, path
from ui.api import Away, NotSignedIn, NotThere, Refused
from ui.fragments import Answer, fetch_for_anybody, wants_fragment
from ui.headers import SHARED
from ui.report import report

blueprint = Blueprint(SHARED, __name__)


@blueprint.get("/shared/<token>")
def one(token: str) -> Answer:
    """The report without what only its owner may do. Whether the browser has a session makes no difference."""
    fragment = wants_fragment()
    known = {"api_base": f"/api/v1{path(token)}", "log_id": None, "shared": True, "signed_in": False}
    try:
        content = render_template("shared_body.html", **known, **_report(token))
    except NotThere:
        return render_template("shared_dead_body.html" if fragment else "shared_dead.html", **known), 404
    except (Away, Refused, NotSignedIn) as error:
        current_app.logger.warning("api away", extra={"reason": str(error)})
        return (render_template("away.html"), 503) if fragment else render_template("shared.html", **known)
    return content if fragment else render_template("shared.html", content=content, **known)


def _report(token: str) -> dict[str, Any]:
    """What the template needs, under a name made of the date: the file's own may say more than its owner wants."""
    if not is_token(token):
        raise NotThere
    log = fetch_for_anybody(path(token))
    day = str(log.get("logDate") or "")[:10]
    return report(log | {"fileName": f"faplog-{day}" if day else _("Shared report")})
