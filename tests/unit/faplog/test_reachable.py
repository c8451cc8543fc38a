"""Jobs wait until the server that they need takes connections, and not for ever."""

import socket
from threading import Timer

import pytest

from faplog import reachable


@pytest.fixture
def port() -> int:
    """Return a free port of this machine on which no program listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        chosen: int = found.getsockname()[1]
        return chosen


def test_a_server_that_listens_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reachable.wait_for_server(f"postgresql://user:word@127.0.0.1:{server.getsockname()[1]}/faplog")


def test_it_waits_for_a_server_that_refuses_at_first(port: int) -> None:
    servers: list[socket.socket] = []
    starting = Timer(0.5, lambda: servers.append(socket.create_server(("127.0.0.1", port))))
    starting.start()
    try:
        assert reachable.wait_for_server(f"nats://127.0.0.1:{port}")
    finally:
        starting.join()
        for server in servers:
            server.close()


def test_it_gives_up(port: int) -> None:
    assert not reachable.wait_for_server(f"http://127.0.0.1:{port}", give_up_sec=0.5)


@pytest.mark.parametrize("url", ["postgresql:///faplog?host=/run/postgresql", "postgresql://localhost/faplog", ""])
def test_an_address_without_a_port_is_not_waited_for(url: str) -> None:
    assert not reachable.wait_for_server(url)
