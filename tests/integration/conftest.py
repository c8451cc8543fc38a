"""The function `api` inside the test's process, on the real servers; with a broker of its own where messages matter.

For the connector: a broker of the test's own, and a function's stand-in.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from faplog.blobs import Blobs
from faplog.contracts.messages import Subject
from faplog.settings import load
from functions.api import db
from functions.api.accounts import passwords, rate_limit
from functions.api.accounts.rate_limit import Rule
from functions.api.db import Database
from functions.api.delivery import publisher
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from standalone.servers import Servers
from tests import buckets
from tests.integration.connector_rig import FunctionServer, NatsServer, function_server, nats_server
from tests.integration.delivery import Rig, rig
from tests.integration.people import Person, arrive


@pytest.fixture(scope="session", autouse=True)
def _patient() -> Iterator[None]:
    """Give the parts of the API inside the test's process more time than in production, for machines that are busy.

    Tests of parts that are away do not rest on these times.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publisher, "PUBLISH_SEC", 10.0)
        patch.setattr(db, "POOL_WAIT_SEC", 60.0)
        patch.setattr(passwords, "WAIT_SEC", 60.0)
        yield


@pytest.fixture(scope="session")
def api_blobs(servers: Servers) -> Blobs:
    """Return the bucket as the API sees it."""
    return buckets.of_servers(servers)


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the waits of the rate limit so long that none is over before the next line of a test."""
    for name in ("PAIR", "PAIR_UNDER_ATTACK", "ADDRESS", "REGISTRATION", "WRONG_TOKEN", "RESET", "TRIAL"):
        rule: Rule = getattr(rate_limit, name)
        monkeypatch.setattr(
            rate_limit, name, replace(rule, first_wait=60 * rule.first_wait, longest_wait=timedelta(days=1))
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """Yield a nats-server of the test's own, to fill, stop and start."""
    with nats_server(tmp_path) as server:
        yield server


@pytest.fixture
def function() -> Iterator[FunctionServer]:
    """Yield an HTTP server in a function's place, which answers as the test says."""
    with function_server() as function:
        yield function


@pytest.fixture(scope="session")
def api_settings(servers: Servers) -> Settings:
    """Return the function's settings for the real servers."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environment.items():
            patch.setenv(name, value)
        return load(Settings)


@pytest.fixture(scope="session")
def api_app(api_settings: Settings) -> Iterator[Flask]:
    """Yield the app on the real servers; made once, as in a process."""
    app = create_app(api_settings)
    yield app
    database_of(app).close()


@pytest.fixture
def database(api_app: Flask) -> Database:
    """Return the app's own database, to look behind it."""
    return database_of(api_app)


@pytest.fixture(scope="module")
def system(api_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Yield the app with a broker of its own."""
    with rig(api_settings, tmp_path_factory.mktemp("nats")) as made:
        yield made


@pytest.fixture
def person(system: Rig) -> Person:
    """Return a new user, logged in; nothing of others waits in the stream."""
    for subject in (Subject.ANALYSIS_REQUEST, Subject.AVERAGE_REQUEST):
        system.take(subject)
    return arrive(system.app)


def database_of(app: Flask) -> Database:
    """Return the database an app was made with."""
    return services_of(app).database
