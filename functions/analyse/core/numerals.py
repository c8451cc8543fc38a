"""Numbers as spreadsheets of many countries write them: which of point, comma, blank and apostrophe means what.

A cell is read twice: as if points were decimal, and as if commas were. Where only one reading is possible the cell
is evidence for it; where both are (`1.013`), the column, the file and the column's plausible range decide. What
remains undecided is void, never guessed.
"""

import re
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import NUMBERS, Column

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

THOUSAND: Final = 1000

MAX_DIGITS: Final = 400
"""The longest text of a number, in characters."""

_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-", "\u02d7": "-", "\ufe63": "-", "\uff0d": "-", "\x1f": ","})
_GROUP = "[ \u00a0\u202f\u2009\u2007'\u2019\u02bc{}]"


def _pattern(decimal: str, grouping: str) -> re.Pattern[str]:
    group = _GROUP.format(grouping)
    return re.compile(
        rf"([+-]?)\s*(?:([1-9]\d{{0,2}}(?:{group}\d{{3}})+)|(\d*))(?:[{decimal}](\d*))?([eE][+-]?\d{{1,3}})?(-?)\Z"
    )


_POINT = _pattern(".", ",")
_COMMA = _pattern(",", ".")
_PLAIN = re.compile(r"[+-]?\d+\Z")
_EMPTY: Final = frozenset(
    {"", "nan", "NaN", "-nan", "-NaN", "NA", "#NA", "<NA>", "N/A", "n/a", "#N/A", "#N/A N/A", "NULL", "null", "None"}
)
"""Words for an empty cell, as spreadsheets and data frames write it."""
_DIGITS = re.compile(r"\D")


@dataclass(slots=True)
class Cells:
    """One column's cells in both readings, and the evidence in them."""

    point: Floats
    comma: Floats
    empty: Mask
    plain: Mask
    """Digits alone."""


def read_cells(cells: list[bytes]) -> Cells:
    """Return both readings of each cell of a column, NaN where a reading is not possible."""
    places: dict[bytes, int] = {}
    codes = np.fromiter((places.setdefault(cell, len(places)) for cell in cells), np.int64, len(cells))
    read = [_readings(_decoded(cell)) for cell in places]
    point, comma = (np.array([one[which] for one in read])[codes] for which in (0, 1))
    empty, plain = (np.array([bool(one[which]) for one in read])[codes] for which in (2, 3))
    return Cells(point, comma, empty, plain)


def _decoded(cell: bytes) -> str:
    """Return a cell as text. What is no UTF-8 is of a Windows spreadsheet, with its own blank and apostrophe."""
    try:
        return cell.decode()
    except UnicodeDecodeError:
        return cell.decode("cp1252", "replace")


def _readings(cell: str) -> tuple[float, float, bool, bool]:
    text = cell.translate(_MINUS).strip().strip("\u00a0\u202f")
    if text in _EMPTY:
        return nan, nan, True, False
    if len(text) > MAX_DIGITS:
        return nan, nan, False, False
    if _PLAIN.match(text):
        value = float(text)
        return value, value, False, True
    return _parse_number(_POINT, text), _parse_number(_COMMA, text), False, False


def _parse_number(pattern: re.Pattern[str], text: str) -> float:
    match = pattern.match(text)
    if match is None:
        return nan
    sign, grouped, digits, decimals, exponent, sign_after = match.groups()
    whole = _DIGITS.sub("", grouped or digits or "")
    if (not whole and not decimals) or (sign and sign_after):
        return nan
    return float(f"{sign or sign_after}{whole or 0}.{decimals or 0}{exponent or ''}")


def joined(parts: list[Cells]) -> Cells:
    """Return the cells of all parts of a column."""
    return Cells(
        np.concatenate([part.point for part in parts]),
        np.concatenate([part.comma for part in parts]),
        np.concatenate([part.empty for part in parts]),
        np.concatenate([part.plain for part in parts]),
    )


def decide(columns: list[Cells], positions: list[int], comma_times: bool) -> list[tuple[Floats, int]]:
    """Return each column's numbers, and how many of its cells hold neither a number nor nothing.

    Args:
        columns: The cells of each column.
        positions: The columns' places in `NUMBERS`.
        comma_times: Whether the fractions of seconds follow a comma.
    """
    points = sum(int(np.count_nonzero(_only_point(cells))) for cells in columns)
    commas = sum(int(np.count_nonzero(_only_comma(cells))) for cells in columns)
    comma_file = (commas > 0 and points == 0) or (points == commas == 0 and comma_times)
    point_file = points > 0 and commas == 0
    return [
        _decided(cells, NUMBERS[position], comma_file, point_file)
        for cells, position in zip(columns, positions, strict=True)
    ]


def _only_point(cells: Cells) -> Mask:
    return np.asarray(~np.isnan(cells.point) & np.isnan(cells.comma))


def _only_comma(cells: Cells) -> Mask:
    return np.asarray(np.isnan(cells.point) & ~np.isnan(cells.comma))


def _decided(cells: Cells, kind: Column, comma_file: bool, point_file: bool) -> tuple[Floats, int]:
    only_point, only_comma = _only_point(cells), _only_comma(cells)
    unclear = np.asarray(~np.isnan(cells.point) & ~np.isnan(cells.comma) & (cells.point != cells.comma))
    values = np.where(only_comma, cells.comma, cells.point)
    if unclear.any():
        has_point, has_comma = bool(only_point.any()), bool(only_comma.any())
        if has_point != has_comma:
            comma = has_comma
            values = np.where(unclear & comma, cells.comma, values)
        elif not has_point and comma_file:
            values = np.where(unclear, cells.comma, values)
        elif has_point and has_comma:
            values = np.where(unclear, np.nan, values)
        else:
            values = np.where(unclear, _by_range(cells, unclear, kind, point_file), values)
    words = int(np.count_nonzero(np.isnan(values) & ~cells.empty))
    return values, words


def _by_range(cells: Cells, unclear: Mask, kind: Column, point_file: bool) -> Floats:
    """Return the reading of unclear cells that fits the column and its other values; NaN where both or none does.

    A value fits where it is plausible, or one of the ECU's raw values for "no value".
    """
    size = np.abs(cells.point), np.abs(cells.comma)
    grouped, decimal = np.maximum(*size) * np.sign(cells.point), np.minimum(*size) * np.sign(cells.point)
    by_comma = bool((size[0][unclear] > size[1][unclear]).all())  # `1,013` where points are decimal
    if point_file and by_comma and kind.whole:
        return grouped
    whole_fits, decimal_fits = _fits(kind, grouped[unclear]), _fits(kind, decimal[unclear])
    if whole_fits != decimal_fits:
        return grouped if whole_fits else decimal
    if not whole_fits or np.isin(decimal[unclear], kind.sentinels).all():
        return decimal  # void in any case
    others = np.abs(cells.point[cells.plain])
    if (point_file and by_comma) or (kind.whole and not (others >= THOUSAND).any()):
        return grouped
    if point_file and not len(others):
        return decimal
    return np.full(len(grouped), np.nan)


def _fits(kind: Column, values: Floats) -> bool:
    """Return whether every value is plausible in the column, or says that there is none."""
    return bool((((values >= kind.low) & (values <= kind.high)) | np.isin(values, kind.sentinels)).all())
