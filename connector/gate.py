"""The back-off of one function: while it is not available nothing is fetched, and held messages retry less often."""

import asyncio
import random
from typing import Final

FIRST_SEC: Final = 0.1
LONGEST_SEC: Final = 15.0


class Gate:
    """Open while the function answers; shut with exponential back-off while it does not."""

    def __init__(self) -> None:
        self._shut = False
        self._until = 0.0
        self._pause_sec = FIRST_SEC
        self._changed = asyncio.Event()
        self.ended = False

    @property
    def is_open(self) -> bool:
        """Whether new messages may be fetched: the function answered the last request."""
        return not self.ended and not self._shut

    def shut(self, at_least_sec: float | None = None) -> None:
        """Start or prolong the pause. Requests that fail during a pause do not prolong it again.

        Args:
            at_least_sec: What the function asked for by `Retry-After`.
        """
        if self.rest_sec() > 0:
            return
        self._shut = True
        pause = max(self._pause_sec, min(at_least_sec or 0.0, LONGEST_SEC))
        self._until = asyncio.get_running_loop().time() + pause * random.uniform(0.8, 1.2)  # noqa: S311  (jitter)
        self._pause_sec = min(self._pause_sec * 2, LONGEST_SEC)
        self._changed.clear()

    def open(self) -> None:
        """End the pause and reset the back-off: the function has answered."""
        self._shut = False
        self._until = 0.0
        self._pause_sec = FIRST_SEC
        self._changed.set()

    def end(self) -> None:
        """Close for good and wake all waiting tasks."""
        self.ended = True
        self._changed.set()

    async def wait(self) -> bool:
        """Wait until a held message may be tried.

        Returns:
            False once the gate has ended.
        """
        while not self.ended and (rest := self.rest_sec()) > 0:
            try:
                async with asyncio.timeout(rest):
                    await self._changed.wait()
            except TimeoutError:
                break
        return not self.ended

    def rest_sec(self) -> float:
        """Return the seconds until a held message may be tried; 0 or less if it may be now."""
        return self._until - asyncio.get_running_loop().time()
