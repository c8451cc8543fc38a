"""The landing page and the favicon."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from ui.pages.trial import form_variables
from ui.session import perhaps_signed_in

blueprint = Blueprint("landing", __name__)


@blueprint.get("/")
def home() -> str | BaseResponse:
    """Show the landing page; redirect users who are logged in to their logs."""
    return redirect(url_for("history.logs")) if perhaps_signed_in() else about()


@blueprint.get("/about")
def about() -> str:
    """Show the landing page, also to users who are logged in."""
    return render_template("landing.html", **form_variables())


@blueprint.get("/favicon.ico")
def favicon() -> BaseResponse:
    """Redirect browsers that ignore the icon of the page."""
    return redirect(url_for("static", filename="img/icon.svg"))
