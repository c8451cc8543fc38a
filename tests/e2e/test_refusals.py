"""A refusal arrives as itself, however much of the request was still to come (the long form is in tests/chaos)."""

import socket
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest

from tests.conftest import Stack
from tests.e2e.account import Account
from tests.e2e.refusing import (
    CHUNKED,
    EXPECT,
    HAS_HTTP2,
    HTTP1,
    HTTP2,
    NO_EXPECT,
    await_answer,
    begin_upload,
    file_of,
    needs_curl,
    upload,
)

WAYS = [*product((HTTP1, HTTP2), (EXPECT, NO_EXPECT)), (HTTP1, CHUNKED)]
SLOW_MB = 19.9
SLOW_RATE = "150k"
"""Bytes a second: 133 s for such a file, longer than a function may run."""


@pytest.fixture(scope="module")
def account(stack: Stack) -> Iterator[Account]:
    account = Account(stack)
    yield account
    account.http.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("refusals")


@pytest.fixture(scope="module", autouse=True)
def slow_phones(stack: Stack, account: Account, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Slow uploads over HTTP/1.1 and HTTP/2, on their way from this module's first test to its last."""
    token = account.access_token
    options = ("--limit-rate", SLOW_RATE, "--max-time", "280")
    address, file = f"{stack.url}/api/v1/analyses", file_of(folder, SLOW_MB)
    ways = (HTTP1, HTTP2) if HAS_HTTP2 else ()
    begun = {way: begin_upload(address, file, token, way, *options) for way in ways}
    yield begun
    for curl in begun.values():
        curl.kill()
        with curl:
            pass  # closes the pipe and waits for the end


@needs_curl
@pytest.mark.parametrize(("way", "header"), WAYS)
@pytest.mark.parametrize("megabytes", [1, 12, 20.3, 23.1])
def test_without_a_session(stack: Stack, folder: Path, megabytes: float, way: str, header: str) -> None:
    heard = upload(f"{stack.url}/api/v1/analyses", file_of(folder, megabytes), "bad", way, "-H", header)
    assert (heard.exit_code, heard.status) == (0, 401)
    assert heard.body["statusCode"] == 401


@needs_curl
@pytest.mark.parametrize(("way", "header"), WAYS)
@pytest.mark.parametrize("megabytes", [21.1, 23.1, 39.9])
def test_a_file_that_is_too_large(
    stack: Stack, account: Account, folder: Path, megabytes: float, way: str, header: str
) -> None:
    token = account.access_token
    heard = upload(f"{stack.url}/api/v1/analyses", file_of(folder, megabytes), token, way, "-H", header)
    assert (heard.exit_code, heard.status) == (0, 413)
    assert "20 MB" in heard.body["message"]


@needs_curl
@pytest.mark.parametrize("header", [EXPECT, NO_EXPECT])
def test_beyond_the_edges_own_limit(stack: Stack, folder: Path, header: str) -> None:
    heard = upload(f"{stack.url}/api/v1/analyses", file_of(folder, 41), "bad", HTTP1, "-H", header)
    assert heard.status == 413
    assert (heard.body["statusCode"], heard.body["error"]) == (413, "Request Entity Too Large")


@pytest.mark.parametrize("path", ["/api/v1/analyses", "/api/v1/a%2fb", "/upload"])
def test_beyond_that_limit_no_client_is_told_to_go_on(stack: Stack, path: str) -> None:
    """A client that is told so goes on sending while the edge hangs up, and may lose the answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 41000000\r\n{EXPECT}\r\n\r\n"
    url = httpx.URL(stack.url)
    with socket.create_connection((url.host, url.port), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("POST", "/api/v1/auth/login", "application/json", 413),
        ("POST", "/api/v1/auth/login", "text/plain", 413),
        ("PUT", "/api/v1/auth/login", "application/json", 405),
        ("GET", "/api/v1/nothing", "application/json", 404),
        ("DELETE", "/api/v1/analyses/00000000-0000-0000-0000-000000000000", "application/json", 401),
        ("POST", "/analyse", "multipart/form-data; boundary=B", 401),
        ("POST", "/", "application/x-www-form-urlencoded", 405),
        ("POST", "/nothing", "application/x-www-form-urlencoded", 404),
    ],
)
def test_whatever_else_is_refused_unread(stack: Stack, method: str, path: str, kind: str, status: int) -> None:
    for _ in range(3):
        body = bytes(19_000_000)
        answer = httpx.request(method, stack.url + path, content=body, headers={"Content-Type": kind}, timeout=120)
        assert answer.status_code == status


@pytest.mark.parametrize("path", ["/api/v1/..%2f..%2fx", "/api/v1/a%5Cb", "/api/v1/a%00b", "/a%25b", "/analyse%3b"])
def test_an_encoding_no_address_has(stack: Stack, path: str) -> None:
    answer = httpx.get(stack.url + path)
    assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)


@needs_curl
@pytest.mark.parametrize(("way", "header"), WAYS)
@pytest.mark.parametrize("megabytes", [1, 19])
@pytest.mark.parametrize("path", ["/api/v1/ana%2flyses", "/a%00b"])
def test_an_upload_to_an_encoding_no_address_has(
    stack: Stack, folder: Path, path: str, megabytes: float, way: str, header: str
) -> None:
    heard = upload(stack.url + path, file_of(folder, megabytes), "bad", way, "-H", header)
    assert (heard.exit_code, heard.status) == (0, 400)
    assert heard.body["statusCode"] == 400


@pytest.mark.parametrize("path", ["/api/v1/%ff", "/api/v1/analyses/%c3%28", "/analyse/%ff"])
def test_an_address_that_is_no_utf_8(stack: Stack, path: str) -> None:
    answer = httpx.get(stack.url + path)
    assert (answer.status_code, answer.json()["statusCode"]) == (404, 404)


def test_clients_cannot_request_the_bodies_of_refusals(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url}/refusals/413")
    assert answer.status_code == 404


@needs_curl
@pytest.mark.parametrize("way", [HTTP1, HTTP2])
def test_a_slow_phone_has_the_time_it_needs(slow_phones: dict[str, subprocess.Popen[bytes]], way: str) -> None:
    """Last, so that the other tests pass meanwhile."""
    answer = await_answer(slow_phones[way])
    assert (answer.exit_code, answer.status) == (0, 202)
