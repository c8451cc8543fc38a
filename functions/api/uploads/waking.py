"""Starts the function `analyse` while the file of an upload still arrives, where that function sleeps."""

import contextlib
import time
from threading import Lock, Thread
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

from faplog import reachable

WAKE_EVERY_SEC: Final = 20.0
"""How long after a request a function counts as awake: functions sleep after a minute at the earliest."""
TIMEOUT: Final = urllib3.Timeout(connect=1.0, read=0.2)
"""A function that starts answers later. Its scaler would count a request that waits on as work for a second replica."""
PATIENCE_SEC: Final = 4.0
"""How long a connection is awaited: a cluster's network refuses those of a new pod for a second or two."""


class Waker:
    """Asks one function for its health, at most once in `WAKE_EVERY_SEC` and without waiting for the answer.

    Being asked is what starts it. The message that follows the upload shows whether it works.
    """

    def __init__(self, url: str | None) -> None:
        """Wake the function whose root has this address, or none."""
        self._url = url and url.rstrip("/") + "/health"
        self._lock = Lock()
        self._asked_at = float("-inf")

    def wake(self) -> None:
        """Ask in the background, unless it was asked a moment ago; returns at once."""
        if self._url is None:
            return
        now = time.monotonic()
        with self._lock:
            if now - self._asked_at < WAKE_EVERY_SEC:
                return
            self._asked_at = now
        Thread(target=ask, args=(self._url,), name="wake", daemon=True).start()


def ask(url: str) -> None:
    """Ask at this address once it takes a connection, whatever comes of it."""
    if reachable.wait_for(reachable.http_address(url), PATIENCE_SEC):
        with contextlib.suppress(HTTPError):
            urllib3.request("GET", url, timeout=TIMEOUT, retries=False, redirect=False)
