"""The web pages: `create_app` ties settings, the API's client, translations and the pages together."""

import hashlib
import logging
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, render_template, request
from flask_compress import Compress
from jinja2 import ChainableUndefined
from werkzeug.exceptions import HTTPException

from faplog import settings as configuration
from faplog import telemetry
from faplog.contracts.limits import Severity
from ui import catalogs, errors, files, findings, headers, preferences, script_texts, session, units
from ui.api import Api
from ui.fragments import wants_fragment
from ui.pages import account, compare, history, landing, log, sample, shared, sharing, summary, upload
from ui.settings import Settings

STATIC: Final = Path(__file__).parent / "static"
_YEAR: Final = 365 * 24 * 3600


def create_app(settings: Settings | None = None, api: Api | None = None) -> Flask:
    """The application. Settings come from the environment, and the API's client from them, unless given."""
    settings = settings or configuration.load(Settings)
    app = Flask(__name__, static_folder=None)
    telemetry.instrument(app)
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_BR_LEVEL"] = 5
    app.config["COMPRESS_STREAMS"] = True
    app.jinja_options = {"undefined": ChainableUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.extensions["settings"] = settings
    app.extensions["api"] = api or Api(str(settings.api_url))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each of our own requests
    Compress(app)
    catalogs.PoBabel(app, locale_selector=preferences.locale)
    app.jinja_env.filters |= units.FILTERS | {"error_text": errors.text, "profile": findings.profile}
    app.context_processor(_everywhere)
    app.after_request(headers.add)
    _serve_files(app)
    for room in (landing, sample, account, upload, history, log, sharing, shared, summary, compare):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(preferences.blueprint)
    app.register_error_handler(HTTPException, _error)
    app.add_url_rule("/health", "health", lambda: "ok")
    return app


def _everywhere() -> dict[str, Any]:
    """What every template knows."""
    return {
        "language": preferences.language(),
        "languages": preferences.LANGUAGES,
        "theme": preferences.theme(),
        "units": preferences.units(),
        "signed_in": session.perhaps_signed_in(),
        "here": session.here(),
        "Severity": Severity,
        "script_texts": script_texts.texts,
        "error_texts": errors.texts_for_scripts,
        "month_name": units.month,
        "unit_name": units.unit_name,
        "has_sample": sample.exists(),
    }


def _serve_files(app: Flask) -> None:
    """Files under an address with their version in it, so that browsers keep them for a year and never a stale one.

    Modules import each other relatively and so stay within one version.
    """
    current = _version()

    def file(version: str, filename: str) -> Response:
        age = _YEAR if version == current else 0
        response = files.send(STATIC, filename, max_age=age)
        if age:
            response.cache_control.immutable = True
            response.cache_control.public = True
        return response

    app.add_url_rule("/assets/<version>/<path:filename>", "static", file)

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", current)


def _version() -> str:
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _error(error: HTTPException) -> tuple[str, int]:
    """A page that helps, for whatever went wrong."""
    code = error.code or 500
    if request.endpoint == "static" or wants_fragment():
        return error.name, code
    if code == 404:
        return render_template("not_found.html"), code
    return render_template("error.html", code=code), code
