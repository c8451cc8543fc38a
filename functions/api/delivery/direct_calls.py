"""Direct calls of another function over HTTP: a body goes there, its answer comes back, and nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from faplog import telemetry
from faplog.errors import Unavailable

CONNECT_SEC: Final = 5.0


@dataclass(frozen=True, slots=True)
class DirectAnswer:
    """The status and the body of an answer."""

    status: int
    body: bytes


class DirectCalls:
    """A connection pool to one function. Nothing connects before the first call."""

    def __init__(self, function: str, url: str, *, read_sec: float, max_answer_bytes: int) -> None:
        """Make the pool.

        Args:
            function: The name of the function, for errors.
            url: Its address.
            read_sec: How long it may take, including its start if it was scaled to zero.
            max_answer_bytes: The longest answer that is read.
        """
        self._function = function
        self._url = url.rstrip("/") + "/"
        self._max_answer_bytes = max_answer_bytes
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_SEC, read=read_sec), retries=False)

    def post(self, body: IO[bytes], size: int, headers: Mapping[str, str], query: str = "") -> DirectAnswer:
        """Post a body, and return the answer, whatever its status.

        Args:
            body: The content; it is read from its beginning.
            size: Its length in bytes.
            headers: Its headers, with the content type.
            query: The query string.

        Raises:
            Unavailable: The function is away or took too long, or its answer is too long.
        """
        try:
            try:
                return self._post(body, size, headers, query)
            except ProtocolError:
                # A replica that stops may close the connection before it answers. A direct call stores nothing, so it
                # can be repeated.
                return self._post(body, size, headers, query)
        except HTTPError as error:
            raise self.unavailable(type(error).__name__) from error

    def unavailable(self, reason: str) -> Unavailable:
        """Return the error that says that the function did not answer as it should."""
        return Unavailable(f"the function {self._function} did not answer ({reason})")

    def _post(self, body: IO[bytes], size: int, headers: Mapping[str, str], query: str) -> DirectAnswer:
        body.seek(0)
        sent = {"Content-Length": str(size), **headers}
        if traceparent := telemetry.traceparent():
            sent["traceparent"] = traceparent
        address = f"{self._url}?{query}" if query else self._url
        response = self._http.request("POST", address, body=body, headers=sent, preload_content=False, redirect=False)
        try:
            content = response.read(self._max_answer_bytes + 1)
        finally:
            response.release_conn()
        if len(content) > self._max_answer_bytes:
            raise self.unavailable("its answer is too long")
        return DirectAnswer(response.status, content)
