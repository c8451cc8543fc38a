"""The function `analyse` as the API calls it for a trial: a log goes there, its analysis comes back."""

from http import HTTPStatus
from typing import IO, Any, Final
from urllib.parse import urlencode

import orjson
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError

from faplog import telemetry
from faplog.contracts.direct import CSV, DirectCall
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_MB
from faplog.errors import Unavailable
from faplog.http_errors import Refused, refused, refused_with

CONNECT_SEC: Final = 5.0
READ_SEC: Final = 100.0
"""How long the analysis may take, including the start of a function that was scaled to zero. Less than the function
`api` itself may take."""

MAX_RESULT_BYTES: Final = 32 * 1024 * 1024


class Analyser:
    """A connection pool to the function `analyse`. Nothing connects before the first call."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/"
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=CONNECT_SEC, read=READ_SEC), retries=False)

    def analyse(self, log: IO[bytes], size: int, call: DirectCall) -> bytes:
        """Return the JSON of the `DirectResult` for a log.

        Args:
            log: The file; it is read from its beginning.
            size: Its length in bytes.
            call: What the name of the file says.

        Raises:
            UnprocessableEntity: The log cannot be analysed; the code says why.
            RequestEntityTooLarge: The log is too large.
            Unavailable: The function is away, busy or took too long.
        """
        with telemetry.span("analyse a trial", kind="client"):
            try:
                return self._post(log, size, call)
            except ProtocolError:
                # A replica that stops may close the connection before it answers. A direct call stores nothing, so it
                # can be repeated.
                pass
            except HTTPError as error:
                raise _unavailable(type(error).__name__) from error
            try:
                return self._post(log, size, call)
            except HTTPError as error:
                raise _unavailable(type(error).__name__) from error

    def _post(self, log: IO[bytes], size: int, call: DirectCall) -> bytes:
        log.seek(0)
        headers = {"Content-Type": CSV, "Content-Length": str(size)}
        if traceparent := telemetry.traceparent():
            headers["traceparent"] = traceparent
        address = f"{self._url}?{urlencode(call.query())}"
        response = self._http.request("POST", address, body=log, headers=headers, preload_content=False, redirect=False)
        try:
            body = response.read(MAX_RESULT_BYTES + 1)
        finally:
            response.release_conn()
        if response.status != HTTPStatus.OK:
            raise _refusal(response.status, body)
        if len(body) > MAX_RESULT_BYTES:
            raise _unavailable("its answer is too long")
        return body


def _refusal(status: int, body: bytes) -> Refused | Unavailable:
    """Return what a failed call means for the client."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return refused(ErrorCode.UPLOAD_TOO_LARGE, max_mb=MAX_LOG_MB)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        try:
            error: dict[str, Any] = orjson.loads(body)
            return refused_with(HTTPStatus.UNPROCESSABLE_ENTITY, ErrorCode(error["code"]), error["params"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return _unavailable("HTTP 422 without a code")
    return _unavailable(f"HTTP {status}")


def _unavailable(reason: str) -> Unavailable:
    return Unavailable(f"the function analyse did not answer ({reason})")
