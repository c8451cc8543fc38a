"""Finds and ends processes that a killed supervisor left behind: every child carries a mark in its environment."""

from contextlib import suppress
from typing import Final

import psutil

from standalone.state import State

MARK: Final = "FAPLOG_STATE"
"""Environment variable of every child and its children: the state folder that it works on.

Better than a list of process ids: there is no moment between a start and its record, and no id that belongs to another
process later.
"""
_PATIENCE_SEC = 8.0


def mark(state: State) -> dict[str, str]:
    """Return what a child's environment must have.

    That is the mark, and a variable that makes setproctitle leave the environment readable.
    """
    return {MARK: str(state.root), "SPT_NOENV": "1"}


def end(state: State) -> int:
    """End every process that a dead supervisor of this state started, and return their number."""
    alive = _survivors(state)
    for process in alive:
        _send(process, kill=False)
    _, stubborn = psutil.wait_procs(alive, timeout=_PATIENCE_SEC)
    for process in stubborn:
        _send(process, kill=True)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_SEC)
    return len(alive)


def _survivors(state: State) -> list[psutil.Process]:
    """Return the marked processes and their children, which may have another environment."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        if _is_marked(process, state):
            with suppress(psutil.NoSuchProcess):
                found |= {child.pid: child for child in [process, *process.children(recursive=True)]}
    return list(found.values())


def _is_marked(process: psutil.Process, state: State) -> bool:
    try:
        return process.environ().get(MARK) == str(state.root)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _send(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
