"""The function's entry: `create_app`, the same in the image and in the checkout."""

from flask import Flask

from faplog import function
from faplog.settings import load

from . import db, services
from .analyses import files, results
from .analyses import views as analyses
from .averages import views as averages
from .delivery.publisher import Publisher
from .reconcile.requeue import Requeue
from .reconcile.resender import Resender
from .settings import Settings
from .sharing import owner_views, reader_views
from .uploads import views as uploads
from .web import edge_refusals, health, middleware


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
    services.install(app, settings, blobs, publisher)
    function.run_in_background(app, Resender(Requeue(database, blobs, publisher, settings)))
    middleware.install(app, settings)
    for module in (uploads, analyses, files, owner_views, reader_views, averages, results, edge_refusals, health):
        app.register_blueprint(module.blueprint)
    return app
