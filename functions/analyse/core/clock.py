"""Timestamps straight from the bytes: the app writes fixed layouts, so whole columns are turned at once.

The first row not yet understood is matched by a regular expression; every row of the same layout (digits in the same
places, the same characters between them) is then computed together. Rows that repeat the same malformed text are
skipped together. The remaining rows are few and matched one by one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
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

EXAMPLES: Final = 50
"""Cells looked at for one without hours."""

DAY_MS: Final = 86_400_000

YEARS: Final = range(1970, 3000)
"""Years that a date may have. The last one leaves room for further midnights before the year 10000."""

EXCEL_EPOCH_DAYS: Final = 25_569
"""A spreadsheet's serial number of 1970-01-01."""

_DATE = re.compile(
    rb"\s*(?:(?P<y>\d{4})[.\-/] ?(?P<m>\d{1,2})[.\-/] ?(?P<d>\d{1,2})"
    rb"|(?P<p>\d{1,2})[.\-/] ?(?P<q>\d{1,2})[.\-/] ?(?P<r>\d{4}|\d{2})"
    rb"|(?P<serial>\d{5}))[.]?(?:[ T](?:0?0:00(?::00)?(?:[.]0+)?|12:00(?::00)? ?[Aa][Mm]))?\s*$"
)
_BLANK = rb"(?: |\xc2\xa0|\xa0|\xe2\x80\xaf|\xe2\x80\x89)"
_HALF_DAY = rb"(?:" + _BLANK + rb"*(?P<half>[AaPp])[.]?" + _BLANK + rb"?[Mm][.]?)?"
_DAY_BEFORE = rb"(?:(?:\d{4}[.\-/]\d{1,2}[.\-/]\d{1,2}|\d{1,2}[.\-/]\d{1,2}[.\-/]\d{4})[ T])?"
"""Spreadsheets write a day before a time of day: 1899-12-30 or 00.01.1900, or that of the row."""
_TIME = re.compile(
    rb"\s*" + _DAY_BEFORE + rb"(?:(?P<h>\d{1,2})(?:"
    rb":(?P<min>\d{1,2}):(?P<s>\d{1,2})(?:[.,\x1f](?P<f>\d{1,9}))?"
    rb"|[.](?P<min2>\d{2})[.](?P<s2>\d{2})(?:[.,\x1f](?P<f2>\d{1,9}))?)"
    + _HALF_DAY
    + rb"|0?[.,\x1f](?P<share>\d{3,15}))\s*$"
)
_MINUTES = re.compile(rb"\s*" + _DAY_BEFORE + rb"(?P<h>\d{1,2}):(?P<min>\d{2})" + _HALF_DAY + rb"\s*$")
_HOURLESS = re.compile(rb"\s*(?P<h>\d{1,2}):(?P<min>\d{2})(?:[.,\x1f](?P<f>\d{1,9}))?\s*$")

Mask = npt.NDArray[np.bool_]
Parts = dict[str, tuple[int, int]]


class Order(Enum):
    """Which parts of a date like `2/3/25` are year, month and day."""

    DAY_FIRST = "rqp"
    MONTH_FIRST = "rpq"
    YEAR_FIRST = "pqr"


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a cell: where its numbers stand, and which half of the day it names."""

    parts: Parts
    half: bytes = b""


Compute = Callable[[dict[str, Integers], Layout], Integers]


def days(view: Bytes, starts: Integers, separator: int, order: Order = Order.DAY_FIRST) -> tuple[Integers, Integers]:
    """Return the days since 1970-01-01 of the date cells starting at `starts` (−1: no cell), and where they end.

    `INVALID` days and an end of −1 for what is no date. Year first (`YYYY.MM.DD`, ISO), two numbers and a year in the
    given order (`DD.MM.YYYY`, `DD/MM/YYYY`; a two-digit year is 20xx), or a spreadsheet's serial number; a blank may
    follow the first two parts, a dot the last.
    """
    return _parse(view, starts, separator, _DATE, partial(_days, order))


def has_order(view: Bytes, starts: Integers, separator: int) -> bool:
    """Return whether the first date cell has day and month in an order that it does not show."""
    known = starts[starts >= 0][:1]
    match = _DATE.match(_cell(view, int(known[0]), separator)) if len(known) else None
    return match is not None and match["p"] is not None


def times(view: Bytes, starts: Integers, separator: int) -> Integers:
    """Return the milliseconds since midnight of the time cells; `INVALID` for what is no time.

    `HH:MM:SS` or `HH.MM.SS` with any fraction, also with AM or PM or a day before it; or a share of a day (`0.857442`).
    """
    return _parse(view, starts, separator, _TIME, _milliseconds)[0]


def minutes(view: Bytes, starts: Integers, separator: int) -> Integers:
    """Return the milliseconds since midnight of time cells without seconds (`HH:MM`, also with AM or PM)."""
    return _parse(view, starts, separator, _MINUTES, _milliseconds)[0]


def example_without_hours(view: Bytes, starts: Integers, separator: int) -> str | None:
    """Return a time cell of only minutes and seconds (`34:42.9`, or `34:42`, as no hour is 34), or None."""
    known = starts[starts >= 0]
    for start in known[np.linspace(0, len(known) - 1, min(EXAMPLES, len(known)), dtype=np.int64)].tolist():
        cell = _cell(view, start, separator)
        match = _HOURLESS.match(cell)
        if match and (match["f"] or int(match["h"]) > 23):
            return cell.strip().decode().replace("\x1f", ",")
    return None


def _parse(
    view: Bytes, starts: Integers, separator: int, pattern: re.Pattern[bytes], compute: Compute
) -> tuple[Integers, Integers]:
    """Return what `compute` makes of the cells that match the pattern (`INVALID` of others), and where they end."""
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
                own = _layout(match)
                result[row] = compute({name: np.array([int(match[name])]) for name in own.parts}, own)[0]
                ends[row] = starts[row] + len(cell)
            continue
        layouts += 1
        layout = None if match is None else _layout(match)
        windows = _windows(view, starts[waiting], len(cell) + 1, separator)
        same, values = _same_layout(windows, cell, separator, {} if layout is None else layout.parts)
        rows = waiting[same]
        if layout is not None:
            result[rows] = compute({name: value[same] for name, value in values.items()}, layout)
            ends[rows] = starts[rows] + len(cell)
        waiting = waiting[~same]
    return result, ends


def _windows(view: Bytes, starts: Integers, width: int, separator: int) -> Bytes:
    """Return so many bytes of each cell and what follows it, a row each; the separator after the text's end."""
    last = len(view) - width
    at_each_byte = np.ndarray((max(last + 1, 0),), f"V{width}", view, strides=(1,))
    inside = starts <= last
    if inside.all():
        return at_each_byte[starts].view(np.uint8).reshape(-1, width)
    windows = np.full((len(starts), width), separator, np.uint8)
    windows[inside] = at_each_byte[starts[inside]].view(np.uint8).reshape(-1, width)
    for cell in np.flatnonzero(~inside).tolist():
        rest = view[starts[cell] :]
        windows[cell, : len(rest)] = rest
    return windows


def _layout(match: re.Match[bytes]) -> Layout:
    found = {name: text for name, text in match.groupdict().items() if text is not None}
    half = found.pop("half", b"").upper()
    return Layout({name: match.span(name) for name in found}, half)


def _cell(view: Bytes, start: int, separator: int) -> bytes:
    window = view[start : start + CELL].tobytes()
    ends = [end for end in (window.find(separator), window.find(b"\n")) if end >= 0]
    return window[: min(ends, default=len(window))]


def _same_layout(windows: Bytes, cell: bytes, separator: int, parts: Parts) -> tuple[Mask, dict[str, Integers]]:
    """Return which cells have digits where `cell` has, the same other bytes and its length; and their numbers."""
    after = windows[:, len(cell)]
    same: Mask = (after == separator) | (after == NEWLINE)
    values: dict[str, Integers] = {}
    for name, (begin, end) in parts.items():
        value = np.zeros(len(windows), np.int64)
        for offset in range(begin, end):
            digit = windows[:, offset] - np.uint8(48)
            same &= digit < 10
            value *= 10
            value += digit
        values[name] = value
    inside = {offset for begin, end in parts.values() for offset in range(begin, end)}
    for offset, literal in enumerate(cell):
        if offset not in inside:
            same &= windows[:, offset] == literal
    return same, values


def _days(order: Order, values: dict[str, Integers], layout: Layout) -> Integers:
    """Return the days of the dates. They are computed only where the date changes from one row to the next."""
    if "serial" in values:
        found = values["serial"] - EXCEL_EPOCH_DAYS
        return np.where(found >= 0, found, INVALID)
    names = "ymd" if "y" in values else order.value
    written = (values[names[0]] * 100 + values[names[1]]) * 100 + values[names[2]]
    changes = np.ones(len(written), bool)
    changes[1:] = written[1:] != written[:-1]
    year, month, day = (values[name][changes] for name in names)
    begin, end = layout.parts[names[0]]
    if end - begin <= 2:
        year = year + 2000
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (year >= YEARS.start) & (year < YEARS.stop)
    months = (np.where(valid, year, 1970) - 1970) * 12 + np.where(valid, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    found = np.where(valid & (day <= after - first), first + day - 1, INVALID)
    return np.asarray(found[np.cumsum(changes) - 1])


def _milliseconds(values: dict[str, Integers], layout: Layout) -> Integers:
    if "share" in values:
        begin, end = layout.parts["share"]
        return np.asarray(np.rint(values["share"] * (DAY_MS / 10 ** (end - begin)))).astype(np.int64) % DAY_MS
    hours = values["h"]
    minute = values["min2" if "min2" in values else "min"]
    second = values.get("s", values.get("s2", np.zeros_like(hours)))
    if layout.half:  # of 1 to 12 hours; a clock that says both 20 and PM is believed
        noon = 12 if layout.half == b"P" else 0
        hours = np.where(hours <= 12, hours % 12 + noon, hours)
    whole = ((hours * 60 + minute) * 60 + second) * 1000
    for name in {"f", "f2"} & values.keys():
        begin, end = layout.parts[name]
        whole = whole + values[name] * 1000 // 10 ** (end - begin)
    return np.where((hours < 24) & (minute < 60) & (second < 60), whole, INVALID)
