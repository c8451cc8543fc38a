"""The state folder: all data of a system on this machine, private to its user, used by one system at a time."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LONGEST_PATH: Final = 80
"""In bytes. The kernel limits the path of a socket to 107, and sockets lie below the folder."""


class Problem(Exception):
    """A problem that the user can solve; the message is one sentence that says what and how."""


@dataclass(frozen=True)
class State:
    """The folder (mode 0700) and the places in it."""

    root: Path

    @property
    def secrets(self) -> Path:
        """Folder with one file (mode 0600) for each credential, named like the cluster's secret."""
        return self.root / "secrets"

    @property
    def logs(self) -> Path:
        """Folder with one bounded log for each process."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Folder for generated configuration, sockets and pids of a running system; temporary."""
        return self.root / "run"

    @property
    def runtime(self) -> Path:
        """File with addresses and pids of the running system, as JSON; it exists only while one runs."""
        return self.root / "runtime.json"

    def folder(self, name: str) -> Path:
        """Return the private folder of one server; create it if it does not exist."""
        folder = self.root / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def prepare(root: Path) -> State:
    """Create the state folder, or use the existing one.

    Raises:
        Problem: It cannot be created, is no folder, belongs to another user, or has too long a path.
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
            f"The state folder {state.root} cannot be written ({error.strerror}); choose another with --state FOLDER "
            "(make run STATE=FOLDER)."
        ) from error
    return state


def lock(state: State) -> int:
    """Lock the folder for this process until the process ends in any way, and return the descriptor of the lock.

    Raises:
        Problem: Another process of faplog holds the lock.
    """
    descriptor = os.open(state.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode() or "unknown"
        os.close(descriptor)
        raise Problem(
            f"A faplog with the state {state.root} is already running (process {holder}); "
            "stop it with Ctrl-C, or start a second one with --port and --state (make run PORT=… STATE=…)."
        ) from None
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def write_private(path: Path, content: str) -> None:
    """Replace a file atomically, with mode 0600."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
