"""The landing page, the web manifest and the favicon."""

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from ui.session import perhaps_signed_in

blueprint = Blueprint("landing", __name__)


@blueprint.get("/")
def home() -> str | BaseResponse:
    """Show the landing page; redirect users who are logged in to their logs."""
    return redirect(url_for("history.logs")) if perhaps_signed_in() else render_template("landing.html")


@blueprint.get("/about")
def about() -> str:
    """Show the landing page, also to users who are logged in."""
    return render_template("landing.html")


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return the web manifest, which lets phones add the site to the home screen."""
    response = jsonify(
        name="faplog",
        short_name="faplog",
        description=gettext("See in plain words how your diesel’s particulate filter (DPF/FAP) is doing."),
        start_url="/",
        display="standalone",
        background_color="#f4f6f7",
        theme_color="#0d5c63",
        icons=[{"src": url_for("static", filename="img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    )
    response.mimetype = "application/manifest+json"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> BaseResponse:
    """Redirect browsers that ignore the icon of the page."""
    return redirect(url_for("static", filename="img/icon.svg"))
