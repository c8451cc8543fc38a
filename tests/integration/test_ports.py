"""Every port of a running system, and what a local user without any credential gets there: health, and nothing else."""

import json
import os
import socket
import ssl
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import psycopg
import pytest

from standalone.ports import HOST
from tests.conftest import Stack, until
from tests.listening import assigned, listening, unix_sockets

pytestmark = pytest.mark.stack

PATIENCE_SEC: Final = 60.0
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""How a gRPC client without TLS begins; a server that takes it answers with its settings."""
REQUEST: Final = b"GET /col/delete?collection=faplog HTTP/1.1\r\nHost: x\r\n\r\n"
TLS_ALERT: Final = 0x15
Port = Callable[[Stack, int], None]


def status(port: int, path: str, method: str = "GET", **more: object) -> tuple[int, str]:
    answer = httpx.request(method, f"http://{HOST}:{port}{path}", timeout=PATIENCE_SEC, trust_env=False, **more)  # type: ignore[arg-type]
    return answer.status_code, answer.text


def answer_by_tls(port: int, protocol: str, words: bytes) -> bytes:
    """Return the first bytes a client without a certificate gets; with TLS 1.3 a refusal comes only here."""
    stranger = ssl.create_default_context()
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    stranger.set_alpn_protocols([protocol])
    with (
        socket.create_connection((HOST, port), timeout=PATIENCE_SEC) as plain,
        stranger.wrap_socket(plain) as secured,
    ):
        secured.sendall(words)
        return secured.recv(4096)


def refuses_without_certificate(_: Stack, port: int) -> None:
    """Neither TLS without the client certificate nor plain HTTP/1 or HTTP/2 gets an answer of the program behind."""
    for protocol, words in (("h2", PREFACE), ("http/1.1", REQUEST)):
        with pytest.raises(OSError, match=r"(?i)certificate|reset"):
            answer_by_tls(port, protocol, words)
    for words in (PREFACE, REQUEST):
        with socket.create_connection((HOST, port), timeout=PATIENCE_SEC) as plain:
            plain.sendall(words)
            said = b""
            try:
                while more := plain.recv(4096):
                    said += more
            except ConnectionResetError:
                pass
        assert not said or said[0] == TLS_ALERT or b"Client sent an HTTP request to an HTTPS server" in said, said


def wants_signed_requests(stack: Stack, port: int) -> None:
    bucket = stack.runtime["s3"]["bucket"]
    for path in ("/healthz", "/status"):
        assert status(port, path) == (200, "")
    for path in ("/", f"/{bucket}", f"/{bucket}?list-type=2", f"/{bucket}/logs/x", "/metrics", "/debug/pprof/"):
        assert status(port, path)[0] == 403, path
    for method in ("PUT", "DELETE", "POST"):
        for path in (f"/{bucket}", f"/{bucket}/logs/x", f"/{bucket}?delete", "/another"):
            assert status(port, path, method)[0] in {400, 403, 405, 411}, (method, path)
    asked = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    preflight = httpx.options(f"http://{HOST}:{port}/{bucket}/x", headers=asked, timeout=PATIENCE_SEC)
    assert preflight.headers.get("Access-Control-Allow-Origin") not in {"*", asked["Origin"]}
    for action in ("ListUsers", "CreateUser", "CreateAccessKey", "AssumeRole", "AssumeRoleWithWebIdentity"):
        code, said = status(port, "/", "POST", data={"Action": action, "Version": "2010-05-08"})
        assert code >= 400, (action, said)
        assert "AccessKeyId" not in said


def wants_a_nats_user(_: Stack, port: int) -> None:
    for who in ("{}", '{"user":"api","pass":""}', '{"user":"connector","pass":"connector"}'):
        with socket.create_connection((HOST, port), timeout=PATIENCE_SEC) as connection:
            lines = connection.makefile("rwb")
            greeting = json.loads(lines.readline().removeprefix(b"INFO "))
            assert greeting["auth_required"] is True
            lines.write(b"CONNECT " + who.encode() + b"\r\nPUB analysis.request 2\r\n{}\r\nPING\r\n")
            lines.flush()
            assert lines.readline() == b"-ERR 'Authorization Violation'\r\n"


def has_nothing_without_its_secret_path(_: Stack, port: int) -> None:
    pages = ("", "healthz", "varz", "connz", "routez", "subsz", "jsz", "accountz", "accstatz", "stacksz", "debug/vars")
    for page in (*pages, "leafz", "gatewayz", "ipqueuesz", "raftz", "expvarz", "debug/pprof/"):
        assert status(port, f"/{page}")[0] == 404, page


def wants_a_database_password(_: Stack, port: int) -> None:
    for user in ("postgres", "faplog_owner", "faplog_api", "faplog_worker"):
        for name in ("faplog", "postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match=r"no password supplied|authentication failed"):
                psycopg.connect(host=HOST, port=port, user=user, dbname=name, passfile="/dev/null")


def shows_health_alone(_: Stack, port: int) -> None:
    for path in ("/healthz", "/readyz"):
        code, said = status(port, path)
        assert (code, set(json.loads(said))) == (200, {"status", "nats", "functions"})
    assert status(port, "/metrics")[0] == 401
    assert status(port, "/metrics", headers={"Authorization": "Bearer guess"})[0] == 401
    assert status(port, "/")[0] == 404


def takes_messages_of_the_connector_alone(_: Stack, port: int) -> None:
    """`GET /health` is open, and so is trying out a function on what one sends along; it keeps and knows nothing."""
    assert status(port, "/health") == (200, "ok")
    for topic in ("analysis.request", "average.request", "analysis.result", "average.result"):
        for secret in ("", "guess"):
            headers = {"X-Topic": topic, "X-Connector-Secret": secret}
            code, said = status(port, "/", "POST", json={"pattern": topic, "data": {}}, headers=headers)
            assert code in {401, 403}, said
    assert status(port, "/metrics")[0] == 404


def is_the_api(stack: Stack, port: int) -> None:
    takes_messages_of_the_connector_alone(stack, port)
    wants_a_session(stack, port)


def wants_a_session(_: Stack, port: int) -> None:
    for path in ("/api/v1/analyses", "/api/v1/average", "/api/v1/account/export"):
        assert status(port, path)[0] == 401, path
    for method, path in (("POST", "/api/v1/analyses"), ("DELETE", "/api/v1/account")):
        assert status(port, path, method)[0] in {401, 403}, path


def is_the_pages(_: Stack, port: int) -> None:
    assert status(port, "/health") == (200, "ok")
    assert status(port, "/metrics")[0] == 404


def is_the_edge(stack: Stack, port: int) -> None:
    wants_a_session(stack, port)
    for path in ("/metrics", "/api/rawdata", "/dashboard/", "/ping", "/debug/pprof/"):
        assert status(port, path)[0] == 404, path


PORTS: Final[dict[str, Port]] = {
    "edge": is_the_edge,
    "ui": is_the_pages,
    "api": is_the_api,
    "analyse": takes_messages_of_the_connector_alone,
    "average": takes_messages_of_the_connector_alone,
    "connector": shows_health_alone,
    "postgres": wants_a_database_password,
    "nats": wants_a_nats_user,
    "nats-monitor": has_nothing_without_its_secret_path,
    "s3-s3": wants_signed_requests,
    **{f"s3-{part}": refuses_without_certificate for part in ("master", "volume", "filer", "admin")},
    **{f"s3-{part}-grpc": refuses_without_certificate for part in ("s3", "master", "volume", "filer", "admin")},
}
"""The whole list. A port that is new gets a line here, and with it an answer to what it gives away."""


def test_no_port_is_open_that_is_not_in_the_list(stack: Stack) -> None:
    assert set(listening(stack)) == set(PORTS)


@pytest.mark.parametrize("name", PORTS)
def test_a_port_gives_nothing_to_a_stranger(stack: Stack, name: str) -> None:
    PORTS[name](stack, assigned(stack)[name])


def test_no_other_user_can_open_a_socket(stack: Stack) -> None:
    sockets = unix_sockets(stack)
    assert sockets
    for path in sockets:
        private = stack.state in path.parents
        mode = stat.S_IMODE(path.stat().st_mode)
        assert private or (mode & (stat.S_IWGRP | stat.S_IWOTH) == 0 and path.stat().st_uid == os.geteuid()), path
    assert stat.S_IMODE(stack.state.stat().st_mode) == 0o700


def test_the_certificate_of_one_start_is_refused_by_the_next(stack: Stack, tmp_path: Path) -> None:
    """Only the key beside the running server opens its ports; one made the same way does not."""
    from standalone import certificate

    files = certificate.make(tmp_path)
    other = ssl.create_default_context()
    other.check_hostname, other.verify_mode = False, ssl.CERT_NONE
    other.load_cert_chain(files.certificate, files.key)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"https://{HOST}:{assigned(stack)['s3-master']}/dir/status", verify=other, timeout=PATIENCE_SEC)


def test_the_connectors_counters_are_there_for_who_has_the_token(stack: Stack) -> None:
    assert "faplog_connector_connected 1.0" in until(stack.connector_metrics, what="the counters")
