"""An HTTP server on loopback that answers what the test says, in turn, and keeps what it was sent."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer; `drop` closes the connection instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    drop: bool = False


@dataclass(frozen=True)
class Request:
    """What was sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """Return an answer with a JSON body."""
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def refusal(status: int, code: str, message: str = "A sentence.", params: Any = None, **headers: str) -> Reply:
    """Return a refusal as the API writes it."""
    body = {"statusCode": status, "error": "Error", "message": message, "code": code, "params": params or {}}
    return as_json(body, status, **{name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Scripted:
    """The server: its address, the answers to come (the last one is repeated) and the requests so far."""

    url: str
    replies: list[Reply]
    requests: list[Request] = field(default_factory=list)


@contextmanager
def scripted(*replies: Reply) -> Iterator[Scripted]:
    """Serve the answers until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = self._chunks()
            made.requests.append(Request(self.command, self.path, dict(self.headers), body))
            reply = made.replies.pop(0) if len(made.replies) > 1 else made.replies[0]
            if reply.drop:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = _answer  # noqa: N815

        def _chunks(self) -> bytes:
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Scripted(f"http://127.0.0.1:{server.server_address[1]}", list(replies))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
