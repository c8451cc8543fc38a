"""The function's entry: `create_app`, the same in the image and in the checkout."""

from http import HTTPStatus

from flask import Flask, Response, request

from faplog import function
from faplog.settings import load

from . import analyses, averages, db, files, front, health, parts, results, shared, sharing, uploads
from .publisher import Publisher
from .receive import drain
from .requeue import Requeue
from .resender import Resender
from .settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The function as a WSGI app. Nothing connects before gunicorn starts the `Resender`, or else the first request.

    Raises:
        SettingsError: a setting is missing or malformed.
    """
    settings = settings or load(Settings)
    app = function.application(__name__, database=True)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    database = db.Database(settings.api_database.get_secret_value(), settings.worker_database.get_secret_value())
    app.extensions[db.EXTENSION] = database
    blobs, publisher = function.blobs(settings), Publisher(settings.nats.get_secret_value())
    parts.install(app, settings, blobs, publisher)
    function.run_in_background(app, Resender(Requeue(database, blobs, publisher, settings)))
    front.install(app, settings)
    for module in (uploads, analyses, files, sharing, shared, averages, results, health):
        app.register_blueprint(module.blueprint)
    app.after_request(_read_to_the_end)
    return app


def _read_to_the_end(response: Response) -> Response:
    """An answer given before the body was read may get lost on the way: read a bounded rest of it, or hang up."""
    if response.status_code >= 400 and request.method not in ("GET", "HEAD", "OPTIONS"):
        stalled = response.status_code == HTTPStatus.REQUEST_TIMEOUT
        if stalled or not drain(request):
            response.headers["Connection"] = "close"
    return response
