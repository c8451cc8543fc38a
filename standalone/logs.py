"""The logs: every program appends to its own file, which is kept small and whose end tells why it could not start."""

import asyncio
import logging
import os
import shutil
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from standalone import disk
from standalone.program import Program
from standalone.state import State

MAX_BYTES: Final = 5 << 20
LOOK_SEC: Final = 30.0
TAIL_LINES: Final = 15
KEPT_BYTES: Final = 64 << 10
"""What stays of a log that is too long where the disk has no room for a copy of it."""

log = logging.getLogger(__name__)


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
    file = path(state, name)
    if not file.exists():
        return f"(it wrote no log at {file})"
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 16_384))
        lines = content.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    return "\n".join([f"The last lines of {file}:", *(f"  {line}" for line in lines)])


def shorten(state: State, most: int = MAX_BYTES) -> None:
    """Move the content of each log that grew beyond `most` bytes aside, to `….log.1`, and begin it anew.

    The file stays the same one, as its program has it open for appending; a line written in between may be lost.
    Where the disk has no room for the copy, only the log's last lines are kept. A log that cannot be shortened is
    reported, and the others are shortened all the same.
    """
    for file in state.logs.glob("*.log"):
        try:
            if file.stat().st_size > most:
                _shorten(file)
        except OSError as error:
            log.warning("%s cannot be shortened: %s", file.name, error.strerror)


def _shorten(file: Path) -> None:
    aside = file.with_name(file.name + ".1")
    kept = b""
    try:
        shutil.copyfile(file, aside)
    except OSError as error:
        if not disk.is_full(error):
            raise
        aside.unlink()
        with file.open("rb") as content:
            content.seek(-min(KEPT_BYTES, file.stat().st_size), os.SEEK_END)
            kept = content.read(KEPT_BYTES)
    os.truncate(file, 0)
    if kept:
        with file.open("ab", buffering=0) as content:
            content.write(kept)


async def keep_short(state: State) -> None:
    """Look after the size of the logs for as long as the system runs."""
    while True:
        await asyncio.to_thread(shorten, state)
        await asyncio.sleep(LOOK_SEC)


def ours(state: State) -> None:
    """Send what the supervisor, circus and their event loop report to a log beside the others."""
    logging.raiseExceptions = False  # a log that cannot be written, on a full disk, is not reported on the terminal
    handler = RotatingFileHandler(path(state, "supervisor"), maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, handlers=[handler], format=form, force=True)
    logging.getLogger("circus").handlers = []
