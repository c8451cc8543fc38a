"""An API whose servers do not exist, for tests that need none of them."""

import json

import pytest
from flask import Flask

from functions.api.handler import create_app
from functions.api.settings import Settings


def settings_without_servers(**changed: str) -> Settings:
    """Return valid settings of servers that do not exist; `changed` replaces secrets by their names."""
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


@pytest.fixture(scope="module")
def app() -> Flask:
    """Return the whole function; nothing connects before a request needs it."""
    return create_app(settings_without_servers())
