"""The function's HTTP interface: a message from the connector, or a CSV sent directly."""

from collections.abc import Sequence
from http import HTTPStatus
from time import perf_counter
from typing import Final

import orjson
from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from faplog import function, inbox, settings, telemetry
from faplog.contracts.direct import CSV, DirectCall
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_BYTES, MAX_LOG_MB
from faplog.contracts.messages import BATCH, AnalysisRequest
from faplog.http_errors import refused, refused_with

from . import job
from .core.analysis import analyse, read
from .core.errors import BadLog
from .core.series import series
from .settings import Settings

JSON: Final = "application/json"

BATCH_SEC: Final = 0.25
"""No other message of a batch is begun after this time, so that large logs are spread over replicas."""


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
        if request.mimetype == CSV:
            return Response(_direct(), mimetype=JSON)
        messages = inbox.receive_all(request, AnalysisRequest, known.connector_secret.get_secret_value())
        return Response(_answers(messages, blobs), mimetype=JSON if len(messages) == 1 else BATCH)

    return app


def _answers(messages: Sequence[AnalysisRequest], store: job.Store) -> bytes:
    """Return the answers to the messages, or to as many as are done in `BATCH_SEC`, each on a line."""
    began = perf_counter()
    answers = []
    for message in messages:
        with telemetry.span("analyse", parent=message.traceparent):
            answers.append(job.answer(message, store).to_json())
        if perf_counter() - began > BATCH_SEC:
            break
    return b"\n".join(answers)


def _direct() -> bytes:
    """Return the analysis of the CSV in the body, with its series if the query asks for them. Nothing is stored."""
    call = _direct_call()
    try:
        body = inbox.read_body(request, MAX_LOG_BYTES)
    except RequestEntityTooLarge:
        raise refused(ErrorCode.LOG_BODY_TOO_LARGE, max_mb=MAX_LOG_MB) from None
    try:
        reading = read(body, call.day)
        analysis = analyse(reading, call.profile)
        made = {"analysis": analysis, "series": series(reading)} if call.series else analysis
        return orjson.dumps(made, option=orjson.OPT_SERIALIZE_NUMPY)
    except BadLog as error:
        raise refused_with(HTTPStatus.UNPROCESSABLE_ENTITY, error.code, error.params) from None


def _direct_call() -> DirectCall:
    """Return the query of a direct call. Raises `BadRequest` if a parameter is unknown or wrong."""
    try:
        return DirectCall.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = inbox.printable(".".join(map(str, first["loc"]))[:64])
        raise refused(ErrorCode.INVALID_INPUT, field=field, reason=inbox.printable(first["msg"])) from None
