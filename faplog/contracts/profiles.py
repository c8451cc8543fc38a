"""The parts of a log's file name, `DCM62v2_20250203.csv`: the ECU profile and the day."""

import re
from datetime import date, datetime
from pathlib import PurePath

_NAME = re.compile(r"(?P<profile>[A-Za-z0-9][A-Za-z0-9_-]{0,38}?)_(?P<day>\d{8})(?!\d)")


def profile_of(file_name: str) -> str | None:
    """Return the profile a file name begins with, or None for a name the app did not give."""
    match = _match(file_name)
    return match["profile"] if match else None


def day_of(file_name: str) -> date | None:
    """Return the day in a file name, or None for a name the app did not give and for a day that does not exist."""
    match = _match(file_name)
    if match is None:
        return None
    try:
        return datetime.strptime(match["day"], "%Y%m%d").date()  # noqa: DTZ007  (a day of the car's own clock)
    except ValueError:
        return None


def _match(file_name: str) -> re.Match[str] | None:
    return _NAME.match(PurePath(file_name.replace("\\", "/")).name)
