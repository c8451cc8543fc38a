"""One POST to real HTTP servers on loopback, which fail, hang, redirect, drip, talk without end, or are others."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from faplog.contracts.errors import ErrorCode
from functions.api.notifications import addresses, http_client
from functions.api.notifications.addresses import BadReceiver, parse
from functions.api.notifications.http_client import MAX_ANSWER_BYTES, NotDelivered, post
from standalone import certificate
from standalone.ports import HOST
from tests.conftest import free_port
from tests.receivers import ERROR, NO_CONTENT, OK, Received, Receiver, receiving, saying, silent

SOON_SEC = 0.5
"""A deadline for receivers that never answer."""


def deliver(url: str, *, allow_private: bool = True, **more: Any) -> None:
    post(parse(url), b'{"a": 1}', {"Webhook-Id": "key"}, allow_private=allow_private, **more)


def failed(url: str, **more: Any) -> ErrorCode:
    with pytest.raises((NotDelivered, BadReceiver)) as refused:
        deliver(url, **more)
    return refused.value.code


@pytest.mark.parametrize(
    "answer", [OK, NO_CONTENT, b"HTTP/1.0 202 Accepted\r\n\r\n", OK.replace(b"200 OK", b"299 Odd")]
)
def test_a_receiver_that_takes_it(answer: bytes) -> None:
    with receiving(saying(answer)) as server:
        deliver(server.url + "?a=b")
    [request] = server.received
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.body == b'{"a": 1}'
    assert request.headers["host"] == f"{HOST}:{server.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "key"
    assert not request.headers.keys() & {"cookie", "authorization", "traceparent", "referer"}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving() as other:
        location = f"HTTP/1.1 {status} Moved\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
        with receiving(saying(location.encode())) as server:
            assert failed(server.url) is ErrorCode.RECEIVER_REDIRECTS
        assert other.connections == 0
        assert len(server.received) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503, 599])
def test_a_receiver_that_refuses(status: int) -> None:
    with (
        receiving(saying(ERROR.replace(b"500", str(status).encode()))) as server,
        pytest.raises(NotDelivered) as refused,
    ):
        deliver(server.url)
    assert refused.value.code is ErrorCode.RECEIVER_REFUSED
    assert refused.value.params == {"http_status": status}


def endless(start: bytes, piece: bytes) -> Callable[[Receiver, socket.socket, Received], None]:
    """Talks until the client has left."""

    def answer(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        connection.sendall(start)
        with suppress(OSError):
            while not receiver.stopped.is_set():
                connection.sendall(piece)

    return answer


def drip(receiver: Receiver, connection: socket.socket, request: Received) -> None:
    """Send one byte of a head that never ends, again and again."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    with suppress(OSError):
        while not receiver.stopped.wait(0.02):
            connection.sendall(b"x")


def hang_up(receiver: Receiver, connection: socket.socket, request: Received) -> None:
    """End the connection without an answer."""


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), ErrorCode.RECEIVER_ANSWER_INVALID),
        (saying(b"\x00\x01\x02\x03\r\n\r\n"), ErrorCode.RECEIVER_ANSWER_INVALID),
        (saying(b"HTTP/1.1 200"), ErrorCode.RECEIVER_ANSWER_INVALID),
        (saying(b"HTTP/1.1 abc OK\r\n\r\n"), ErrorCode.RECEIVER_ANSWER_INVALID),
        (hang_up, ErrorCode.RECEIVER_ANSWER_INVALID),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096), ErrorCode.RECEIVER_ANSWER_INVALID),
        (endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100), ErrorCode.RECEIVER_ANSWER_INVALID),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), ErrorCode.RECEIVER_ANSWER_INVALID),
    ],
)
def test_an_answer_that_is_none(answer: Any, code: ErrorCode) -> None:
    with receiving(answer) as server:
        assert failed(server.url) is code


def test_a_huge_body_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
    with receiving(endless(head, b"x" * 65536)) as server:
        deliver(server.url)


def test_at_most_so_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    recv = socket.socket.recv

    def counting(self: socket.socket, size: int, *flags: int) -> bytes:
        data = recv(self, size, *flags)
        if size <= MAX_ANSWER_BYTES:
            read.append(len(data))
        return data

    monkeypatch.setattr(socket.socket, "recv", counting)
    with receiving(endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 4096)) as server:
        failed(server.url)
    assert 0 < sum(read) <= MAX_ANSWER_BYTES


@pytest.mark.parametrize("answer", [silent, drip])
def test_a_receiver_that_hangs(answer: Any) -> None:
    """The deadline is for all of it: one that sends a byte now and then is given up just so."""
    with receiving(answer) as server:
        assert failed(server.url, deadline_sec=SOON_SEC) is ErrorCode.RECEIVER_TIMED_OUT


def test_a_receiver_that_answers_late_but_in_time() -> None:
    def late(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        receiver.stopped.wait(SOON_SEC)
        connection.sendall(OK)

    with receiving(late) as server:
        deliver(server.url, deadline_sec=60)


def test_nothing_listens() -> None:
    assert failed(f"http://{HOST}:{free_port()}/") is ErrorCode.RECEIVER_UNREACHABLE


def test_a_server_whose_queue_is_full_times_out() -> None:
    with socket.create_server((HOST, 0), backlog=0) as full:
        held = []
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
            held.append(waiting)
        code = failed(f"http://{HOST}:{full.getsockname()[1]}/", deadline_sec=SOON_SEC)
        for waiting in held:
            waiting.close()
    assert code is ErrorCode.RECEIVER_TIMED_OUT


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_no_way_of_writing_loopback_reaches_it(host: str) -> None:
    with receiving() as server:
        url = f"http://{host}:{server.port}/hook"
        assert failed(url, allow_private=False) is ErrorCode.RECEIVER_NOT_ALLOWED
        assert server.connections == 0


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Return a DNS whose answers change: each question gets the next. Returns the hosts that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, *rest: Any, **more: Any) -> list[Any]:
        if host != "receiver.example":
            return real(host, port, *rest, **more)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_is_rebound_after_the_check_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is checked and used; the second, loopback with a server on it, is never asked for."""
    asked = resolving(monkeypatch, ["192.0.2.1"], [HOST])
    monkeypatch.setattr(addresses, "is_public", lambda address: str(address) == "192.0.2.1")
    with receiving() as server:
        code = failed(f"http://receiver.example:{server.port}/hook", allow_private=False, deadline_sec=SOON_SEC)
        assert code in (ErrorCode.RECEIVER_UNREACHABLE, ErrorCode.RECEIVER_TIMED_OUT)
        assert server.connections == 0
    assert asked == ["receiver.example"]


def test_the_next_try_checks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["8.8.8.8"], [HOST])
    receiver = parse("http://receiver.example:8080/hook")
    assert [str(one) for one in addresses.resolve(receiver, allow_private=False)] == ["8.8.8.8"]
    assert failed(receiver.url, allow_private=False) is ErrorCode.RECEIVER_NOT_ALLOWED


def test_a_name_is_connected_at_its_checked_address_with_its_own_host_header(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["127.0.0.2", HOST])
    with receiving() as server:
        deliver(f"http://receiver.example:{server.port}/hook")
        assert server.received[0].headers["host"] == f"receiver.example:{server.port}"


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        deliver(server.url)
        assert (len(server.received), proxy.connections) == (1, 0)


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[tuple[Receiver, Path]]:
    """Yield a server with TLS, and the certificate it has for 127.0.0.1 alone."""
    files = certificate.make(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    names: list[str | None] = []
    context.sni_callback = lambda _connection, name, _: names.append(name)
    with receiving(context=context) as server:
        server.server_names = names
        yield server, files.certificate


def test_tls_with_a_certificate_of_a_trusted_authority(secured: tuple[Receiver, Path]) -> None:
    server, trusted = secured
    deliver(server.url, context=ssl.create_default_context(cafile=str(trusted)))
    assert len(server.received) == 1


def test_tls_with_a_certificate_without_a_trusted_authority(secured: tuple[Receiver, Path]) -> None:
    server, _ = secured
    assert failed(server.url) is ErrorCode.RECEIVER_TLS_FAILED
    assert server.received == []


def test_tls_names_the_host_and_checks_that_it_is_the_host(
    secured: tuple[Receiver, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, trusted = secured
    resolving(monkeypatch, [HOST])
    context = ssl.create_default_context(cafile=str(trusted))
    url = f"https://receiver.example:{server.port}/hook"
    assert failed(url, context=context) is ErrorCode.RECEIVER_TLS_FAILED
    assert server.server_names == ["receiver.example"]
    assert server.received == []


def test_the_machines_own_authorities_are_trusted_too(secured: tuple[Receiver, Path], tmp_path: Path) -> None:
    """Operators add theirs by SSL_CERT_FILE, which is read once a process."""
    server, trusted = secured
    code = (
        "from functions.api.notifications.addresses import parse; from functions.api.notifications.http_client import "
        f"post; post(parse({server.url!r}), b'1', {{}}, allow_private=True)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2]), "SSL_CERT_FILE": str(trusted)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(server.received) == 1


def test_http_spoken_to_a_tls_server_is_no_answer(secured: tuple[Receiver, Path]) -> None:
    server, _ = secured
    assert failed(server.url.replace("https", "http")) is ErrorCode.RECEIVER_ANSWER_INVALID


def test_the_deadline_of_a_try_fits_into_the_lease() -> None:
    from functions.api import mail
    from functions.api.notifications import outbox

    http_sec = addresses.RESOLVE_SEC + http_client.DEADLINE_SEC
    smtp_steps = 6  # connect, greeting, STARTTLS, login, envelope, data
    assert max(http_sec, smtp_steps * mail.TIMEOUT_SEC) < outbox.LEASE.total_seconds()
