"""Work that a request leaves to be done after its response is sent."""

import socket
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial

from flask import Response, request


def run_after_response(response: Response, work: Callable[[], object]) -> Response:
    """Run the work in the request's thread and context after the response is sent. The work must not raise.

    The connection is closed first: a proxy would send its next request down the same connection, where it would wait
    for the work. gunicorn does not pass on a `Connection: close` header, so the socket itself is shut down.
    """
    if connection := request.environ.get("gunicorn.socket"):
        response.call_on_close(partial(_end_connection, connection))
    response.call_on_close(partial(copy_context().run, work))
    return response


def _end_connection(connection: socket.socket) -> None:
    with suppress(OSError):  # the client closed it already
        connection.shutdown(socket.SHUT_WR)
