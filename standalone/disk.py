"""Checks whether the disks of the state folder have room. A full disk is waited for; it does not end the system."""

import errno
import os
from pathlib import Path
from typing import Final

from standalone.state import State

FULL_BYTES: Final = 32 << 20
"""With less free space PostgreSQL may be unable to add a segment of 16 MiB to its write-ahead log."""
_PROBE_BYTES: Final = 256 << 10
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: OSError) -> bool:
    """Return whether the error means a full disk or an exhausted quota."""
    return error.errno in _FULL


def has_room(folder: Path, minimum_bytes: int = FULL_BYTES) -> bool:
    """Return whether the folder's file system has that much free space and accepts a small file.

    The file reveals quotas, which the numbers of the file system do not show.
    """
    numbers = os.statvfs(folder)
    if numbers.f_bavail * numbers.f_frsize < max(minimum_bytes, _PROBE_BYTES):
        return False
    probe = folder / "room"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return not is_full(error)
    finally:
        probe.unlink(missing_ok=True)
    return True


def has_room_for(state: State, folder: Path, minimum_bytes: int = FULL_BYTES) -> bool:
    """Return whether there is room in the state folder, for logs, and in a program's folder if it is the state's.

    Each may be a disk of its own.
    """
    folders = {state.run, state.logs, *([folder] if state.root in folder.parents else [])}
    return all(has_room(each, minimum_bytes) for each in folders)
