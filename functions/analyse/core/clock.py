"""Timestamps straight from the bytes: the app writes fixed layouts, so whole columns are turned at once.

The first row not yet understood is matched by a regular expression; every row of the same layout (digits in the same
places, the same characters between them) is then computed together, and every other row with the same nonsense is
given up with it. Odd rows are few and matched one by one.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from .text import NEWLINE, Bytes, Integers

INVALID: Final = np.iinfo(np.int64).min
"""Days or milliseconds of a cell that is no date or time."""

CELL: Final = 32
"""Bytes looked at from the start of a date or time cell; more than any date takes."""

LAYOUTS: Final = 12
"""Layouts tried on all rows before the rest is matched row by row."""

DAY_MS: Final = 86_400_000

YEARS: Final = range(1970, 3000)
"""A date outside is none. After the last one a file may still tell many midnights, none of them in a year 10000."""

_DATE = re.compile(
    rb"\s*(?:(?P<y>\d{4})[.\-/] ?(?P<m>\d{1,2})[.\-/] ?(?P<d>\d{1,2})"
    rb"|(?P<d2>\d{1,2})[.\-/] ?(?P<m2>\d{1,2})[.\-/] ?(?P<y2>\d{4}|\d{2}))[.]?(?:[ T]0?0:00(?::00)?(?:[.]0+)?)?\s*$"
)
_TIME = re.compile(rb"\s*(?P<h>\d{1,2}):(?P<min>\d{2}):(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?\s*$")

Mask = npt.NDArray[np.bool_]
Parts = dict[str, tuple[int, int]]
Compute = Callable[[dict[str, Integers], Parts], Integers]


def days(view: Bytes, starts: Integers, separator: int) -> tuple[Integers, Integers]:
    """Days since 1970-01-01 of the date cells starting at `starts` (−1: no cell), and where those cells end.

    `INVALID` days and an end of −1 for what is no date. Year first (`YYYY.MM.DD`, ISO) or day first (`DD.MM.YYYY`,
    `DD/MM/YYYY`; a two-digit year is 20xx); a blank may follow the first two parts, a dot the last.
    """
    return _parse(view, starts, separator, _DATE, _days)


def times(view: Bytes, starts: Integers, separator: int) -> Integers:
    """Milliseconds since midnight of the time cells (`HH:MM:SS`, any fraction); `INVALID` for what is no time."""
    return _parse(view, starts, separator, _TIME, _milliseconds)[0]


def _parse(
    view: Bytes, starts: Integers, separator: int, pattern: re.Pattern[bytes], compute: Compute
) -> tuple[Integers, Integers]:
    result = np.full(len(starts), INVALID, np.int64)
    ends = np.full(len(starts), -1, np.int64)
    waiting = np.flatnonzero(starts >= 0)
    layouts = 0
    while len(waiting):
        cell = _cell(view, int(starts[waiting[0]]), separator)
        match = pattern.match(cell)
        if layouts == LAYOUTS:
            row, waiting = waiting[0], waiting[1:]
            if match is not None:
                texts = {name: text for name, text in match.groupdict().items() if text is not None}
                result[row] = compute({name: np.array([int(text)]) for name, text in texts.items()}, _parts(match))[0]
                ends[row] = starts[row] + len(cell)
            continue
        layouts += 1
        if match is None:
            waiting = waiting[~_same_layout(view, starts[waiting], cell, separator, {})[0]]
            continue
        parts = _parts(match)
        same, values = _same_layout(view, starts[waiting], cell, separator, parts)
        rows = waiting[same]
        result[rows] = compute({name: value[same] for name, value in values.items()}, parts)
        ends[rows] = starts[rows] + len(cell)
        waiting = waiting[~same]
    return result, ends


def _parts(match: re.Match[bytes]) -> Parts:
    return {name: match.span(name) for name, text in match.groupdict().items() if text is not None}


def _cell(view: Bytes, start: int, separator: int) -> bytes:
    window = view[start : start + CELL].tobytes()
    ends = [end for end in (window.find(separator), window.find(b"\n")) if end >= 0]
    return window[: min(ends, default=len(window))]


def _same_layout(
    view: Bytes, starts: Integers, cell: bytes, separator: int, parts: Parts
) -> tuple[Mask, dict[str, Integers]]:
    """Which cells have digits where `cell` has, the same other bytes, and end where it ends; and their numbers."""

    def byte(offset: int) -> Bytes:
        return view.take(starts + offset, mode="clip")

    after = byte(len(cell))
    same: Mask = (after == separator) | (after == NEWLINE) | (starts + len(cell) >= len(view))
    values: dict[str, Integers] = {}
    for name, (begin, end) in parts.items():
        value = np.zeros(len(starts), np.int64)
        for offset in range(begin, end):
            digit = byte(offset) - np.uint8(48)
            same &= digit < 10
            value *= 10
            value += digit
        values[name] = value
    inside = {offset for begin, end in parts.values() for offset in range(begin, end)}
    for offset, literal in enumerate(cell):
        if offset not in inside:
            same &= byte(offset) == literal
    return same, values


def _days(values: dict[str, Integers], parts: Parts) -> Integers:
    """Days of the dates. Neighbours mostly have the same, so only where it changes it is computed."""
    names = ("y", "m", "d") if "y" in values else ("y2", "m2", "d2")
    written = (values[names[0]] * 100 + values[names[1]]) * 100 + values[names[2]]
    changes = np.ones(len(written), bool)
    changes[1:] = written[1:] != written[:-1]
    year, month, day = (values[name][changes] for name in names)
    if parts[names[0]][1] - parts[names[0]][0] == 2:
        year = year + 2000
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (year >= YEARS.start) & (year < YEARS.stop)
    months = (np.where(valid, year, 1970) - 1970) * 12 + np.where(valid, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    found = np.where(valid & (day <= after - first), first + day - 1, INVALID)
    return np.asarray(found[np.cumsum(changes) - 1])


def _milliseconds(values: dict[str, Integers], parts: Parts) -> Integers:
    whole = ((values["h"] * 60 + values["min"]) * 60 + values["s"]) * 1000
    if "f" in values:
        width = parts["f"][1] - parts["f"][0]
        whole = whole + values["f"] * 1000 // 10**width
    return np.where((values["h"] < 24) & (values["min"] < 60) & (values["s"] < 60), whole, INVALID)
