"""Log files: one for each program, kept small; its last lines explain why a program could not start."""

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
"""Bytes kept of a long log when the disk has no room for a copy."""

log = logging.getLogger(__name__)


def path(state: State, name: str) -> Path:
    """Return the path of a program's log."""
    return state.logs / f"{name}.log"


def appending_command(state: State, program: Program) -> list[str]:
    """Return the command that becomes the program (same process id) with all output appended to its log."""
    return [
        "/bin/sh",
        "-c",
        'log=$1; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        str(path(state, program.name)),
        *program.argv,
    ]


def tail(state: State, name: str) -> str:
    """Return the last lines of a program's log, below the log's path."""
    file = path(state, name)
    if not file.exists():
        return f"(it wrote no log at {file})"
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 16_384))
        lines = content.read().decode("utf-8", "replace").splitlines()[-TAIL_LINES:]
    return "\n".join([f"The last lines of {file}:", *(f"  {line}" for line in lines)])


def shorten(state: State, most: int = MAX_BYTES) -> None:
    """Move the content of each log beyond `most` bytes to `….log.1`, and empty the log.

    The file itself stays, because its program has it open for appending; a line written meanwhile may be lost. If the
    disk has no room for the copy, only the last lines are kept. A log that cannot be shortened is reported, and the
    others are shortened all the same.
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
    """Shorten the logs again and again while the system runs."""
    while True:
        await asyncio.to_thread(shorten, state)
        await asyncio.sleep(LOOK_SEC)


def log_supervisor(state: State) -> None:
    """Send the log messages of the supervisor, circus and their event loop to a log file beside the others."""
    logging.raiseExceptions = False  # a log that cannot be written, on a full disk, is not reported on the terminal
    handler = RotatingFileHandler(path(state, "supervisor"), maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, handlers=[handler], format=form, force=True)
    logging.getLogger("circus").handlers = []
