"""The function's HTTP interface: a message from the connector."""

from typing import Final

from flask import Flask, Response, request

from faplog import function, inbox, settings, telemetry

from . import job
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
    blobs = store or function.blobs(known)

    @app.post("/")
    def receive() -> Response:
        message = inbox.receive(request, job.Request, known.connector_secret.get_secret_value())
        with telemetry.span("average", parent=message.traceparent):
            return Response(job.answer(message, blobs).to_json(), mimetype=JSON)

    return app
