"""What a killed supervisor left running: every child is recorded, so that the next start can end it."""

import json
from collections.abc import Iterable

import psutil

from standalone.state import State, write_private

_PATIENCE_SEC = 8.0


def record(state: State, pids: Iterable[int]) -> None:
    """Remember the children that run now, each by its id and start time: an id alone may be somebody else's later."""
    found = []
    for pid in pids:
        try:
            found.append({"pid": pid, "started": psutil.Process(pid).create_time()})
        except psutil.NoSuchProcess:
            continue
    write_private(state.run / "children.json", json.dumps(found))


def end(state: State) -> int:
    """End the recorded children that still run, and their children; returns how many processes that were."""
    file = state.run / "children.json"
    if not file.exists():
        return 0
    alive: list[psutil.Process] = []
    for child in json.loads(file.read_text("utf-8")):
        try:
            process = psutil.Process(child["pid"])
            if abs(process.create_time() - child["started"]) < 0.01:
                alive += [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    for process in alive:
        _send(process, kill=False)
    _, stubborn = psutil.wait_procs(alive, timeout=_PATIENCE_SEC)
    for process in stubborn:
        _send(process, kill=True)
    psutil.wait_procs(stubborn, timeout=_PATIENCE_SEC)
    file.unlink()
    return len(alive)


def _send(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
