"""HTTP servers on loopback that take notifications, and answer as a test says: well, badly, late or never."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from standalone.ports import HOST
from tests.conftest import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
ERROR = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """A server. `answer` is called for each request, and sends whatever it likes."""

    listener: socket.socket
    port: int
    answer: Callable[["Receiver", socket.socket, Received], None]
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    stopped: Event = field(default_factory=Event)
    server_names: list[str | None] = field(default_factory=list)
    context: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """A webhook at it."""
        return f"{'https' if self.context else 'http'}://{HOST}:{self.port}/hook"

    def wait(self, number: int = 1) -> list[Received]:
        """Return the requests, once there are so many."""
        until(lambda: len(self.received) >= number, what=f"{number} requests have come")
        return self.received

    def serve(self) -> None:
        """Take connections until it is stopped."""
        while not self.stopped.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            Thread(target=self._handle, args=[connection], daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.settimeout(60)
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                request = read_request(connection)
                if request is not None:
                    self.received.append(request)
                    self.answer(self, connection, request)


def read_request(connection: socket.socket) -> Received | None:
    """Return one request, or None if the client left before its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        if not (more := connection.recv(65536)):
            return None
        body += more
    return Received(line, headers, body)


def saying(answer: bytes) -> Callable[[Receiver, socket.socket, Received], None]:
    """Answers every request alike."""

    def say(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        connection.sendall(answer)

    return say


def silent(receiver: Receiver, connection: socket.socket, request: Received) -> None:
    """Never answers; keeps the connection until the server stops."""
    receiver.stopped.wait(60)


@contextmanager
def receiving(
    answer: Callable[[Receiver, socket.socket, Received], None] | None = None, context: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Yield a running server on a port of its own; it takes everything if not told otherwise."""
    listener = socket.create_server((HOST, 0))
    server = Receiver(listener, listener.getsockname()[1], answer or saying(OK), context=context)
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
