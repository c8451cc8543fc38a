"""Starts the function `analyse` while the file of an upload still arrives, where that function sleeps."""

from threading import Lock
from time import monotonic
from typing import Final

from faplog import waking

WAKE_EVERY_SEC: Final = 20.0
"""How long after a request a function counts as awake: functions sleep after a minute at the earliest."""


class Waker:
    """Asks one function for its health, at most once in `WAKE_EVERY_SEC` and without waiting for the answer.

    The message that follows the upload shows whether it works.
    """

    def __init__(self, url: str | None) -> None:
        """Wake the function whose root has this address, or none."""
        self._url = url
        self._lock = Lock()
        self._asked_at = float("-inf")

    def wake(self) -> None:
        """Ask in the background, unless it was asked a moment ago; returns at once."""
        if self._url is None:
            return
        now = monotonic()
        with self._lock:
            if now - self._asked_at < WAKE_EVERY_SEC:
                return
            self._asked_at = now
        waking.wake(self._url)
