"""A shared report or car, opened by its link without an account; or an explanation if the link does not work.

The token of the link is in the fragment of the address, which browsers keep to themselves. The page is sent without
content, and its script asks for the content with the token in a header.
"""

from typing import Any, Final

from flask import Blueprint, current_app, redirect, render_template, request
from flask_babel import gettext as _

from faplog.contracts.links import address, is_token
from ui.api import NotFound, NotSignedIn, Refused, Unavailable
from ui.fragments import Answer, fetch_by_link, wants_fragment
from ui.headers import SHARED
from ui.pages.summary import shared_car_context
from ui.report import report

blueprint = Blueprint(SHARED, __name__)

KNOWN: Final[dict[str, Any]] = {"api_base": "/api/v1/shared", "log_id": None, "shared": True, "signed_in": False}


@blueprint.get("/shared")
def one() -> Answer:
    """Show the frame, or to its script what the link leads to, whether or not the browser has a session."""
    return _body(_bearer_token()) if wants_fragment() else render_template("shared.html", **KNOWN)


@blueprint.get("/shared/<token>")
def old_address(token: str) -> Answer:
    """Lead a link of an earlier release, whose token is in the path, to its new address.

    A page of that release which is still open asks here for its content.
    """
    if not is_token(token):
        return render_template("shared_dead_body.html" if wants_fragment() else "shared_dead.html", **KNOWN), 404
    return _body(token) if wants_fragment() else redirect(address(token))


def _bearer_token() -> str:
    scheme, _separator, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _body(token: str) -> Answer:
    """Return what the link leads to, without its owner's actions."""
    try:
        if not is_token(token):
            raise NotFound
        shown = fetch_by_link("/shared", token)
    except NotFound:
        return render_template("shared_dead_body.html", **KNOWN), 404
    except (Unavailable, Refused, NotSignedIn) as error:
        current_app.logger.warning("api unavailable", extra={"reason": str(error)})
        return render_template("away.html"), 503
    if shown.get("kind") == "car":
        return render_template("shared_car_body.html", **KNOWN, **shared_car_context(shown))
    return render_template("shared_body.html", **KNOWN, **_report(shown))


def _report(log: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of the template. The file name is replaced by the date, because it may be private."""
    day = str(log.get("logDate") or "")[:10]
    return report(log | {"fileName": f"faplog-{day}" if day else _("Shared report")})
