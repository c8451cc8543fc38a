"""What a request leaves to do once it is answered."""

import socket
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial

from flask import Response, request


def afterwards(response: Response, work: Callable[[], object]) -> Response:
    """Do the work in the request's thread and context, when the answer has been sent; it must raise nothing.

    The connection is ended first: a proxy would send the next request down the same one, where it waits for the work.
    gunicorn does not pass on a `Connection: close` of ours, so the socket is told.
    """
    if connection := request.environ.get("gunicorn.socket"):
        response.call_on_close(partial(_hang_up, connection))
    response.call_on_close(partial(copy_context().run, work))
    return response


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_WR)
