"""A limit on the requests of each API token, in the memory of this process.

It keeps one script from taking the service away from people. It is no protection against guesses, so it needs neither
a row in Postgres nor the same count in all replicas: with n replicas a token may send up to n times as much.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final
from uuid import UUID

BURST: Final = 1000
"""Requests that a token may send at once after a pause."""

PER_SEC: Final = 20.0
"""Requests per second that a token may send continuously."""

MANY: Final = 10_000
"""The number of tokens from which on those whose bucket is full again are forgotten."""


class RequestRates:
    """The token bucket of each key: full with `burst` requests, refilled with `per_sec` requests a second."""

    def __init__(
        self, burst: int = BURST, per_sec: float = PER_SEC, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst = burst
        self.per_sec = per_sec
        self._clock = clock
        self._full_at: dict[UUID, float] = {}
        self._lock = Lock()

    def take(self, key: UUID) -> float:
        """Count a request and return 0; or, if the bucket is empty, count nothing and return the seconds to wait."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.get(key, now), now) + 1 / self.per_sec
            wait = full_at - now - self.burst / self.per_sec
            if wait > 1e-9:  # less is rounding
                return wait
            self._full_at[key] = full_at
            if len(self._full_at) > MANY:
                self._full_at = {one: at for one, at in self._full_at.items() if at > now}
            return 0.0

    def __len__(self) -> int:
        """Return the number of tokens that are remembered."""
        return len(self._full_at)
