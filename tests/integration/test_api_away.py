"""Parts that are away: said so at once, with a sentence, and used again when they return."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from faplog import bus
from faplog.errors import Unavailable
from functions.api import db
from functions.api.delivery import publisher as publisher_module
from functions.api.delivery.publisher import Outgoing, Publisher
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.api.web import first_connections
from tests.conftest import until
from tests.e2e.pushing import Gate
from tests.integration.connector_rig import NatsServer
from tests.integration.delivery import API


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[NatsServer]:
    made = NatsServer(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def publisher(broker: NatsServer) -> Iterator[Publisher]:
    made = Publisher(broker.url)
    yield made
    made.close()


def outgoing(number: int) -> Outgoing:
    return Outgoing("analysis.request", b"%d" % number, f"test:{number}")


@contextmanager
def in_no_time() -> Iterator[None]:
    """Set the waits for connection and answer to zero."""

    def waits(*_: object) -> None:
        pytest.fail("it waits")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publisher_module, "wait", waits)
        patch.setattr(Publisher, "ask", waits)
        yield


def test_a_broker_that_comes_later_and_goes_and_returns(broker: NatsServer, publisher: Publisher) -> None:
    assert publisher.publish([outgoing(1)]) == [False]  # the first one of a process waits a moment
    with in_no_time():
        assert publisher.publish([outgoing(2)]) == [False]
    broker.start()
    broker.ask(bus.ensure_streams)  # as the connector does
    until(publisher.connected, what="connected")
    assert publisher.publish([outgoing(number) for number in range(3, 300)]) == [True] * 297
    broker.stop()
    until(lambda: not publisher.connected(), what="noticed")
    with in_no_time():
        assert publisher.publish([outgoing(300)]) == [False]
    broker.start()
    until(publisher.connected, what="connected again")
    assert publisher.publish([outgoing(300)]) == [True]


def test_a_double_is_stored_once(broker: NatsServer, publisher: Publisher) -> None:
    broker.start()
    broker.ask(bus.ensure_streams)
    until(publisher.connected, what="connected")
    assert publisher.publish([outgoing(1), outgoing(1), outgoing(2)]) == [True] * 3
    state = broker.ask(lambda jetstream: jetstream.stream_info("FAPLOG")).state
    assert state.messages == 2


def test_a_wrong_password_is_no_crash(broker: NatsServer) -> None:
    broker.start()
    wrong = Publisher(broker.url.replace(":p@", ":wrong@"))
    assert wrong.publish([outgoing(1)]) == [False]
    wrong.close()


def test_nothing_starts_before_the_first_use(broker: NatsServer) -> None:
    Publisher(broker.url).close()


def test_connections_that_died_with_the_server_cost_no_request(
    api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found one after another, with pauses of 1, 2 and 4 s between, they would cost more than a request may wait."""
    monkeypatch.setattr(db, "POOL_WAIT_SEC", 6.0)
    worker = api_settings.worker_database.get_secret_value()
    database = db.Database("postgresql:///not-asked", worker)
    try:
        with ExitStack() as together:
            held = [together.enter_context(database.worker()) for _ in range(db.POOL_SIZE)]
            pids = [connection.info.backend_pid for connection in held]
        with psycopg.connect(worker) as another:
            ended = another.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", [pids])
            assert ended.fetchall() == [(True,)] * db.POOL_SIZE
        with database.worker() as connection:
            assert connection.info.backend_pid not in pids
    finally:
        database.close()


def test_a_database_that_can_be_reached_late_is_found_at_once(
    api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool's own tries come 1, 3, 7 and 15 s after the first; the gate opens after nine."""
    monkeypatch.setattr(db, "POOL_WAIT_SEC", 2.2)
    worker = api_settings.worker_database.get_secret_value()
    gate = Gate(worker)
    database = db.Database(
        "postgresql:///not-asked", worker.replace(urlsplit(worker).netloc.rpartition("@")[2], gate.address)
    )
    try:
        for _ in range(4):
            with pytest.raises(Unavailable), database.worker():
                pytest.fail("it is closed")
        with gate.opened():
            with database.worker() as connection:
                assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
            database.close()
    finally:
        database.close()


def test_without_the_database_there_is_a_503_with_a_sentence(
    api_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = SecretStr("postgresql://nobody:x@127.0.0.1:9/faplog")
    monkeypatch.setattr(db, "POOL_WAIT_SEC", 0.5)
    monkeypatch.setattr(first_connections, "PATIENCE_SEC", 0.0)
    app = create_app(api_settings.model_copy(update={"api_database": nowhere, "worker_database": nowhere}))
    client = app.test_client(use_cookies=False)
    assert client.get("/health").data == b"ok"
    assert client.get(f"{API}/health/liveness").get_json() == {"status": "ok"}
    ready = client.get(f"{API}/health/readiness")
    assert (ready.status_code, ready.get_json()["postgres"]) == (503, "away")
    body = {"email": "a@example.org", "password": "a long pass phrase"}
    response = client.post(f"{API}/auth/login", json=body)
    assert response.status_code == 503
    assert response.get_json()["message"].endswith(".")
    assert "Retry-After" in response.headers
    services_of(app).database.close()
    services_of(app).publisher.close()
