"""The function's HTTP interface: a message from the connector, or a CSV sent directly."""

from typing import Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge, UnprocessableEntity

from faplog import function, inbox, settings, telemetry
from faplog.contracts.messages import AnalysisRequest

from . import job
from .core.analysis import analyse, read
from .core.errors import BadLog
from .settings import Settings

MAX_LOG_BYTES: Final = 20 * 1024 * 1024
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
        raise RequestEntityTooLarge(f"A log may have {MAX_LOG_BYTES >> 20} MB at most.") from None
    try:
        return orjson.dumps(analyse(read(body)))
    except BadLog as error:
        raise UnprocessableEntity(error.message) from None
