"""Whether the disk below the state folder has room: a full one is waited for, it is no reason to end the system."""

import errno
import os
from pathlib import Path
from typing import Final

FULL_BYTES: Final = 32 << 20
"""With less than this free, PostgreSQL may not be able to add a segment of 16 MiB to its write-ahead log."""
_PROBE_BYTES: Final = 256 << 10
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: OSError) -> bool:
    """Return whether this is what a full disk, or a used-up quota, answers."""
    return error.errno in _FULL


def has_room(folder: Path, minimum_bytes: int = FULL_BYTES) -> bool:
    """Return whether the folder's file system has so much room and takes a small file.

    The file is there for quotas, which the file system's own numbers do not show.
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
