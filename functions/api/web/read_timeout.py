"""A time limit on reads from a client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Request
from werkzeug.exceptions import BadRequest, RequestTimeout

STALL_SEC: Final = 20
"""How long a client may send nothing."""


@contextmanager
def read_timeout(request: Request, what: str) -> Iterator[None]:
    """Limit how long a read from the client may block. gunicorn sets no limit itself and has few threads.

    Args:
        request: The current request.
        what: The name of what is read, for the error message.

    Raises:
        RequestTimeout: Nothing arrived for `STALL_SEC`.
        BadRequest: The client closed the connection.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(STALL_SEC)
    try:
        yield
    except TimeoutError:
        raise RequestTimeout(f"The {what} took too long.") from None
    except OSError:
        raise BadRequest(f"The {what} broke off before its end.") from None
    finally:
        if connection is not None:
            connection.settimeout(None)
