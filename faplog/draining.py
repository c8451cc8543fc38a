"""Reads request bodies to their end before the answer goes out.

A server that answers and closes while a body is still coming resets the connection. The proxy in front then loses the
answer and says 502, or its client does.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

DRAIN_BYTES: Final = 40 << 20
"""How much of an unread body is read; more than the edge lets through."""

DRAIN_SEC: Final = 30
"""How long that may take."""

_CHUNK: Final = 64 * 1024

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class ReadToTheEnd:
    """WSGI middleware for every program of ours under gunicorn: the rest of a body is read when its answer begins."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; the connection is closed where not all of its body was read."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            stalled = status.startswith(str(HTTPStatus.REQUEST_TIMEOUT.value))
            if stalled or not drain(environ):
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, exc_info)

        return self._application(environ, start)


def drain(environ: Environ) -> bool:
    """Read what is left of the body of a request, within `DRAIN_BYTES` and `DRAIN_SEC`; whether that was all of it."""
    body = environ["wsgi.input"]
    connection = environ.get("gunicorn.socket")
    until = time.monotonic() + DRAIN_SEC
    left = DRAIN_BYTES
    try:
        while left > 0 and (patience := until - time.monotonic()) > 0:
            if connection is not None:
                connection.settimeout(patience)
            chunk = body.read(_CHUNK)
            if not chunk:
                return True
            left -= len(chunk)
    except Exception:  # noqa: BLE001  (the client is gone, stalls, or sent no HTTP: gunicorn has an error for each)
        return False
    finally:
        if connection is not None:
            connection.settimeout(None)
    return False
