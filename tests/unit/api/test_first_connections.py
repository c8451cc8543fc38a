"""A new process takes requests when it reaches its servers, or when waiting for them no longer helps."""

import socket

import pytest

from faplog import function
from faplog.reachable import http_address
from functions.api.web.first_connections import PATIENCE_SEC, FirstConnections, of_database
from tests.conftest import free_port


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_each_server_is_awaited_and_asked_no_more_than_needed() -> None:
    ports = [free_port(), free_port()]
    connections = FirstConnections([("127.0.0.1", port) for port in ports], Clock())
    assert not connections.made()
    with socket.create_server(("127.0.0.1", ports[0])):
        assert not connections.made()
    with socket.create_server(("127.0.0.1", ports[1])):  # the first one is away again
        assert connections.made()
    assert connections.made()


def test_a_server_that_stays_away_is_not_awaited_for_ever() -> None:
    clock = Clock()
    connections = FirstConnections([("127.0.0.1", free_port())], clock)
    clock.now += PATIENCE_SEC - 0.1
    assert not connections.made()
    clock.now += 0.1
    assert connections.made()


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("http://minio.faplog.svc:9000", ("minio.faplog.svc", 9000)),
        ("https://s3.example.org", ("s3.example.org", 443)),
        ("http://[::1]", ("::1", 80)),
    ],
)
def test_the_address_of_a_store(endpoint: str, address: tuple[str, int]) -> None:
    assert http_address(endpoint) == address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://a:p%40b@postgres.faplog.svc:5433/faplog?sslmode=disable", ("postgres.faplog.svc", 5433)),
        ("postgresql://a:b@[::1]/faplog", ("::1", 5432)),
        ("postgresql://a:b@one,two:5433/faplog", ("one", 5432)),
        ("postgresql:///faplog", ("localhost", 5432)),
    ],
)
def test_the_address_of_a_database(url: str, address: tuple[str, int]) -> None:
    assert of_database(url) == address


def test_a_function_that_is_not_ready_says_so() -> None:
    ready = False
    client = function.application(__name__, ready=lambda: ready).test_client()
    starting = client.get("/health")
    assert (starting.status_code, starting.text) == (503, "starting")
    ready = True
    assert client.get("/health").text == "ok"
