"""The pause of one function: while it is away nothing is fetched for it, and what is held tries ever less often."""

import asyncio
import random
from typing import Final

FIRST_SEC: Final = 0.1
LONGEST_SEC: Final = 15.0


class Gate:
    """Open, or shut until the function answers; meanwhile what is held may try at moments ever further apart."""

    def __init__(self) -> None:
        self._shut = False
        self._until = 0.0
        self._pause_sec = FIRST_SEC
        self._changed = asyncio.Event()
        self.ended = False

    @property
    def is_open(self) -> bool:
        """Whether new messages may be fetched: the last word of the function was an answer."""
        return not self.ended and not self._shut

    def shut(self, at_least_sec: float | None = None) -> None:
        """The function is away. Several requests that fail together make one longer pause, not several."""
        if self.rest_sec() > 0:
            return
        self._shut = True
        pause = max(self._pause_sec, min(at_least_sec or 0.0, LONGEST_SEC))
        self._until = asyncio.get_running_loop().time() + pause * random.uniform(0.8, 1.2)  # noqa: S311  (jitter)
        self._pause_sec = min(self._pause_sec * 2, LONGEST_SEC)
        self._changed.clear()

    def open(self) -> None:
        """The function has answered."""
        self._shut = False
        self._until = 0.0
        self._pause_sec = FIRST_SEC
        self._changed.set()

    def end(self) -> None:
        """Nothing goes through any more; whoever waits is told."""
        self.ended = True
        self._changed.set()

    async def wait(self) -> bool:
        """Wait until a held message may be tried; False when nothing may any more."""
        while not self.ended and (rest := self.rest_sec()) > 0:
            try:
                async with asyncio.timeout(rest):
                    await self._changed.wait()
            except TimeoutError:
                break
        return not self.ended

    def rest_sec(self) -> float:
        """Seconds until what is held may be tried; 0 or less where it may be now."""
        return self._until - asyncio.get_running_loop().time()
