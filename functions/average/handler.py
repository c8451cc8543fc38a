"""The function's HTTP interface: a message from the connector, or a comparison asked for directly by the API."""

from typing import Final

import orjson
from flask import Flask, Response, request
from pydantic import ValidationError

from faplog import function, inbox, settings, telemetry
from faplog.contracts.comparison import COMPARISON, MAX_CALL_BYTES, Comparison, ComparisonCall
from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from . import job
from .core import compare_around, compare_logs
from .items import without_collector
from .settings import Settings

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
    blobs = store or function.blobs(known, patient=True)

    @app.post("/")
    def receive() -> Response:
        if request.mimetype == COMPARISON:
            return Response(_compare(known.connector_secret.get_secret_value()), mimetype=JSON)
        message = inbox.receive(request, job.Request, known.connector_secret.get_secret_value())
        with telemetry.span("average", parent=message.traceparent):
            return Response(job.answer(message, blobs).to_json(), mimetype=JSON)

    return app


def _compare(secret: str) -> bytes:
    """Return the comparison that the body asks for. Nothing is stored.

    Raises:
        Unauthorized: The connector secret is missing or wrong.
        RequestEntityTooLarge: The body is too long.
        BadRequest: The body is no `ComparisonCall`.
    """
    inbox.check_sender(request, secret)
    body = inbox.read_body(request, MAX_CALL_BYTES)
    with telemetry.span("compare"), without_collector():
        try:
            call = ComparisonCall.model_validate(orjson.loads(body))
        except (orjson.JSONDecodeError, ValidationError):
            raise refused(ErrorCode.MESSAGE_INVALID, field="body", reason="not a comparison") from None
        return orjson.dumps(_comparison(call).model_dump(mode="json", by_alias=True))


def _comparison(call: ComparisonCall) -> Comparison:
    if call.note is not None:
        return compare_around(call.analysis, call.note.model_dump(by_alias=True), call.notes)
    return compare_logs(call.analysis, str(call.before), str(call.after))
