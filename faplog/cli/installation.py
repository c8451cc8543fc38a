"""Where the parts of faplog are: in a checkout side by side, in an installed wheel below `faplog/_rooms`."""

import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

import platformdirs

LAPTOP: Final = "laptop"
"""The extra with everything that `faplog run` needs."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_ROOMS: Final = _PACKAGE / "_rooms"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def is_installed() -> bool:
    """Return whether this is an installed wheel and no checkout."""
    return _ROOMS.is_dir()


def find_rooms() -> None:
    """Make the rooms beside `faplog` importable in this process: `functions`, `connector`, `standalone`, `ui`."""
    folder = str(_ROOMS if is_installed() else _PACKAGE.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)


def default_state() -> Path:
    """Return the folder for the data of `faplog run`: the platform's data folder; in a checkout `.state`."""
    return platformdirs.user_data_path("faplog", appauthor=False) if is_installed() else _PACKAGE.parent / ".state"


def missing_packages(extra: str) -> list[str]:
    """Return the names of an extra's packages that are not installed; none in a checkout, which has its own list."""
    try:
        requirements = metadata.requires("faplog") or []
    except metadata.PackageNotFoundError:
        return []
    names = [_NAME.match(requirement) for requirement in requirements if re.search(rf"extra == .{extra}.", requirement)]
    return [name[0] for name in names if name and not _is_present(name[0])]


def _is_present(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
