"""What every function has: an application with errors as JSON, a health address and telemetry; settings; a store."""

from flask import Flask, Response
from pydantic import Field, SecretStr

from faplog import http_errors, telemetry
from faplog.blobs import Blobs
from faplog.settings import HttpAddress, Settings


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


def blobs(settings: FunctionSettings) -> Blobs:
    """The object store with the function's own key; nothing connects yet."""
    return Blobs(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
    )
