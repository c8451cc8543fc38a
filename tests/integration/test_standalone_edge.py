"""The one address in front of two stand-ins that say what reached them."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from standalone import edge
from standalone.ports import HOST, assign
from standalone.state import prepare
from standalone.unsupervised import running

pytestmark = pytest.mark.stack


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        port = self.connection.getsockname()[1]
        body = json.dumps({"port": port, "path": self.path, "headers": dict(self.headers), "size": size}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        for name in edge.INNER[1:]:
            self.send_header(name, "7")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, dict[int, str]]]:
    """Yield the port of an edge, and which stand-in has which port."""
    state = prepare(tmp_path_factory.mktemp("edge"))
    port = assign(state, ["edge"])["edge"]
    behind = {name: ThreadingHTTPServer((HOST, 0), Echo) for name in ("api", "ui")}
    for server in behind.values():
        threading.Thread(target=server.serve_forever, daemon=True).start()
    urls = {name: f"http://{HOST}:{server.server_port}" for name, server in behind.items()}
    program = edge.program(state, port, urls["api"], urls["ui"])
    try:
        with running(state, [program]):
            yield port, {server.server_port: name for name, server in behind.items()}
    finally:
        for server in behind.values():
            server.shutdown()
            server.server_close()


def ask(
    port: int, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and, where it was a success, what the stand-in says; a POST if there is a body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if answer.status == 200 else {}
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "name", "arrives"),
    [
        ("/", "ui", "/"),
        ("/analyses?page=2", "ui", "/analyses?page=2"),
        ("/api", "ui", "/api"),
        ("/api/v1/analyses?page=2", "api", "/api/v1/analyses?page=2"),
        ("/analyse", "api", "/api/v1/analyse"),
        ("/analyse/17", "api", "/api/v1/analyse/17"),
        ("/analyser", "ui", "/analyser"),
    ],
)
def test_what_goes_where(address: tuple[int, dict[int, str]], path: str, name: str, arrives: str) -> None:
    port, names = address
    status, echo = ask(port, path)
    assert (status, names[echo["port"]], echo["path"]) == (200, name, arrives)


def test_internal_headers_do_not_get_through(address: tuple[int, dict[int, str]]) -> None:
    """Nor the other spellings that Python's servers read as the same name."""
    sent = {"X-Topic": "a", "X-Connector-Secret": "b", "X_Topic": "c", "x.connector.secret": "d", "Accept": "e"}
    for path in ("/", "/api/v1/x", "/analyse"):
        _, echo = ask(address[0], path, sent)
        arrived = {name.lower() for name in echo["headers"]}
        assert "accept" in arrived
        assert not {name for name in arrived if "topic" in name or "secret" in name}


def test_a_client_cannot_say_who_it_is_forwarded_for(address: tuple[int, dict[int, str]]) -> None:
    _, echo = ask(address[0], "/api/v1/x", {"X-Forwarded-For": "203.0.113.9", "X-Real-Ip": "203.0.113.9"})
    assert "203.0.113.9" not in json.dumps(echo["headers"])


def test_bodies_up_to_the_limit(address: tuple[int, dict[int, str]]) -> None:
    port, _ = address
    status, echo = ask(port, "/api/v1/x", body=bytes(edge.MAX_BODY_BYTES))
    assert (status, echo["size"]) == (200, edge.MAX_BODY_BYTES)
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    connection.putrequest("POST", "/api/v1/x")
    connection.putheader("Content-Length", str(edge.MAX_BODY_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_no_encoded_slash(address: tuple[int, dict[int, str]]) -> None:
    assert ask(address[0], "/api/v1/..%2f..%2fx")[0] == 400


def test_there_is_no_dashboard(tmp_path: Path) -> None:
    edge.program(prepare(tmp_path), 20_000, "http://api", "http://ui")
    static = json.loads((tmp_path / "edge" / "traefik.yml").read_text("utf-8"))
    assert not {"api", "ping", "metrics"} & static.keys()
    assert static["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}


@pytest.mark.parametrize("path", ["/", "/api/v1/analyses", "/analyse", "/%2F"])
def test_servers_behind_the_edge_do_not_name_themselves(address: tuple[int, dict[int, str]], path: str) -> None:
    port, _ = address
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", path)
        said = {name.casefold() for name, _ in connection.getresponse().getheaders()}
    finally:
        connection.close()
    assert not said & {name.casefold() for name in edge.INNER}
