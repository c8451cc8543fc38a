"""The logs: every program appends to its own file, which is kept small and whose end tells why it could not start."""

import asyncio
import logging
import shutil
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from standalone.program import Program
from standalone.state import State

MAX_BYTES: Final = 5 << 20
LOOK_SEC: Final = 30.0
TAIL_LINES: Final = 15


def path(state: State, name: str) -> Path:
    """Where the program of that name writes."""
    return state.logs / f"{name}.log"


def into(state: State, program: Program) -> list[str]:
    """The command that becomes the program (same process id) with all its output appended to its log."""
    return [
        "/bin/sh",
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        str(path(state, program.name)),
        *program.argv,
    ]


def tail(state: State, name: str) -> str:
    """The last lines of a program's log, with the log's path above them."""
    log = path(state, name)
    if not log.exists():
        return f"(it wrote no log at {log})"
    with log.open("rb") as content:
        content.seek(max(0, log.stat().st_size - 16_384))
        lines = content.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    return "\n".join([f"The last lines of {log}:", *(f"  {line}" for line in lines)])


def shorten(state: State, most: int = MAX_BYTES) -> None:
    """Move the content of each log that grew beyond `most` bytes aside, to `….log.1`, and begin it anew.

    The file stays the same one, as its program has it open for appending; a line written in between may be lost.
    """
    for log in state.logs.glob("*.log"):
        if log.stat().st_size > most:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            with log.open("r+b") as content:
                content.truncate()


async def keep_short(state: State) -> None:
    """Look after the size of the logs for as long as the system runs."""
    while True:
        await asyncio.to_thread(shorten, state)
        await asyncio.sleep(LOOK_SEC)


def ours(state: State) -> None:
    """What circus and its event loop have to say goes to a log beside the others."""
    handler = RotatingFileHandler(path(state, "supervisor"), maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, handlers=[handler], format=form, force=True)
    logging.getLogger("circus").handlers = []
