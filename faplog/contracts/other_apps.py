"""Recognise the logs of other car apps by their first lines, so that they are refused by name."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

LINES: Final = 12
"""Lines at the start of a file that are looked at."""

_SEPARATORS: Final = re.compile(r"[;,\t]")
_VCDS_SIGNATURE: Final = re.compile(r"\bVCDS\b|\bVCID:|\bVAG-COM\b", re.IGNORECASE)
_VCDS_PART: Final = re.compile(r"^\W*[0-9A-Z]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}([ -]?[0-9A-Z]{1,2})?\W*([,;\t]|$)")
_VCDS_DAY: Final = re.compile(r"^\W*[^\W\d]+[,;. \t]+\d{1,2}[,;. \t]+[^\W\d]+[,;. \t]+(19|20)\d\d\b")
_OBDLINK_START: Final = re.compile(r"^\W*#\s*start\s*time\s*=", re.IGNORECASE)
_FAP_COLUMNS: Final = frozenset({"date", "time"})
_FAP_ONLY: Final = frozenset(
    {"revs", "injflow", "egrpos", "turbopress", "accelpedalpos", "fapsoot", "fappressure", "faptemp"}
)
"""Names that no other app gives its columns: a FAP log whose `Date` is missing is still one."""

Cells = list[list[str]]


def other_app(text: str) -> str | None:
    """Return the name of the app that wrote a log, or None where it may be a FAP log or is unknown.

    Args:
        text: The beginning of the file; its first lines are enough. Byte order mark, NULs and quotes do no harm.
    """
    lines: list[str] = []
    cells: Cells = []
    for line in islice(_filled(text), LINES):
        row = [cell.strip(" \"'\0\ufeff").casefold() for cell in _SEPARATORS.split(line)]
        if set(row) >= _FAP_COLUMNS or not _FAP_ONLY.isdisjoint(row):
            return None
        lines.append(line)
        cells.append(row)
    return next((name for name, matches in _APPS if matches(lines, cells)), None)


def _filled(text: str) -> Iterator[str]:
    """Yield the lines that are not blank, without what does no harm around them."""
    return (line.strip("\ufeff \0") for line in text.splitlines() if line.strip("\ufeff \0,;\t"))


def _is_vcds(lines: Sequence[str], cells: Cells) -> bool:
    """Return whether VCDS wrote the log, in any language.

    Either its signature says so, or two of: weekday and date, part number, `Marker`, groups (`G004`), `STAMP` columns.
    """
    if any(_VCDS_SIGNATURE.search(line) for line in lines[:3]):
        return True
    stamps = any(row.count("stamp") > 0 or row.count("time") > 1 for row in cells)
    groups = any(sum(bool(re.fullmatch(r"g\d{1,5}|group \w.*|'?\d{3}", cell)) for cell in row) > 1 for row in cells)
    marker = any(row[0] == "marker" for row in cells)
    part = any(_VCDS_PART.match(line) for line in lines[:4])
    day = bool(lines) and bool(_VCDS_DAY.match(lines[0]))
    return sum((stamps, groups, marker, part, day)) > 1


def _is_car_scanner(_lines: Sequence[str], cells: Cells) -> bool:
    """Return whether Car Scanner wrote the log.

    It has a long table (`SECONDS;PID;VALUE;UNITS`) and a wide one: `time`, then names with their units in brackets.
    """
    first = cells[0] if cells else []
    long = first[:2] == ["seconds", "pid"]
    wide = len(first) > 2 and first[0] == "time" and "date" not in first
    return long or wide


def _is_torque(_lines: Sequence[str], cells: Cells) -> bool:
    return any("gps time" in row and ("device time" in row or "longitude" in row) for row in cells) or any(
        row[0] == "device time" or ("device time" in row and any("(obd)" in cell or "gps" in cell for cell in row))
        for row in cells
    )


def _is_obdlink(lines: Sequence[str], cells: Cells) -> bool:
    return any(_OBDLINK_START.match(line) for line in lines) or any(row[0] == "time (sec)" for row in cells)


def _is_forscan(_lines: Sequence[str], cells: Cells) -> bool:
    return any(re.fullmatch(r"time ?\(ms\)", row[0]) for row in cells)


_APPS: Final[tuple[tuple[str, Callable[[Sequence[str], Cells], bool]], ...]] = (
    ("VCDS", _is_vcds),
    ("Torque", _is_torque),
    ("OBDLink", _is_obdlink),
    ("FORScan", _is_forscan),
    ("Car Scanner", _is_car_scanner),
)
