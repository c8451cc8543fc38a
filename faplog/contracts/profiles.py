"""The ECU profile of a log, which the app writes into the file's name: `DCM62v2_20250203.csv`."""

import re
from pathlib import PurePath

_NAME = re.compile(r"(?P<profile>[A-Za-z0-9][A-Za-z0-9_-]{0,38}?)_\d{8}(?!\d)")


def profile_of(file_name: str) -> str | None:
    """The profile a file name begins with, or None for a name the app did not give."""
    match = _NAME.match(PurePath(file_name.replace("\\", "/")).name)
    return match["profile"] if match else None
