"""Waiting for a condition instead of a time."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")

LOOK_EVERY_SEC: Final = 0.25


class TooLate(Exception):
    """A condition did not become true in time; the message names it."""


def until(condition: Callable[[], Found | None], seconds: float, what: str, *, every: float = LOOK_EVERY_SEC) -> Found:
    """Return what the condition returns as soon as that is true.

    Raises:
        TooLate: It was not true within the seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TooLate(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)
