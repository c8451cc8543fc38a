"""The services of an app: built once, frozen, and found through one accessor."""

import json
from dataclasses import FrozenInstanceError

import pytest
from flask import Flask

from faplog.settings import SettingsError
from functions.api import services
from functions.api.handler import create_app
from functions.api.settings import Settings


def settings(**changed: str) -> Settings:
    """The settings of an app whose servers do not exist."""
    secrets = {
        "connector-secret": "x" * 16,
        "api-database": "postgresql://nowhere",
        "worker-database": "postgresql://nowhere",
        "api-nats": "nats://nowhere",
        "api-s3-access-key": "x",
        "api-s3-secret-key": "x",
        "signing-keys": json.dumps({"active": "a", "keys": {"a": "A" * 43}}),
    } | changed
    named = {f"faplog-{name}": value for name, value in secrets.items()}
    return Settings.model_validate(named | {"s3_endpoint": "http://nowhere", "s3_bucket": "faplog", "threads": 8})


def test_an_app_has_one_set_of_services() -> None:
    app = create_app(settings())
    found = services.services(app)
    with app.app_context():
        assert services.services() is found
    assert services.services(create_app(settings())) is not found


def test_services_cannot_be_replaced_in_a_running_app() -> None:
    built = services.build(settings())
    with pytest.raises(FrozenInstanceError):
        built.settings = settings()  # type: ignore[misc]


def test_requests_for_averages_use_the_services_of_the_app() -> None:
    built = services.build(settings())
    requests = built.average_requests
    assert (requests.database, requests.blobs, requests.publisher) == (built.database, built.blobs, built.publisher)


def test_each_app_is_asked_for_its_own() -> None:
    one, other = Flask("one", static_folder=None), Flask("other", static_folder=None)
    built = services.build(settings())
    services.install(one, built)
    assert services.services(one) is built
    with pytest.raises(KeyError):
        services.services(other)


def test_malformed_signing_keys_stop_the_start() -> None:
    with pytest.raises(SettingsError, match="faplog-signing-keys"):
        services.build(settings(**{"signing-keys": "{}"}))
