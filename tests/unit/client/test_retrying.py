"""When the client repeats a request, and after how long."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice

import pytest

from faplog.client import ApiError, FaplogError, NotFaplog, Unreachable
from faplog.client.retrying import backoff, is_repeatable, repeated, retry_after_sec

NOW = datetime(2025, 2, 3, 12, 0, tzinfo=UTC)


def api_error(status: int, code: str = "X", retry_after: float | None = None) -> ApiError:
    return ApiError("A sentence.", status=status, code=code, params={}, retry_after_sec=retry_after)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (api_error(429), True),
        (api_error(503), True),
        (api_error(408), True),
        (api_error(400, "UPLOAD_INCOMPLETE"), True),
        (api_error(400, "NOT_TEXT"), False),
        (api_error(401), False),
        (api_error(413, "QUOTA_EXCEEDED"), False),
        (api_error(500), False),
        (Unreachable("away"), True),
        (NotFaplog("a router"), False),
    ],
)
def test_only_what_may_be_accepted_later_is_repeated(error: FaplogError, expected: bool) -> None:
    assert is_repeatable(error) is expected


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    assert list(islice(backoff(), 7)) == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        ("Mon, 03 Feb 2025 12:00:30 GMT", 30.0),
        ("Mon, 03 Feb 2025 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, expected: float | None) -> None:
    assert retry_after_sec(header, NOW) == expected


def failing(*errors: FaplogError) -> Callable[[], str]:
    left = list(errors)

    def request() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return request


def waits(request: Callable[[], str], patience: float) -> tuple[str | FaplogError, list[float]]:
    slept: list[float] = []
    told: list[float] = []
    try:
        result: str | FaplogError = repeated(
            request, patience_sec=patience, sleep=slept.append, on_wait=lambda _, seconds: told.append(seconds)
        )
    except FaplogError as error:
        result = error
    assert told == slept
    return result, slept


def test_the_server_says_how_long_to_wait() -> None:
    request = failing(api_error(429, retry_after=7), api_error(503, retry_after=0), Unreachable("away"))
    assert waits(request, 60) == ("done", [7, 0, 4])


def test_what_does_not_help_to_repeat_is_raised_at_once() -> None:
    refused = api_error(400)
    assert waits(failing(refused), 60) == (refused, [])


def test_the_last_error_is_raised_when_the_patience_is_used_up() -> None:
    away = [Unreachable(str(number)) for number in range(9)]
    assert waits(failing(*away), 10) == (away[3], [1, 2, 4])


def test_a_wait_beyond_the_patience_is_not_begun() -> None:
    busy = api_error(429, retry_after=3600)
    assert waits(failing(busy), 300) == (busy, [])
