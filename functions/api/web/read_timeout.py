"""A time limit on reads from a client."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from flask import Request

from faplog.contracts.errors import ErrorCode
from faplog.draining import PAUSE_SEC
from faplog.http_errors import refused

_TIMEOUTS: Final = {"upload": ErrorCode.UPLOAD_TIMEOUT, "request": ErrorCode.REQUEST_TIMEOUT}
_INCOMPLETE: Final = {"upload": ErrorCode.UPLOAD_INCOMPLETE, "request": ErrorCode.REQUEST_INCOMPLETE}


@contextmanager
def read_timeout(request: Request, what: Literal["upload", "request"]) -> Iterator[None]:
    """Limit how long a read from the client may block. gunicorn sets no limit itself and has few threads.

    Args:
        request: The current request.
        what: What is read; it decides the error code.

    Raises:
        RequestTimeout: Nothing arrived for `PAUSE_SEC`.
        BadRequest: The client closed the connection.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(PAUSE_SEC)
    try:
        yield
    except TimeoutError:
        raise refused(_TIMEOUTS[what]) from None
    except OSError:
        raise refused(_INCOMPLETE[what]) from None
    finally:
        if connection is not None:
            connection.settimeout(None)
