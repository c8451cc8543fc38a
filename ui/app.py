"""The web pages: `create_app` connects settings, API client, translations and pages."""

import hashlib
import logging
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, render_template, request
from flask_compress import Compress
from jinja2 import ChainableUndefined
from werkzeug.exceptions import HTTPException, RequestTimeout

from faplog import settings as configuration
from faplog import telemetry
from faplog.contracts.limits import Severity
from ui import catalogs, errors, files, findings, headers, preferences, script_texts, session, units
from ui.api import Api
from ui.fragments import wants_fragment
from ui.pages import (
    account,
    account_tokens,
    cars_list,
    compare,
    history,
    installing,
    landing,
    log,
    privacy,
    sample,
    shared,
    sharing,
    summary,
    trial,
    upload,
)
from ui.settings import Settings

STATIC: Final = Path(__file__).parent / "static"
_YEAR: Final = 365 * 24 * 3600


def create_app(settings: Settings | None = None, api: Api | None = None) -> Flask:
    """Create the application. By default, settings come from the environment and the API client from the settings."""
    settings = settings or configuration.load(Settings)
    app = Flask(__name__, static_folder=None)
    telemetry.instrument(app)
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_BR_LEVEL"] = 5
    app.config["COMPRESS_STREAMS"] = True
    app.jinja_options = {"undefined": ChainableUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.extensions["settings"] = settings
    app.extensions["api"] = api or Api(str(settings.api_url))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # otherwise it logs every request to the API
    Compress(app)
    catalogs.PoBabel(app, locale_selector=preferences.locale)
    app.jinja_env.filters |= units.FILTERS | {"error_text": errors.text, "profile": findings.profile}
    app.context_processor(_template_globals)
    app.after_request(headers.add)
    _serve_files(app)
    for page in (
        landing,
        installing,
        sample,
        trial,
        privacy,
        account,
        account_tokens,
        upload,
        cars_list,
        history,
        log,
        sharing,
        shared,
        summary,
        compare,
    ):
        app.register_blueprint(page.blueprint)
    app.register_blueprint(preferences.blueprint)
    app.register_error_handler(HTTPException, _render_error)
    app.register_error_handler(TimeoutError, _render_timeout)
    app.add_url_rule("/health", "health", lambda: "ok")
    return app


def _template_globals() -> dict[str, Any]:
    """Return the variables of every template."""
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
    """Serve static files under addresses with a version, so that browsers may cache them for a year.

    Modules import each other by relative paths and so stay within one version.
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


def _render_error(error: HTTPException) -> tuple[str, int]:
    """Return the error page for an HTTP error."""
    code = error.code or 500
    if request.endpoint == "static" or wants_fragment():
        return error.name, code
    if code == 404:
        return render_template("not_found.html"), code
    return render_template("error.html", code=code), code


def _render_timeout(_: TimeoutError) -> tuple[str, int]:
    """Return the error page for a body that did not arrive. Calls of the API have exceptions of their own."""
    return _render_error(RequestTimeout())
