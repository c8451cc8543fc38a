"""Work that goes on beside the programs: when it fails, it is logged and tried again. It never ends the system."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_PAUSE_SEC: Final = 1.0
LONGEST_PAUSE_SEC: Final = 30.0

log = logging.getLogger(__name__)


async def keep_going(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Run endless work until cancelled; begin it anew after any error, with pauses that double.

    Args:
        name: what the work is called in the log.
        work: makes the work's coroutine, once for each attempt.
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
