"""The function's entry: `create_app`, the same in the image and in the checkout."""

from functools import partial

from flask import Flask

from faplog import function
from faplog.background import run_in_background
from faplog.reachable import http_address
from faplog.settings import load

from . import services
from .accounts import (
    account_views,
    credential_views,
    export,
    instance_views,
    session_list_views,
    session_views,
    token_views,
)
from .analyses import car_views, files, results, table
from .analyses import views as analyses
from .averages import views as averages
from .cars import note_views
from .cars import views as cars
from .comparisons import views as comparisons
from .comparisons.comparer import Comparer
from .notifications import views as notifications
from .notifications.sender import Sender
from .reconcile.requeue import Requeue
from .reconcile.resender import Resender
from .settings import Settings
from .sharing import owner_views, reader_views
from .trial import views as trial
from .trial.analyser import Analyser
from .uploads import views as uploads
from .uploads.service import UploadService
from .uploads.waking import Waker
from .web import docs, edge_refusals, health, names, openapi, security_headers
from .web.first_connections import FirstConnections, of_database


def create_app(settings: Settings | None = None) -> Flask:
    """Build the function as a WSGI app. Nothing connects before gunicorn starts the `Resender`, or the first request.

    Raises:
        SettingsError: A setting is missing or malformed.
    """
    settings = settings or load(Settings)
    connections = FirstConnections(
        (http_address(settings.s3_endpoint), of_database(settings.api_database.get_secret_value()))
    )
    app = function.application(__name__, database=True, ready=connections.made)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    built = services.build(settings)
    services.install(app, built)
    run_in_background(app, Resender(Requeue(built)))
    run_in_background(app, Sender(built))
    security_headers.register(app, origins=frozenset(settings.cors_origins), secure=settings.cookie_secure)
    access_cookie = names.access_cookie(secure=settings.cookie_secure)
    blueprints = (
        session_views.blueprint,
        account_views.blueprint,
        credential_views.blueprint,
        session_list_views.blueprint,
        instance_views.blueprint,
        export.blueprint,
        token_views.blueprint,
        notifications.blueprint,
        docs.blueprint(partial(openapi.document, app, access_cookie)),
        uploads.blueprint(UploadService(built), Waker(settings.analyse_url)),
        trial.blueprint(Analyser(settings.analyse_url) if settings.analyse_url else None),
        analyses.blueprint,
        files.blueprint,
        table.blueprint,
        owner_views.blueprint,
        reader_views.blueprint,
        averages.blueprint,
        comparisons.blueprint(_comparer(settings)),
        cars.blueprint,
        car_views.blueprint,
        note_views.blueprint,
        results.blueprint,
        edge_refusals.blueprint,
        health.blueprint,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _comparer(settings: Settings) -> Comparer | None:
    if settings.average_url is None:
        return None
    return Comparer(settings.average_url, settings.connector_secret.get_secret_value())
