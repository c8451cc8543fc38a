"""From text to typed rows: a timestamp and a number or nothing in every cell, and no row that lost bytes."""

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts.errors import ErrorCode

from . import cells, clock, numerals
from .clock import DAY_MS, INVALID, Order
from .columns import DATE, POSITIONS, TIME
from .errors import BadData, BadLog
from .text import NEWLINE, QUOTED_COMMA, Bytes, Integers, Table, Text

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
FIRST_SUNDAY: Final = 3
"""4 January 1970, in days since 1970-01-01."""
DAYS_A_WEEK: Final = 7
TURN_MS: Final = 10_000
"""A clock that jumps from just before a full hour to just after the same hour has lost its hours; this is "just"."""

THREE: Final = 3
"""Digits that may be decimals or a group of thousands."""

MAX_CELLS: Final = 8_000_000
"""Rows × known columns: four times what 20 MB of the widest real log hold."""

BLOCK_BYTES: Final = 1 << 18
"""Bytes compared at a time: few enough that they and the intermediate arrays stay in the processor's cache."""

WORDS_BLOCK_BYTES: Final = 1 << 22
"""Bytes read at a time where cells are text; a text that occurs twice in a block is parsed once."""

SECONDLESS_ROWS: Final = 6
"""Rows without seconds from which on the clock counts as one without seconds, if they outnumber the others."""

ROWS_A_MINUTE: Final = (6, 300)
"""Least and largest number of rows in a minute for which seconds can be restored."""

FILLED_SHARE: Final = 0.85
"""A minute with fewer of the usual rows has a pause in it."""

EPOCH: Final = date(1970, 1, 1)

TIME_SAMPLE_BYTES: Final = 4096

_TIME_COMMA = re.compile(rb"\d:\d\d[,\x1f]\d")
_SWAPPED: Final = bytes.maketrans(b".,", b",.")


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
    sessions: Mask
    """Rows that follow a header: the app was started before them."""
    holes: Mask
    """Rows before which others were lost."""
    damaged: int = 0
    """Rows that lost bytes and were dropped."""
    without_seconds: bool = False
    """Whether the times have no seconds, and rows were spread over their minutes."""


def read_rows(text: Text, day: date | None = None) -> Rows:
    """Return the typed rows of all tables, those that lost bytes left out.

    Args:
        text: The log's text.
        day: The day in the file's name; it tells `2/3/2025` from `3/2/2025`.

    Raises:
        BadLog: More cells than a log can have, or a line no row can be.
        BadData: The times have no hours, or no seconds and cannot be restored; or most rows are damaged.
    """
    separator = text.separator.encode()
    tables, holes, damaged = [], [], text.damaged_headers
    for table in text.tables:
        if len(table.starts) * len(_fields(table.names)) > MAX_CELLS:
            raise BadLog(ErrorCode.TOO_MANY_ROWS, rows=len(table.starts))
        if not table.body:
            continue
        whole, hole, lost = _without_damage(table, separator)
        damaged += lost
        if whole.body:
            tables.append(whole)
            holes.append(hole)
    rows = sum(len(table.starts) for table in tables)
    if damaged > rows:
        raise BadData(ErrorCode.TOO_DAMAGED, damaged=damaged, rows=damaged + rows)
    if not tables:
        raise BadLog(ErrorCode.NO_ROWS)
    days, times, without_seconds = _timestamps(tables, separator[0], day)
    positions, numbers, not_numeric = _matrix(tables, separator)
    sessions = np.concatenate([_sessions(table) for table in tables])
    return Rows(days, times, positions, numbers, not_numeric, sessions, np.concatenate(holes), damaged, without_seconds)


def _matrix(tables: list[Table], separator: bytes) -> tuple[list[int], Floats, list[int]]:
    """Return the positions of the columns of all tables, their numbers, and the words in each."""
    parts = [_numbers(table, separator) for table in tables]
    if len(tables) == 1:
        return [position for _, position in _fields(tables[0].names)], *parts[0]
    positions = sorted({position for table in tables for _, position in _fields(table.names)})
    numbers = np.full((len(positions), sum(len(table.starts) for table in tables)), np.nan)
    not_numeric = [0] * len(positions)
    start = 0
    for table, (part, words) in zip(tables, parts, strict=True):
        end = start + part.shape[1]
        for own, (_, position) in enumerate(_fields(table.names)):
            numbers[positions.index(position), start:end] = part[own]
            not_numeric[positions.index(position)] += words[own]
        start = end
    return positions, numbers, not_numeric


def _without_damage(table: Table, separator: bytes) -> tuple[Table, Mask, int]:
    """Return the table without blank lines and without rows that lost bytes.

    Beside it the rows before which some were lost, and how many were.

    A row lost bytes where a NUL says so, or where it has another number of cells than the header and most rows, and
    its neighbours have not. Rows of one other width in a row are no damage: spreadsheets leave empty cells out.
    """
    filled = table.view[table.starts] != NEWLINE
    bad = np.zeros(len(table.starts), bool)
    if b"\0" in table.body:
        lengths = np.diff(np.append(table.starts, len(table.view)))
        bad[np.searchsorted(table.starts, np.flatnonzero(table.view == 0), side="right") - 1] = True
        filled &= ~((table.view[table.starts] == 0) & (lengths <= len("\0\n")))
    separators = (table.view == separator[0]).view(np.uint8)
    wide = len(table.names) - 1
    if not _all_as_wide(separators, table.starts, wide):
        cells = np.add.reduceat(separators, table.starts, dtype=np.uint16)
        told = filled & (cells > 0)  # a line of one cell is no row, and has no time
        bad |= _torn(np.where(told, cells, wide).astype(np.int64), wide, not table.body.endswith(b"\n"))
    lost = np.cumsum(bad)
    bad &= filled
    keep = filled & ~bad
    holes = np.diff(lost[keep], prepend=0) > 0
    return (table if keep.all() else _only(table, keep)), holes, int(np.count_nonzero(bad))


def _all_as_wide(separators: Bytes, starts: Integers, wide: int) -> bool:
    """Return whether each line has so many separators. They are counted in bytes, which is fast, up to 255."""
    if wide > 255 or np.count_nonzero(separators) != wide * len(starts):
        return False
    return bool((np.add.reduceat(separators, starts, dtype=np.uint8) == wide).all())


def _only(table: Table, keep: Mask) -> Table:
    """Return the table with only the lines to keep."""
    lengths = np.diff(np.append(table.starts, len(table.view)))
    view = table.view[np.repeat(keep, lengths)]
    ends = np.cumsum(lengths[keep])
    starts = np.append(0, ends[:-1]) if len(ends) else ends
    session_rows = np.append(0, np.cumsum(keep))[np.searchsorted(table.starts, table.sessions)]
    sessions = np.append(starts, len(view))[session_rows]
    return Table(table.names, view.tobytes(), view, starts, sessions)


def _torn(cells: Integers, wide: int, broken_off: bool) -> Mask:
    """Return which rows have a number of separators that is neither the header's nor usual among their neighbours."""
    counts = np.bincount(cells)
    usual = int(counts.argmax())
    right = (cells == wide) | ((cells == usual) & (counts[usual] * 2 > len(cells)))
    same_before = np.append(False, cells[1:] == cells[:-1])
    same_after = np.append(cells[1:] == cells[:-1], False)
    torn = ~right & ~((same_before | same_after) & (cells < wide))
    if broken_off and cells[-1] < wide:
        torn[-1] = False
    return np.asarray(torn)


def _sessions(table: Table) -> Mask:
    """Return which rows are the first after a header."""
    first = np.zeros(len(table.starts), bool)
    rows = np.searchsorted(table.starts, table.sessions)
    first[rows[rows < len(first)]] = True
    return first


def _timestamps(tables: list[Table], separator: int, day: date | None) -> tuple[Integers, Integers, bool]:
    """Return days and milliseconds of all rows, and whether their seconds had to be made up."""
    days: dict[Order, list[Integers]] = {order: [] for order in Order}
    clocks = []
    ambiguous = False
    for table in tables:
        place, time = table.names.index(DATE), table.names.index(TIME)
        needed = place > 0 or time != 1
        separators = np.flatnonzero(table.view == separator) if needed else np.empty(0, np.int64)
        dates = _cell_starts(table, separators, place)
        own, ends = clock.days(table.view, dates, separator)
        clocks.append(np.where(ends < 0, -1, ends + 1) if time == place + 1 else _cell_starts(table, separators, time))
        turns = clock.has_order(table.view, dates, separator)
        ambiguous |= turns
        for order, parts in days.items():
            turned = turns and order is not Order.DAY_FIRST
            parts.append(clock.days(table.view, dates, separator, order)[0] if turned else own)
    together = {order: np.concatenate(parts) for order, parts in days.items()}
    chosen = _chosen(together, day) if ambiguous else together[Order.DAY_FIRST]
    return chosen, *_times(tables, chosen, clocks, separator)


def _chosen(days: dict[Order, Integers], day: date | None) -> Integers:
    """Return the days in the order that fits: the file's name, then the valid dates, then the shortest stretch."""
    named = INVALID if day is None else (day - EPOCH).days

    def fit(order: Order) -> tuple[int, int, int]:
        valid = days[order][days[order] != INVALID]
        of_name = int(np.count_nonzero((valid == named) | (valid == named + 1)))
        if order is Order.YEAR_FIRST and not of_name:
            return -1, 0, 0  # of two digits the year comes first only where the file's name says so
        return of_name, len(valid), -int(np.ptp(valid)) if len(valid) else 0

    return days[max(Order, key=fit)]


def _times(tables: list[Table], days: Integers, clocks: list[Integers], separator: int) -> tuple[Integers, bool]:
    """Return the milliseconds of all rows, and whether seconds were missing and rows were spread over their minutes.

    Raises:
        BadData: A spreadsheet removed the hours, or the seconds of so few rows a minute that they cannot be restored.
    """
    cells = list(zip(tables, clocks, strict=True))
    times = np.concatenate([clock.times(table.view, starts, separator) for table, starts in cells])
    turn = _turn_of_hour(days, times)
    if turn is not None:
        raise BadData(ErrorCode.HOURS_MISSING, example=turn)
    lost = int(np.count_nonzero(times == INVALID))
    if lost < SECONDLESS_ROWS or lost * 2 <= len(times):
        return times, False
    for table, starts in cells:
        hourless = clock.example_without_hours(table.view, starts, separator)
        if hourless is not None:
            raise BadData(ErrorCode.HOURS_MISSING, example=hourless)
    minutes = np.concatenate([clock.minutes(table.view, starts, separator) for table, starts in cells])
    known = (days != INVALID) & (minutes != INVALID)
    if np.count_nonzero(known) < SECONDLESS_ROWS:
        return times, False
    spread = _spread(days[known] * DAY_MS + minutes[known])
    if spread is None:
        hour, minute = divmod(int(minutes[known][0]) // MINUTE_MS, 60)
        raise BadData(ErrorCode.SECONDS_MISSING, example=f"{hour}:{minute:02}")
    times = np.full(len(minutes), INVALID, np.int64)
    times[known] = spread - days[known] * DAY_MS
    return times, True


def _turn_of_hour(days: Integers, times: Integers) -> str | None:
    """Return the last time before an hour that begins again, where no row has an hour; None where the clock is whole.

    A spreadsheet that opens `34:42.9` once more writes `0:34:42.9`. On Sundays summer time ends, on the Azores at one.
    """
    known = (days != INVALID) & (times != INVALID)
    days, times = days[known], times[known]
    if not len(times) or times.max() >= HOUR_MS:
        return None
    turns = (times[:-1] >= HOUR_MS - TURN_MS) & (times[1:] < TURN_MS) & (days[:-1] == days[1:])
    turns &= (days[1:] - FIRST_SUNDAY) % DAYS_A_WEEK != 0
    if not turns.any():
        return None
    minute, second = divmod(int(times[:-1][turns][0]) // 1000, 60)
    return f"0:{minute:02}:{second:02}"


def _spread(minute: Integers) -> Integers | None:
    """Return rows spread over their minutes by the usual step, in ms; None where they are too few or too many.

    In the first minute of a stretch the rows stand at its end, in the last one at its start.
    """
    firsts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1) != 0) if len(minute) else np.empty(0, np.int64)
    if not len(firsts):
        return None
    counts = np.diff(np.append(firsts, len(minute)))
    values = minute[firsts]
    follows = np.append(False, np.diff(values) == MINUTE_MS)
    followed = np.append(follows[1:], False)
    full = follows & followed
    usual = float(np.median(counts[full])) if full.any() else float(counts.max())
    low, high = ROWS_A_MINUTE
    fits = (counts >= usual * 0.5) & (counts <= usual * 1.5)
    if not low <= usual <= high or (counts > high).any() or (full.any() and fits[full].mean() < 0.75):
        return None
    place = np.arange(len(minute)) - np.repeat(firsts, counts)
    filled = full & (counts >= usual * FILLED_SHARE)
    steps = np.where(filled | (counts > usual), MINUTE_MS / counts, MINUTE_MS / usual)
    begins = np.where(~follows & followed, MINUTE_MS - counts * steps, 0.0)
    return np.asarray(minute + np.repeat(begins, counts) + place * np.repeat(steps, counts)).astype(np.int64)


@lru_cache(maxsize=16)
def _fields(names: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return the known fields of a row: (field, position in `NUMBERS`); of a repeated name the first."""
    seen: dict[int, int] = {}
    for index, name in enumerate(names):
        position = POSITIONS.get(name)
        if position is not None:
            seen.setdefault(position, index)
    return tuple(sorted((index, position) for position, index in seen.items()))


def _cell_starts(table: Table, separators: Integers, field: int) -> Integers:
    """Return where the given field of each line starts; −1 where a line is too short to have it."""
    if field == 0:
        return table.starts
    before = np.searchsorted(separators, table.starts) + (field - 1)
    cells = np.append(separators, len(table.view))[np.minimum(before, len(separators))] + 1
    return np.where(cells < np.append(table.starts[1:], len(table.view)), cells, -1)


def _numbers(table: Table, separator: bytes) -> tuple[Floats, list[int]]:
    """Return the known columns as rows of a matrix, and how many words each holds."""
    fields = _fields(table.names)
    if not fields:
        return np.empty((0, len(table.starts))), []
    columns = [field for field, _ in fields]
    plain = _with_points(table, separator)
    if plain is not None:
        numbers = cells.numbers(plain, columns, separator[0])
        if numbers is not None:
            return numbers, [0] * len(fields)
    return _written_numbers(table, [position for _, position in fields], columns, separator)


def _with_points(table: Table, separator: bytes) -> Table | None:
    """Return the table with decimal points; None where the marks are ambiguous and each cell has to be read."""
    comma = b"," if separator != b"," else QUOTED_COMMA
    if _has_three_decimals(table, b".", separator):
        return None
    if comma not in table.body:
        return table
    if _has_three_decimals(table, comma, separator):
        return None
    # A point that is left becomes a comma, which is no number.
    body = table.body.replace(comma, b".") if comma == QUOTED_COMMA else table.body.translate(_SWAPPED)
    return replace(table, body=body, view=np.frombuffer(body, np.uint8))


def _has_three_decimals(table: Table, mark: bytes, separator: bytes) -> bool:
    """Return whether a cell ends in the mark and three digits after one to three others: `1.013` may mean 1013."""
    view, width = table.view, len(mark) + THREE
    at_ends = np.append(table.starts[1:] - 1, [len(view) - 1, len(view)]) - width
    at_ends = at_ends[at_ends > 0]
    if _any_begins_short(view, at_ends[view[at_ends] == mark[0]], separator):
        return True
    for start in range(0, len(view) - width, BLOCK_BYTES):
        block = view[start : start + BLOCK_BYTES + width]
        ends = block == separator[0]
        marked = ends[width:] > ends[2:-2]  # most cells have fewer decimals, so few are left
        marked &= block[:-width] == mark[0]
        if _any_begins_short(view, np.flatnonzero(marked) + start, separator):
            return True
    return False


def _any_begins_short(view: Bytes, marks: Integers, separator: bytes) -> bool:
    """Return whether one of these marks has three digits after it, and before it one to three that begin a cell."""
    marks = marks[marks > 0]
    for offset in (-1, 1, 2, 3):
        marks = marks[view[marks + offset] - np.uint8(48) < 10]
    for offset in (2, 3, 4):  # a time or a date has more before its mark
        before = view[np.maximum(marks - offset, 0)]
        begins = (before == separator[0]) | (before == NEWLINE) | (before == ord("-")) | (marks < offset)
        if begins.any():
            return True
        marks = marks[before - np.uint8(48) < 10]
    return False


def _written_numbers(
    table: Table, positions: list[int], columns: list[int], separator: bytes
) -> tuple[Floats, list[int]]:
    """Return the columns and the words in them as `_numbers` does, for cells with words, thousands or other marks.

    Read in blocks, so that a file full of words stays small in memory.
    """
    parts: list[list[numerals.Cells]] = [[] for _ in columns]
    for rows in cells.blocks(table, WORDS_BLOCK_BYTES):
        for part, column in zip(parts, cells.texts(table, rows, columns, separator[0]), strict=True):
            part.append(numerals.read_cells(column))
    comma_times = _TIME_COMMA.search(table.body[:TIME_SAMPLE_BYTES]) is not None
    decided = numerals.decide([numerals.joined(part) for part in parts], positions, comma_times)
    return np.array([values for values, _ in decided]), [words for _, words in decided]
