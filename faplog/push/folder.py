"""The files in the folder, and which of them are complete."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SUFFIX: Final = ".csv"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size and time of a file's last change; a file that is written to gets another one."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Look:
    """A file's stamp, and since when it has had it, in seconds of the monotonic clock."""

    stamp: Stamp
    since_sec: float


@dataclass(frozen=True, slots=True)
class Listing:
    """The logs in a folder and its subfolders, and the subfolders and files that cannot be looked at."""

    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    unreadable: Mapping[Path, str] = field(default_factory=dict)


def listing(folder: Path) -> Listing:
    """Return the .csv files in a folder and its subfolders. Hidden ones and links to folders are left out.

    Raises:
        OSError: The folder itself cannot be read.
    """
    with os.scandir(folder):
        pass  # os.walk would pass over an error of the folder itself
    unreadable: dict[Path, str] = {}

    def note(error: OSError) -> None:
        unreadable[Path(error.filename)] = error.strerror or type(error).__name__

    stamps: dict[Path, Stamp] = {}
    for place, folders, names in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if name.startswith(".") or path.suffix.lower() != SUFFIX:
                continue
            try:
                if path.is_file():
                    stamps[path] = stamp_of(path.stat())
            except FileNotFoundError:
                continue  # removed meanwhile
            except OSError as error:
                note(error)
    return Listing(stamps, unreadable)


def stamp_of(status: os.stat_result) -> Stamp:
    """Return the stamp of a file."""
    return Stamp(status.st_size, status.st_mtime_ns)


def looked(before: Mapping[Path, Look], stamps: Mapping[Path, Stamp], now_sec: float) -> dict[Path, Look]:
    """Return the looks at all files: a file with the same stamp as before keeps the time since when it has had it."""
    return {
        path: before[path] if path in before and before[path].stamp == stamp else Look(stamp, now_sec)
        for path, stamp in stamps.items()
    }


def is_complete(look: Look, settle_sec: float, now_sec: float, wall_sec: float | None) -> bool:
    """Return whether nothing has written to a file for a while.

    Args:
        look: The last look at the file.
        settle_sec: How long a file must be unchanged, in seconds.
        now_sec: The monotonic clock.
        wall_sec: The clock that files are stamped with, to believe the age of a file at the first look; None to watch
            each file for the whole time. Some systems stamp a file only when it is closed.
    """
    if now_sec - look.since_sec >= settle_sec:
        return True
    return wall_sec is not None and wall_sec - look.stamp.mtime_ns / 1e9 >= settle_sec
