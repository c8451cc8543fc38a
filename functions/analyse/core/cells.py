"""Where the cells of a table stand, and the numbers in those that hold plain decimals: many at a time, in arrays."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from .text import NEWLINE, Bytes, Integers, Table

Floats = npt.NDArray[np.float64]

MAX_DIGITS: Final = 15
"""Integers up to so many digits are exact as a float, so that dividing by a power of ten rounds once."""

MAX_SHORT_DIGITS: Final = 9
"""The largest number of digits that fit in 32 bits, which halves the memory traffic."""

BLOCK_BYTES: Final = 1 << 17
"""Bytes read at a time: few enough that they and the intermediate arrays stay in the processor's cache."""

_ZERO, _PLUS, _MINUS, _POINT = np.frombuffer(b"0+-.", np.uint8)
_ONE, _TEN = np.array([1, 10], np.uint8)
_POWERS: Final = 10.0 ** np.arange(MAX_DIGITS + 1)


def numbers(table: Table, columns: list[int], separator: int) -> Floats | None:
    """Return the columns as rows of a matrix, NaN where a cell is empty; None where one holds no plain decimal.

    A plain decimal has an optional sign, up to 15 digits, and a point or none. Its value is that of `float`.
    """
    result = np.empty((len(columns), len(table.starts)))
    for rows in blocks(table, BLOCK_BYTES):
        own = _decimals(table.view, *spans(table, rows, columns, separator))
        if own is None:
            return None
        result[:, rows] = own
    return result


def texts(table: Table, rows: slice, columns: list[int], separator: int) -> Iterator[list[bytes]]:
    """Yield the text of a column's cells for each of the columns."""
    for begins, ends in zip(*spans(table, rows, columns, separator), strict=True):
        yield [table.body[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


def blocks(table: Table, size: int) -> list[slice]:
    """Return the rows in slices of about so many bytes."""
    rows = len(table.starts)
    count = min(rows, len(table.view) // size + 1)
    bounds = [rows * number // count for number in range(count + 1)]
    return [slice(begin, end) for begin, end in pairwise(bounds)]


def spans(table: Table, rows: slice, columns: list[int], separator: int) -> tuple[Integers, Integers]:
    """Return where the cells of some columns begin and end: two matrices with a row for each column.

    A cell that is missing in a short line ends where it begins, as an empty one does.
    """
    starts = table.starts[rows]
    begin = int(starts[0])
    stop = int(table.starts[rows.stop]) if rows.stop < len(table.starts) else len(table.view)
    block = table.view[begin:stop]
    marks = np.flatnonzero((block == separator) | (block == NEWLINE)) + begin
    if block[-1] != NEWLINE:
        marks = np.append(marks, stop)
    edges = np.append(begin - 1, marks)
    wide, rest = divmod(len(marks), len(starts))
    if rest == 0 and wide > max(columns) and np.array_equal(marks[wide - 1 : -1 : wide], starts[1:] - 1):
        return edges[:-1].reshape(-1, wide).T[columns] + 1, marks.reshape(-1, wide).T[columns]
    firsts = np.searchsorted(marks, starts)
    counts = np.diff(np.append(firsts, len(marks)))
    wanted = np.array(columns)[:, np.newaxis]
    missing = counts <= wanted
    places = np.where(missing, 0, firsts + wanted)
    begins, ends = edges[places] + 1, edges[places + 1]
    ends[missing] = begins[missing]
    return begins, ends


def _decimals(view: Bytes, begins: Integers, ends: Integers) -> Floats | None:
    """Return the numbers between these offsets, read digit by digit.

    The cells are ordered by their length, so that those with a character at a place are a slice.
    """
    lengths = (ends - begins).ravel()
    longest = int(lengths.max(initial=0))
    if longest > len("-.") + MAX_DIGITS:
        return None
    order = np.argsort(lengths.astype(np.uint8), kind="stable")
    ordered = lengths[order]
    filled = int(np.searchsorted(ordered, 1))
    order, ordered = order[filled:], ordered[filled:]
    at = begins.ravel()[order]
    head = view[at]
    negative = head == _MINUS
    signed = negative | (head == _PLUS)
    digits: npt.NDArray[np.signedinteger] = np.zeros(len(at), np.int32 if longest <= MAX_SHORT_DIGITS else np.int64)
    decimals = np.zeros(len(at), np.uint8)
    has_point = np.zeros(len(at), bool)
    for place, first in enumerate(np.searchsorted(ordered, np.arange(longest), side="right").tolist()):
        character = view.take(at[first:], mode="clip")
        at[first:] += 1
        digit = character - _ZERO
        is_digit = digit < 10
        is_point = character == _POINT
        after_point = has_point[first:]
        known = is_digit | (is_point & ~after_point)
        if place == 0:
            known |= signed
        if not known.all():
            return None
        rest = digits[first:]
        rest *= np.where(is_digit, _TEN, _ONE)
        rest += digit * is_digit
        decimals[first:] += after_point & is_digit
        after_point |= is_point
    count = ordered - signed - has_point
    if ((count < 1) | (count > MAX_DIGITS)).any():
        return None
    sizes = digits / _POWERS[decimals]
    result = np.full(begins.shape, np.nan)
    result.ravel()[order] = np.where(negative, -sizes, sizes)
    return result
