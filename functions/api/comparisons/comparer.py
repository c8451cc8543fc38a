"""The function `average` as the API calls it for a comparison."""

from http import HTTPStatus
from typing import IO, Final

from faplog import telemetry
from faplog.contracts.comparison import COMPARISON
from faplog.contracts.messages import HEADER_SECRET

from ..delivery.direct_calls import DirectCalls

READ_SEC: Final = 60.0
"""How long a comparison may take, including the start of a function that was scaled to zero."""

MAX_RESULT_BYTES: Final = 1024 * 1024


class Comparer:
    """A connection pool to the function `average`. Nothing connects before the first call."""

    def __init__(self, url: str, secret: str) -> None:
        """Make the pool.

        Args:
            url: The address of the function.
            secret: The connector secret, which it asks for.
        """
        self._secret = secret
        self._calls = DirectCalls("average", url, read_sec=READ_SEC, max_answer_bytes=MAX_RESULT_BYTES)

    def compare(self, call: IO[bytes], size: int) -> bytes:
        """Return the JSON of the `Comparison` that a `ComparisonCall` asks for.

        Args:
            call: The JSON of the call; it is read from its beginning.
            size: Its length in bytes.

        Raises:
            Unavailable: The function is away, busy or took too long.
        """
        headers = {"Content-Type": COMPARISON, HEADER_SECRET: self._secret}
        with telemetry.span("compare", kind="client"):
            answer = self._calls.post(call, size, headers)
        if answer.status != HTTPStatus.OK:
            raise self._calls.unavailable(f"HTTP {answer.status}")
        return answer.body
