"""The rest of a body is read when its answer begins."""

import io
import sys
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from faplog import http_errors
from faplog.draining import DRAIN_BYTES, PAUSE_SEC, BodyStalled, ReadToTheEnd, StartResponse
from standalone.edge import MAX_BODY_BYTES
from ui.app import create_app
from ui.settings import Settings


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
    """Return the headers of an answer that was given before the body was read."""
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


def test_a_client_that_pauses_while_its_body_is_read_is_not_waited_for_again() -> None:
    connection = Connection()

    class Pausing(io.RawIOBase):
        reads = 0

        def read(self, _: int = -1) -> bytes:
            assert connection.patience == [PAUSE_SEC]
            self.reads += 1
            raise TimeoutError

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        with pytest.raises(BodyStalled):
            environ["wsgi.input"].read()
        start_response("400 Bad Request", [])
        return [b""]

    body = Pausing()
    _, _, headers = run_wsgi_app(
        ReadToTheEnd(application), {"wsgi.input": body, "gunicorn.socket": connection, "wsgi.errors": sys.stderr}
    )
    assert body.reads == 1
    assert headers.to_wsgi_list() == [("Connection", "close")]
    assert connection.patience[-1] is None


class Stalled(io.RawIOBase):
    """A body that never arrives."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise TimeoutError

    def read(self, _: int = -1) -> bytes:
        raise TimeoutError


def posted(app: Flask, path: str, kind: str) -> tuple[str, bytes]:
    """Status and body of the answer to a request whose body stalls."""
    environ = EnvironBuilder(path, method="POST", content_type=kind).get_environ()
    environ |= {"wsgi.input": Stalled(), "wsgi.input_terminated": True, "CONTENT_LENGTH": "100"}  # as gunicorn does
    answer, status, _ = run_wsgi_app(ReadToTheEnd(app), environ)
    return status, b"".join(answer)


def test_a_body_that_stalls_is_a_408_of_a_function() -> None:
    app = Flask(__name__)
    http_errors.register(app)

    @app.post("/")
    def read() -> bytes:
        return request.stream.read()

    status, body = posted(app, "/", "text/csv")
    assert status.startswith("408")
    assert b'"REQUEST_TIMEOUT"' in body


def test_a_body_that_stalls_is_a_408_of_the_pages() -> None:
    app = create_app(Settings.model_validate({"api_url": "http://api.invalid"}))
    assert posted(app, "/preferences", "application/x-www-form-urlencoded")[0].startswith("408")
