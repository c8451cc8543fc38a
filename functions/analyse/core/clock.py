"""Timestamps straight from the bytes: the app writes fixed layouts, so whole columns are turned at once.

The first row not yet understood is matched by a regular expression; every row of the same layout (digits in the same
places, the same characters between them) is then computed together. Odd rows are few and matched one by one.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from .text import Bytes, Integers

INVALID: Final = np.iinfo(np.int64).min
"""Days or milliseconds of a cell that is no date or time."""

CELL: Final = 32
"""Bytes looked at from the start of a date or time cell; more than any date takes."""

LAYOUTS: Final = 12
"""Layouts tried on all rows before the rest is matched row by row."""

DAY_MS: Final = 86_400_000

_DATE = re.compile(
    rb"\s*(?:(?P<y>\d{4})[.\-/](?P<m>\d{1,2})[.\-/](?P<d>\d{1,2})"
    rb"|(?P<d2>\d{1,2})[.\-/](?P<m2>\d{1,2})[.\-/](?P<y2>\d{4}|\d{2}))(?:[ T]0?0:00(?::00)?(?:[.]0+)?)?\s*$"
)
_TIME = re.compile(rb"\s*(?P<h>\d{1,2}):(?P<min>\d{2}):(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?\s*$")

Span = tuple[int, int]
Parts = dict[str, Span]
Compute = Callable[[dict[str, Integers], Parts], Integers]


def days(view: Bytes, starts: Integers, separator: int) -> Integers:
    """Days since 1970-01-01 of the date cells starting at `starts`; `INVALID` for what is no date.

    Year first (`YYYY.MM.DD`, ISO) or day first (`DD.MM.YYYY`, `DD/MM/YYYY`, a two-digit year is 20xx).
    """
    return _parse(view, starts, separator, _DATE, _days)


def times(view: Bytes, starts: Integers, separator: int) -> Integers:
    """Milliseconds since midnight of the time cells (`HH:MM:SS`, any fraction); `INVALID` for what is no time."""
    return _parse(view, starts, separator, _TIME, _milliseconds)


def _parse(view: Bytes, starts: Integers, separator: int, pattern: re.Pattern[bytes], compute: Compute) -> Integers:
    result = np.full(len(starts), INVALID, np.int64)
    padded = np.concatenate([view, np.full(CELL, 10, np.uint8)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, CELL)
    open_rows = np.flatnonzero(starts >= 0)
    for _ in range(LAYOUTS):
        if not len(open_rows):
            return result
        cell = _cell(padded, int(starts[open_rows[0]]), separator)
        match = pattern.match(cell)
        if match is None:
            result[open_rows[0]] = INVALID
            open_rows = open_rows[1:]
            continue
        rows = windows[:, : len(cell) + 1][starts[open_rows]]
        same = _same_layout(rows, cell, separator)
        parts = {name: match.span(name) for name, text in match.groupdict().items() if text is not None}
        values = {name: _number(rows[same, begin:end]) for name, (begin, end) in parts.items()}
        result[open_rows[same]] = compute(values, parts)
        open_rows = open_rows[~same]
    for row in open_rows.tolist():
        cell = _cell(padded, int(starts[row]), separator)
        match = pattern.match(cell)
        if match is not None:
            found = {name: np.array([int(text)]) for name, text in match.groupdict().items() if text is not None}
            result[row] = compute(found, {name: match.span(name) for name in found})[0]
    return result


def _cell(padded: Bytes, start: int, separator: int) -> bytes:
    window = padded[start : start + CELL - 1].tobytes()
    ends = [end for end in (window.find(separator), window.find(b"\n")) if end >= 0]
    return window[: min(ends, default=len(window))]


def _same_layout(rows: Bytes, cell: bytes, separator: int) -> npt.NDArray[np.bool_]:
    """Rows whose cell has digits where `cell` has, the same other bytes, and ends where it ends."""
    model = np.frombuffer(cell, np.uint8)
    digit = (model >= 48) & (model <= 57)
    ends = rows[:, len(cell)]
    same: npt.NDArray[np.bool_] = (ends == separator) | (ends == 10)
    head = rows[:, : len(cell)]
    same &= (head[:, ~digit] == model[~digit]).all(axis=1)
    same &= ((head[:, digit] - np.uint8(48)) < 10).all(axis=1)
    return same


def _number(digits: Bytes) -> Integers:
    """The numbers written in the columns of a matrix of ASCII digits."""
    value = np.zeros(len(digits), np.int64)
    for column in range(digits.shape[1]):
        value = value * 10 + (digits[:, column] - np.uint8(48))
    return value


def _days(values: dict[str, Integers], parts: Parts) -> Integers:
    if "y" in values:
        year, month, day = values["y"], values["m"], values["d"]
    else:
        year, month, day = values["y2"], values["m2"], values["d2"]
        if parts["y2"][1] - parts["y2"][0] == 2:
            year = year + 2000
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1970)
    months = (np.where(valid, year, 1970) - 1970) * 12 + np.where(valid, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.where(valid & (day <= after - first), first + day - 1, INVALID)


def _milliseconds(values: dict[str, Integers], parts: Parts) -> Integers:
    whole = ((values["h"] * 60 + values["min"]) * 60 + values["s"]) * 1000
    if "f" in values:
        width = parts["f"][1] - parts["f"][0]
        whole = whole + values["f"] * 1000 // 10**width
    return np.where((values["h"] < 24) & (values["min"] < 60) & (values["s"] < 60), whole, INVALID)
