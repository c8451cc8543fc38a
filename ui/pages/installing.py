"""The pages as an app: web manifest, service worker, offline page, and where other apps share files to."""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from ui.preferences import language

blueprint = Blueprint("installing", __name__)

SHARE: Final = "/upload/share"
"""Where a phone POSTs shared files. The service worker answers; without it they do not reach the queue."""

ACCEPTED: Final = (
    *(".csv", "text/csv", "text/comma-separated-values", "application/csv", "application/vnd.ms-excel", "text/plain"),
    *(".zip", "application/zip", "application/x-zip-compressed", "application/octet-stream"),
)
"""The media types that phones use for CSV and zip files."""

_BRAND: Final = "#0d5c63"
_BACKGROUND: Final = "#f4f6f7"


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return the web manifest, which lets devices install the site and share files with it."""
    response = jsonify(
        id="/",
        name="faplog",
        short_name="faplog",
        description=gettext("See in plain words how your diesel’s particulate filter (DPF/FAP) is doing."),
        lang=language(),
        start_url="/",
        scope="/",
        display="standalone",
        background_color=_BACKGROUND,
        theme_color=_BRAND,
        icons=[
            _icon("icon.svg", "any", "image/svg+xml"),
            _icon("icon-192.png", "192x192"),
            _icon("icon-512.png", "512x512"),
            _icon("maskable-512.png", "512x512", purpose="maskable"),
        ],
        share_target={
            "action": SHARE,
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "files", "accept": list(ACCEPTED)}]},
        },
    )
    response.mimetype = "application/manifest+json"
    return response


def _icon(name: str, sizes: str, kind: str = "image/png", **more: str) -> dict[str, Any]:
    return {"src": url_for("static", filename=f"img/{name}"), "sizes": sizes, "type": kind} | more


@blueprint.get("/sw.js")
def worker() -> Response:
    """Return the service worker. The address of its module contains the version, so each release is a new worker."""
    module = url_for("static", filename="js/worker.js")
    return Response(f'import "{module}";\n', mimetype="text/javascript")


@blueprint.get("/offline")
def offline() -> Response:
    """Show the page that the service worker keeps for when the service cannot be reached, in the reader's language."""
    response = Response(render_template("offline.html"))
    response.headers["Content-Language"] = language()
    return response


@blueprint.post(SHARE)
def share_without_worker() -> BaseResponse:
    """Send the browser to the upload page, which says that the files did not arrive. Nothing of them is read."""
    return redirect(url_for("upload.form", share="failed"), 303)
