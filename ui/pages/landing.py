"""What a visitor sees first, and the two small files browsers ask for."""

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from ui.session import perhaps_signed_in

blueprint = Blueprint("landing", __name__)


@blueprint.get("/")
def home() -> str | BaseResponse:
    """What faplog does; whoever is signed in goes straight to the logs."""
    return redirect(url_for("history.logs")) if perhaps_signed_in() else render_template("landing.html")


@blueprint.get("/about")
def about() -> str:
    """The same, also for those who are signed in."""
    return render_template("landing.html")


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Lets phones put the site on their home screen."""
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
    """For browsers that look here whatever the page says."""
    return redirect(url_for("static", filename="img/icon.svg"))
