"""The services of an app: built once, frozen, and given to its views."""

from dataclasses import FrozenInstanceError

import pytest
from flask import Flask

from faplog.settings import SettingsError
from functions.api import services
from functions.api.handler import create_app
from functions.api.services import Services
from functions.api.web.routes import Routes
from tests.unit.api.conftest import settings_without_servers


def test_an_app_has_one_set_of_services() -> None:
    app = create_app(settings_without_servers())
    assert services.services_of(app) is services.services_of(app)
    assert services.services_of(create_app(settings_without_servers())) is not services.services_of(app)


def test_services_cannot_be_replaced_in_a_running_app() -> None:
    built = services.build(settings_without_servers())
    with pytest.raises(FrozenInstanceError):
        built.settings = settings_without_servers()  # type: ignore[misc]


def test_requests_for_averages_use_the_services_of_the_app() -> None:
    built = services.build(settings_without_servers())
    requests = built.average_requests
    assert (requests.database, requests.blobs, requests.publisher) == (built.database, built.blobs, built.publisher)


def test_a_view_is_given_the_services_of_its_app() -> None:
    routes, given = Routes("x", __name__), []

    @routes.get("/logs/<int:number>")
    def view(services: Services, number: int) -> str:
        given.append((services, number))
        return "shown"

    for name in ("one", "other"):
        app = Flask(name, static_folder=None)
        services.install(app, services.build(settings_without_servers()))
        app.register_blueprint(routes)
        assert app.test_client().get("/logs/7").text == "shown"
        assert given[-1] == (services.services_of(app), 7)
    assert given[0][0] is not given[1][0]


def test_malformed_signing_keys_stop_the_start() -> None:
    with pytest.raises(SettingsError, match="faplog-signing-keys"):
        services.build(settings_without_servers(**{"signing-keys": "{}"}))
