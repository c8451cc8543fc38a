"""What a killed supervisor left running: every child carries a mark, so that the next start finds and ends it."""

from contextlib import suppress
from typing import Final

import psutil

from standalone.state import State

MARK: Final = "FAPLOG_STATE"
"""In the environment of every child, and of its children: the state folder it works on.

Better than a list of process ids: no moment between a start and its record, and no id that is somebody else's later.
"""
_PATIENCE_SEC = 8.0


def mark(state: State) -> dict[str, str]:
    """What a child's environment must have: the mark, and where setproctitle is installed, gunicorn's title beside it
    instead of over it."""
    return {MARK: str(state.root), "SPT_NOENV": "1"}


def end(state: State) -> int:
    """End everything that a supervisor of this state, now dead, started; returns how many processes that were."""
    alive = _survivors(state)
    for process in alive:
        _send(process, kill=False)
    _, stubborn = psutil.wait_procs(alive, timeout=_PATIENCE_SEC)
    for process in stubborn:
        _send(process, kill=True)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_SEC)
    return len(alive)


def _survivors(state: State) -> list[psutil.Process]:
    """The marked processes and their children, which may have an environment of their own."""
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
