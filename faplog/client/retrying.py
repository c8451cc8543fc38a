"""When a failed request is repeated, and after how long."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeVar

from faplog.client.errors import ApiError, FaplogError, Unreachable

FIRST_WAIT_SEC: Final = 1.0
LONGEST_WAIT_SEC: Final = 30.0
REPEATABLE: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
BROKEN_OFF: Final = {"UPLOAD_INCOMPLETE", "REQUEST_INCOMPLETE"}
"""Codes of a 400 that says that the request did not arrive whole."""

T = TypeVar("T")


def is_repeatable(error: FaplogError) -> bool:
    """Return whether the same request may be accepted later, because the cause is not its content."""
    if isinstance(error, ApiError):
        return error.status in REPEATABLE or error.code in BROKEN_OFF
    return isinstance(error, Unreachable)


def backoff() -> Iterator[float]:
    """Yield the waits between tries, in seconds: each twice the last, up to the longest."""
    wait = FIRST_WAIT_SEC
    while True:
        yield wait
        wait = min(2 * wait, LONGEST_WAIT_SEC)


def repeated(
    request: Callable[[], T],
    *,
    patience_sec: float,
    sleep: Callable[[float], None],
    on_wait: Callable[[FaplogError, float], None],
) -> T:
    """Return what the request returns; repeat it where that may help.

    Args:
        request: What is tried.
        patience_sec: How long to wait in total. What would take longer is not waited for.
        sleep: Waits the given number of seconds.
        on_wait: Called before each wait with the reason and the seconds.

    Raises:
        FaplogError: The last try's, if repeating does not help or the patience is used up.
    """
    waited = 0.0
    for wait in backoff():
        try:
            return request()
        except FaplogError as error:
            asked = error.retry_after_sec if isinstance(error, ApiError) else None
            pause = wait if asked is None else max(asked, 0.0)
            if not is_repeatable(error) or waited + pause > patience_sec:
                raise
            on_wait(error, pause)
        sleep(pause)
        waited += pause
    raise AssertionError("backoff ends never")


def retry_after_sec(header: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for; None if there is none, or it cannot be read."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())
