"""The function `analyse` as the API calls it for a trial: a log goes there, its analysis comes back."""

from http import HTTPStatus
from typing import IO, Any, Final
from urllib.parse import urlencode

import orjson

from faplog import telemetry
from faplog.contracts.direct import CSV, DirectCall
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_MB
from faplog.errors import Unavailable
from faplog.http_errors import Refused, refused, refused_with

from ..delivery.direct_calls import DirectAnswer, DirectCalls

READ_SEC: Final = 100.0
"""How long the analysis may take, including the start of a function that was scaled to zero. Less than the function
`api` itself may take."""

MAX_RESULT_BYTES: Final = 32 * 1024 * 1024


class Analyser:
    """A connection pool to the function `analyse`. Nothing connects before the first call."""

    def __init__(self, url: str) -> None:
        self._calls = DirectCalls("analyse", url, read_sec=READ_SEC, max_answer_bytes=MAX_RESULT_BYTES)

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
            answer = self._calls.post(log, size, {"Content-Type": CSV}, urlencode(call.query()))
        if answer.status != HTTPStatus.OK:
            raise self._refusal(answer)
        return answer.body

    def _refusal(self, answer: DirectAnswer) -> Refused | Unavailable:
        """Return what a failed call means for the client."""
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return refused(ErrorCode.UPLOAD_TOO_LARGE, max_mb=MAX_LOG_MB)
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            try:
                error: dict[str, Any] = orjson.loads(answer.body)
                return refused_with(HTTPStatus.UNPROCESSABLE_ENTITY, ErrorCode(error["code"]), error["params"])
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                return self._calls.unavailable("HTTP 422 without a code")
        return self._calls.unavailable(f"HTTP {answer.status}")
