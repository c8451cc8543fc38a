"""The function's HTTP interface: a message from the connector, or a CSV sent directly."""

from http import HTTPStatus
from typing import Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from faplog import function, inbox, settings, telemetry
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_BYTES, MAX_LOG_MB
from faplog.contracts.messages import AnalysisRequest
from faplog.http_errors import refused, refused_with

from . import job
from .core.analysis import analyse, read
from .core.errors import BadLog
from .settings import Settings

CSV: Final = "text/csv"
JSON: Final = "application/json"


def create_app(given: Settings | None = None, store: job.Store | None = None) -> Flask:
    """Return the application.

    Args:
        given: Settings; read from environment and secrets by default.
        store: The object store; by default that of the settings.

    Raises:
        SettingsError: A setting is missing.
    """
    known = given or settings.load(Settings)
    app = function.application(__name__)
    blobs = store or function.blobs(known)

    @app.post("/")
    def receive() -> Response:
        if request.mimetype == CSV:
            return Response(_direct(), mimetype=JSON)
        message = inbox.receive(request, AnalysisRequest, known.connector_secret.get_secret_value())
        with telemetry.span("analyse", parent=message.traceparent):
            return Response(job.answer(message, blobs).to_json(), mimetype=JSON)

    return app


def _direct() -> bytes:
    """Return the analysis of the CSV in the body."""
    try:
        body = inbox.read_body(request, MAX_LOG_BYTES)
    except RequestEntityTooLarge:
        raise refused(ErrorCode.LOG_BODY_TOO_LARGE, max_mb=MAX_LOG_MB) from None
    try:
        return orjson.dumps(analyse(read(body)))
    except BadLog as error:
        raise refused_with(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.params) from None
