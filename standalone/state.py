"""The state folder: everything a system on this machine keeps, private to its user, used by one system at a time."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LONGEST_PATH: Final = 80
"""Bytes; the kernel takes 107 for the path of a socket, and those lie below the folder."""


class Problem(Exception):
    """Something the person at the keyboard can mend; the message is one sentence that says what and how."""


@dataclass(frozen=True)
class State:
    """The folder (mode 0700) and where things lie in it."""

    root: Path

    @property
    def secrets(self) -> Path:
        """One file (mode 0600) for each credential, named as the cluster names its secret."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """One bounded log for each process."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What only a running system needs: generated configuration, sockets, pids. Safe to delete when stopped."""
        return self.root / "run"

    @property
    def runtime(self) -> Path:
        """Addresses and pids of the running system, as JSON; there only while one runs."""
        return self.root / "runtime.json"

    def folder(self, name: str) -> Path:
        """The private folder of one server, made when missing."""
        folder = self.root / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def prepare(root: Path) -> State:
    """Make the state folder, or take the one that is there.

    Raises:
        Problem: it cannot be made, is no folder, belongs to somebody else, or has too long a path.
    """
    state = State(root.expanduser().absolute())
    if len(os.fsencode(state.run)) > _LONGEST_PATH:
        raise Problem(f"The path of the state folder {state.root} is too long for sockets in it; choose a shorter one.")
    try:
        state.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.root.chmod(0o700)
        for folder in (state.secrets, state.logs, state.run):
            folder.mkdir(mode=0o700, exist_ok=True)
        probe = state.run / "writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Problem(
            f"The state folder {state.root} cannot be written ({error.strerror}); choose another with STATE=FOLDER."
        ) from error
    return state


def lock(state: State) -> int:
    """Hold the folder for this process until it ends, however it ends; returns the descriptor that holds it.

    Raises:
        Problem: another process of faplog holds it.
    """
    descriptor = os.open(state.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode() or "unknown"
        os.close(descriptor)
        raise Problem(
            f"A faplog with the state {state.root} is already running (process {holder}); "
            "stop it with Ctrl-C, or start a second one with PORT=… STATE=…."
        ) from None
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
