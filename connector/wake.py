"""Starts the function that will have work next while the one before it works, so that both start from zero at once."""

import asyncio
import contextlib
from typing import Final

import aiohttp

WAKE_EVERY_SEC: Final = 20.0
"""How long after a request a function counts as awake: functions sleep after a minute at the earliest."""
START_SEC: Final = 30.0
"""How long a start from zero may take."""


class Waker:
    """Asks one function for its health, at most once in `WAKE_EVERY_SEC` and without waiting for the answer.

    The answer is ignored: the message that follows shows whether the function works.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Wake the function whose root has this address."""
        self._session = session
        self._url = url.rstrip("/") + "/health"
        self._asked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Ask, unless it was asked a moment ago; returns at once."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at >= WAKE_EVERY_SEC and (self._task is None or self._task.done()):
            self._asked_at = now
            self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Wait no longer for an answer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _ask(self) -> None:
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with self._session.get(
                self._url, timeout=aiohttp.ClientTimeout(total=START_SEC), allow_redirects=False
            ):
                pass
