"""What a request leaves to do once it is answered."""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial

from flask import Response


def afterwards(response: Response, work: Callable[[], object]) -> Response:
    """Do the work in the request's thread and context, when the answer has been sent; it must raise nothing.

    The answer ends its connection: a proxy would send the next request down the same one, where it waits for the work.
    """
    response.headers["Connection"] = "close"
    response.call_on_close(partial(copy_context().run, work))
    return response
