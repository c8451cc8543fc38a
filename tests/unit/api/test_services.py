"""The services of an app: built once, frozen, and found through one accessor."""

from dataclasses import FrozenInstanceError

import pytest
from flask import Flask

from faplog.settings import SettingsError
from functions.api import services
from functions.api.handler import create_app
from tests.unit.api.conftest import settings_without_servers


def test_an_app_has_one_set_of_services() -> None:
    app = create_app(settings_without_servers())
    found = services.services(app)
    with app.app_context():
        assert services.services() is found
    assert services.services(create_app(settings_without_servers())) is not found


def test_services_cannot_be_replaced_in_a_running_app() -> None:
    built = services.build(settings_without_servers())
    with pytest.raises(FrozenInstanceError):
        built.settings = settings_without_servers()  # type: ignore[misc]


def test_requests_for_averages_use_the_services_of_the_app() -> None:
    built = services.build(settings_without_servers())
    requests = built.average_requests
    assert (requests.database, requests.blobs, requests.publisher) == (built.database, built.blobs, built.publisher)


def test_each_app_is_asked_for_its_own() -> None:
    one, other = Flask("one", static_folder=None), Flask("other", static_folder=None)
    built = services.build(settings_without_servers())
    services.install(one, built)
    assert services.services(one) is built
    with pytest.raises(KeyError):
        services.services(other)


def test_malformed_signing_keys_stop_the_start() -> None:
    with pytest.raises(SettingsError, match="faplog-signing-keys"):
        services.build(settings_without_servers(**{"signing-keys": "{}"}))
