"""The function's door: a message from the connector."""

import logging
from http import HTTPStatus
from typing import Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from faplog import inbox, settings, telemetry
from faplog.errors import Unavailable

from . import job
from .settings import Settings

log = logging.getLogger(__name__)

JSON: Final = "application/json"
UNEXPECTED: Final = "Something went wrong on our side. It has been noted."


def create_app(given: Settings | None = None, store: job.Store | None = None) -> Flask:
    """The application. Settings and object store are made from environment and secrets unless given.

    Raises:
        SettingsError: a setting is missing; nothing starts.
    """
    known = given or settings.load(Settings)
    app = Flask(__name__)
    telemetry.instrument(app)
    blobs = store or _store(known)

    @app.post("/")
    def receive() -> Response:
        message = inbox.receive(request, job.Request, known.connector_secret.get_secret_value())
        with telemetry.span("average", parent=message.traceparent):
            return Response(job.answer(message, blobs).to_json(), mimetype=JSON)

    @app.get("/health")
    def health() -> Response:
        return Response("ok", mimetype="text/plain")

    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Unavailable, _away)
    app.register_error_handler(Exception, _unexpected)
    return app


def _store(known: Settings) -> job.Store:
    from faplog.blobs import Blobs

    return Blobs(
        known.s3_endpoint,
        known.s3_bucket,
        known.s3_access_key.get_secret_value(),
        known.s3_secret_key.get_secret_value(),
    )


def _error(status: int, message: str) -> Response:
    body = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}
    return Response(orjson.dumps(body), status, mimetype=JSON)


def _refused(error: HTTPException) -> Response:
    return _error(error.code or HTTPStatus.INTERNAL_SERVER_ERROR, error.description or error.name)


def _away(error: Unavailable) -> Response:
    log.warning("unavailable", extra={"reason": str(error)})
    response = _error(HTTPStatus.SERVICE_UNAVAILABLE, f"Try again shortly: {error}.")
    response.headers["Retry-After"] = "5"
    return response


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)
