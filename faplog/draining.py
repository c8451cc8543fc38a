"""Reads request bodies to their end before the answer goes out.

A server that answers and closes while a body is still coming resets the connection. The proxy in front then loses the
answer and says 502, or its client does.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

PAUSE_SEC: Final = 20
"""How long a client may send nothing while the application reads a body; gunicorn itself would wait for ever."""

DRAIN_BYTES: Final = 40 << 20
"""A body is read up to here, what the application read of it included; more than the edge lets through."""

DRAIN_SEC: Final = 30
"""How long that may take."""

_CHUNK: Final = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class BodyStalled(TimeoutError):
    """The client sent nothing for `PAUSE_SEC` while the application read the body."""


class CountedBody:
    """The body of a request, which counts the bytes that were read of it, and knows whether its client stalled."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self.taken = 0
        self.stalled = False

    def read(self, size: int = -1) -> bytes:
        """Read as the body does."""
        try:
            data: bytes = self._body.read(size)
        except TimeoutError as error:
            self.stalled = True
            raise BodyStalled from error
        self.taken += len(data)
        return data

    def __getattr__(self, name: str) -> Any:
        """Everything else is the body's own."""
        return getattr(self._body, name)


class ReadToTheEnd:
    """WSGI middleware for every program of ours under gunicorn: bodies may pause for `PAUSE_SEC` while they are read.

    The rest of a body is read when its answer begins.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; the connection is closed where not all of its body was read."""
        body = environ["wsgi.input"] = CountedBody(environ["wsgi.input"])
        connection = environ.get("gunicorn.socket")
        if connection is not None:
            connection.settimeout(PAUSE_SEC)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            stalled = body.stalled or status.startswith(str(HTTPStatus.REQUEST_TIMEOUT.value))
            if stalled or not drain(body, connection):
                headers = [*headers, ("Connection", "close")]
            if connection is not None:
                connection.settimeout(None)
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


def drain(body: CountedBody, connection: Any) -> bool:
    """Read what is left of a body, within `DRAIN_BYTES` and `DRAIN_SEC`. Returns whether that was all of it."""
    until = time.monotonic() + DRAIN_SEC
    try:
        while body.taken <= DRAIN_BYTES and (patience := until - time.monotonic()) > 0:
            if connection is not None:
                connection.settimeout(patience)
            if not body.read(_CHUNK):
                return True
    except Exception:  # noqa: BLE001  (the client is gone, stalls, or sent no HTTP: gunicorn has an error for each)
        return False
    finally:
        if connection is not None:
            connection.settimeout(None)
    return False
