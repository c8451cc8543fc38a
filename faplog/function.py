"""What every function has: an application with errors as JSON, a health address and telemetry; settings; a store."""

from typing import Final, Protocol

from flask import Flask, Response
from pydantic import Field, SecretStr

from faplog import http_errors, telemetry
from faplog.blobs import Blobs
from faplog.settings import HttpAddress, Settings

_BACKGROUND: Final = "faplog.background"


class Background(Protocol):
    """Work beside the requests of a worker process."""

    def start(self) -> None:
        """Begin, in the worker and after its application was made; returns at once."""

    def stop(self) -> None:
        """End, after the last request."""


class FunctionSettings(Settings):
    """What every function needs: the connector's secret, and the bucket with a key of its own.

    The key's two fields are given their secret files' names by the function.
    """

    connector_secret: SecretStr = Field(validation_alias="faplog-connector-secret", min_length=16)
    s3_endpoint: HttpAddress
    s3_bucket: str = Field(min_length=1)
    s3_access_key: SecretStr
    s3_secret_key: SecretStr


def application(name: str, *, database: bool = False) -> Flask:
    """A function's application, without its routes; `database` has its queries traced too."""
    app = Flask(name, static_folder=None)
    telemetry.instrument(app, database=database)
    http_errors.register(app)

    @app.get("/health")
    def health() -> Response:
        return Response("ok", mimetype="text/plain")

    return app


def run_in_background(app: Flask, task: Background) -> None:
    """Let gunicorn start the task when a worker is ready, and stop it at the worker's end."""
    app.extensions.setdefault(_BACKGROUND, []).append(task)


def background(app: object) -> list[Background]:
    """Return the background tasks of an application; none where it is no function's."""
    found: list[Background] = getattr(app, "extensions", {}).get(_BACKGROUND, [])
    return found


def blobs(settings: FunctionSettings) -> Blobs:
    """The object store with the function's own key; nothing connects yet."""
    return Blobs(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
    )
