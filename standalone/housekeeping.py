"""Background tasks beside the programs. A task that fails is logged and tried again; it never ends the system."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_PAUSE_SEC: Final = 1.0
LONGEST_PAUSE_SEC: Final = 30.0

log = logging.getLogger(__name__)


async def keep_going(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Run an endless task until it is cancelled. Start it again after any error, with pauses that double.

    Args:
        name: Name of the task in the log.
        work: Creates the task's coroutine, once for each attempt.
    """
    loop = asyncio.get_running_loop()
    pause_sec = FIRST_PAUSE_SEC
    while True:
        began = loop.time()
        try:
            await work()
            log.error("%s ended, beginning it anew", name)
        except Exception:
            log.exception("%s failed, trying it again", name)
        if loop.time() - began > LONGEST_PAUSE_SEC:
            pause_sec = FIRST_PAUSE_SEC
        await asyncio.sleep(pause_sec)
        pause_sec = min(pause_sec * 2, LONGEST_PAUSE_SEC)
