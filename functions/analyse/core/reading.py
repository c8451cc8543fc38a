"""From text to typed rows: a timestamp and a number or nothing in every cell."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import clock
from .columns import DATE, POSITIONS, TIME
from .errors import BadLog
from .text import NEWLINE, Integers, Table, Text

Floats = npt.NDArray[np.float64]

MAX_CELLS: Final = 8_000_000
"""Rows × known columns: four times what 20 MB of the widest real log hold."""

CHUNKED_ABOVE_BYTES: Final = 4_000_000
"""pandas reads small texts faster in one go, large ones in chunks."""

CHUNK_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in the file's order: days and milliseconds (`clock.INVALID` where unreadable) and a matrix of numbers.

    `numbers[p]` is the column `NUMBERS[positions[p]]`, NaN where a cell is empty; `not_numeric[p]` counts its words.
    """

    days: Integers
    times: Integers
    positions: list[int]
    numbers: Floats
    not_numeric: list[int]


def read_rows(text: Text) -> Rows:
    """The typed rows of all tables.

    Raises:
        BadLog: more cells than a log can have, or a line no row can be.
    """
    tables = [_read(table, text.separator.encode()) for table in text.tables if table.body]
    if len(tables) == 1:
        return tables[0]
    positions = sorted({position for rows in tables for position in rows.positions})
    numbers = np.full((len(positions), sum(len(rows.days) for rows in tables)), np.nan)
    not_numeric = [0] * len(positions)
    start = 0
    for rows in tables:
        end = start + len(rows.days)
        for own, position in enumerate(rows.positions):
            numbers[positions.index(position), start:end] = rows.numbers[own]
            not_numeric[positions.index(position)] += rows.not_numeric[own]
        start = end
    return Rows(
        np.concatenate([rows.days for rows in tables]),
        np.concatenate([rows.times for rows in tables]),
        positions,
        numbers,
        not_numeric,
    )


def _read(table: Table, separator: bytes) -> Rows:
    fields = _fields(table.names)
    if len(table.starts) * len(fields) > MAX_CELLS:
        raise BadLog(f"it has {len(table.starts)} rows, a log of one day cannot")
    filled = table.view[table.starts] != NEWLINE
    days, times = _timestamps(table, separator[0])
    numbers, not_numeric = _numbers(table, [field for field, _ in fields], separator.decode())
    if not filled.all():
        days, times, numbers = days[filled], times[filled], numbers[:, filled]
    return Rows(days, times, [position for _, position in fields], numbers, not_numeric)


def _fields(names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Which fields of a row are numbers we know: (field, position in `NUMBERS`); of a repeated name the first."""
    seen: dict[int, int] = {}
    for index, name in enumerate(names):
        position = POSITIONS.get(name)
        if position is not None:
            seen.setdefault(position, index)
    return sorted((index, position) for position, index in seen.items())


def _timestamps(table: Table, separator: int) -> tuple[Integers, Integers]:
    date, time = table.names.index(DATE), table.names.index(TIME)
    separators = np.flatnonzero(table.view == separator) if date > 0 or time != 1 else np.empty(0, np.int64)
    dates = _cell_starts(table, separators, date)
    days, ends = clock.days(table.view, dates, separator)
    clocks = np.where(ends < 0, -1, ends + 1) if time == date + 1 else _cell_starts(table, separators, time)
    return days, clock.times(table.view, clocks, separator)


def _cell_starts(table: Table, separators: Integers, field: int) -> Integers:
    """Where the given field of each line starts; −1 where a line is too short to have it."""
    if field == 0:
        return table.starts
    before = np.searchsorted(separators, table.starts) + (field - 1)
    cells = np.append(separators, len(table.view))[np.minimum(before, len(separators))] + 1
    return np.where(cells < np.append(table.starts[1:], len(table.view)), cells, -1)


def _numbers(table: Table, fields: list[int], separator: str) -> tuple[Floats, list[int]]:
    """The known columns as rows of a matrix; where a cell is no number, column by column."""
    if not fields:
        return np.empty((0, len(table.starts))), []
    options: dict[str, Any] = {
        "sep": separator,
        "header": None,
        "names": range(len(table.names)),
        "usecols": fields,
        "index_col": False,
        "quoting": 3,
        "skip_blank_lines": False,
    }
    chunked = len(table.body) > CHUNKED_ABOVE_BYTES
    try:
        frame = pd.read_csv(BytesIO(table.body), dtype="float64", low_memory=chunked, **options)
    except ValueError:
        return _numbers_among_words(table.body, fields, options)
    return frame.to_numpy().T, [0] * len(fields)


def _numbers_among_words(body: bytes, fields: list[int], options: dict[str, Any]) -> tuple[Floats, list[int]]:
    """The same with words in some cells, or with every row too short to have all columns.

    Read in chunks, so that a file full of words stays small in memory, and under one row as wide as the header, for
    pandas takes the first rows' width for that of all.
    """
    parts: list[Floats] = []
    words = [0] * len(fields)
    widest = options["sep"].encode() * (len(options["names"]) - 1) + b"\n"
    chunks = pd.read_csv(
        BytesIO(widest + body), chunksize=CHUNK_ROWS, low_memory=False, encoding_errors="replace", **options
    )
    for chunk in chunks:
        part = np.empty((len(fields), len(chunk)))
        for index, field in enumerate(fields):
            part[index], found = _mixed(chunk[field])
            words[index] += found
        parts.append(part)
    return np.concatenate(parts, axis=1)[:, 1:], words


def _mixed(cells: "pd.Series[Any]") -> tuple[Floats, int]:
    """A column's numbers, and how many of its cells hold neither a number nor nothing."""
    if cells.dtype == object:  # integers of any length, which `to_numeric` takes for no longer than a float can be
        cells = cells.astype("str")
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
    odd = cells[np.isnan(values) & cells.notna().to_numpy()]
    return values, sum(1 for cell in odd if str(cell).strip())
