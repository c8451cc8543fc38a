"""What all functions share: a Flask application with JSON errors, health check and telemetry; settings; the store."""

from collections.abc import Callable

from flask import Flask, Response
from pydantic import Field, SecretStr

from faplog import http_errors, telemetry
from faplog.blobs import PATIENT_RETRIES, RETRIES, Blobs
from faplog.settings import HttpAddress, Settings


class FunctionSettings(Settings):
    """Settings of every function: the connector secret, and the bucket with the function's own key.

    Each function sets the secret files' names of the two key fields.
    """

    connector_secret: SecretStr = Field(validation_alias="faplog-connector-secret", min_length=16)
    """Proves to a function that a message comes from the connector."""

    s3_endpoint: HttpAddress
    """Address of the object store."""

    s3_bucket: str = Field(min_length=1)
    """Name of the bucket."""

    s3_access_key: SecretStr
    """Access key of the function at the object store."""

    s3_secret_key: SecretStr
    """Secret key that belongs to it."""


def application(name: str, *, database: bool = False, ready: Callable[[], bool] = lambda: True) -> Flask:
    """Return the application of a function, without its routes.

    Args:
        name: The import name of the function's module.
        database: Whether to trace its SQL, too.
        ready: Whether requests may come; asked by each check of its health.
    """
    app = Flask(name, static_folder=None)
    telemetry.instrument(app, database=database)
    http_errors.register(app)

    @app.get("/health")
    def health() -> Response:
        said, status = ("ok", 200) if ready() else ("starting", 503)
        return Response(said, status, mimetype="text/plain")

    return app


def blobs(settings: FunctionSettings, *, patient: bool = False) -> Blobs:
    """Return the object store with the function's own key. Nothing connects yet.

    Args:
        settings: Those of the function.
        patient: Whether calls are repeated for some seconds, for a function that starts from nothing.
    """
    return Blobs(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
        retries=PATIENT_RETRIES if patient else RETRIES,
    )
