"""Restarts programs that report a state they cannot leave by themselves, such as NATS after a full disk."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Final

from standalone import disk
from standalone.program import Program
from standalone.state import State
from standalone.supervisor import Supervisor

LOOK_SEC: Final = 3.0
LASTING_SEC: Final = 12.0
"""A program that reports a broken state for this long does not recover. One that has not worked since its start may
still be reading its data, and has the time of a start.
"""
ROOM_BYTES: Final = 4 << 20
"""With less free space a restart would not help."""

log = logging.getLogger(__name__)


async def restart_broken(state: State, supervisor: Supervisor, programs: Iterable[Program]) -> None:
    """Ask the programs that can tell whether they are broken, restart those that stay so, once the disk has room."""
    asked = [program for program in programs if program.broken]
    broken_since: dict[str, float] = {}
    well: dict[str, list[int]] = {}
    while True:
        await asyncio.sleep(LOOK_SEC)
        for program in asked:
            pids = supervisor.pids(program.name)
            if not await _is_broken(program):
                broken_since.pop(program.name, None)
                well[program.name] = pids
                continue
            now = time.monotonic()
            lasted_sec = now - broken_since.setdefault(program.name, now)
            lasting_sec = LASTING_SEC if well.get(program.name) == pids else program.ready_seconds
            if lasted_sec < lasting_sec:
                continue
            if not await asyncio.to_thread(disk.has_room_for, state, program.folder, ROOM_BYTES):
                continue
            log.warning("%s has been broken for %.0f s, restarting it", program.name, lasted_sec)
            del broken_since[program.name]
            await supervisor.restart(program.name)


async def _is_broken(program: Program) -> bool:
    return bool(program.broken and await asyncio.to_thread(program.broken))
