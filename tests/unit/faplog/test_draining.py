"""The rest of a body is read when its answer begins."""

import io
from collections.abc import Iterable
from typing import Any

import pytest

from faplog.draining import DRAIN_BYTES, ReadToTheEnd, StartResponse
from standalone.edge import MAX_BODY_BYTES


class Body(io.RawIOBase):
    """A body of so many bytes, which counts what is read."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        given = int(min(size, self.size - self.given))
        self.given += given
        return bytes(given)


class Connection:
    """gunicorn's socket, of which only the patience matters."""

    def __init__(self) -> None:
        self.patience: list[float | None] = []

    def settimeout(self, seconds: float | None) -> None:
        self.patience.append(seconds)


def answered(body: object, status: str = "401 Unauthorized") -> tuple[list[tuple[str, str]], Connection]:
    """The headers of an answer that was given before the body was read."""
    seen: list[tuple[str, str]] = []
    connection = Connection()

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("A", "b")])
        return [b"sentence"]

    def start_response(_: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        seen.extend(headers)

    said = ReadToTheEnd(application)({"wsgi.input": body, "gunicorn.socket": connection}, start_response)
    assert list(said) == [b"sentence"]
    return seen, connection


@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized", "413 Content Too Large", "503 Service Unavailable"])
@pytest.mark.parametrize("size", [0, 1, 1 << 20, MAX_BODY_BYTES])
def test_whatever_the_edge_lets_through_is_read(size: int, status: str) -> None:
    body = Body(size)
    headers, connection = answered(body, status)
    assert body.given == size
    assert headers == [("A", "b")]
    assert connection.patience[-1] is None


def test_a_body_without_end_is_left_and_the_connection_closed() -> None:
    body = Body(float("inf"))
    headers, _ = answered(body)
    assert body.given <= DRAIN_BYTES + (1 << 20)
    assert ("Connection", "close") in headers


def test_a_client_that_stalled_is_not_waited_for_again() -> None:
    body = Body(10)
    headers, _ = answered(body, "408 Request Timeout")
    assert body.given == 0
    assert ("Connection", "close") in headers


@pytest.mark.parametrize("error", [TimeoutError, ConnectionResetError, ValueError])
def test_a_client_that_leaves_still_gets_what_it_can(error: type[Exception]) -> None:
    class Leaving(io.RawIOBase):
        def read(self, _: int = -1) -> bytes:
            raise error

    headers, connection = answered(Leaving())
    assert ("Connection", "close") in headers
    assert connection.patience[-1] is None
