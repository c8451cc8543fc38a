"""From bytes to the lines of tables: encoding, separator, header, repeated headers, and early refusals.

All checks here look at bytes only and cost a fraction of the parsing they may spare. What shows that bytes were lost
(NULs, broken multi-byte characters) is left in the text as NULs, for `reading` to drop the rows they stand in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from faplog.contracts.errors import ErrorCode
from faplog.contracts.other_apps import other_app

from .columns import DATE, KNOWN, TIME, plain
from .errors import BadLog

MAX_BYTES: Final = 25 * 1024 * 1024
MAX_LINE_BYTES: Final = 64 * 1024
MAX_COLUMNS: Final = 1000
MAX_LINES: Final = 600_000
"""More than a week at one row a second."""
MAX_TABLES: Final = 100
"""The largest number of headers that name other columns than the one before."""
HEADER_WITHIN_LINES: Final = 50
PIECE_BYTES: Final = 1 << 20
SEPARATORS: Final = (b";", b"\t", b",")

NEWLINE: Final = 10

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

QUOTED_COMMA: Final = b"\x1f"
"""Stands for a comma inside a quoted number, so that it is not taken for a separator."""

ENCODING_SAMPLE_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 64 * 1024

_QUOTED_NUMBER = re.compile(rb'(?:(?<=[,;\t\n])|\A)"[^"\n;\tA-Za-z]*,[^"\n;\tA-Za-z]*"(?=[,;\t\n]|\Z)')
"""A quoted cell without letters that has a comma in it: a number or a time."""

_FILLED = re.compile(rb"[^\0\s]")
_NULS = re.compile(rb"\0\0+")


@dataclass(frozen=True, slots=True)
class Table:
    """A stretch of rows under one header: plain column names, and the bytes of its rows, LF-terminated."""

    names: tuple[str, ...]
    body: bytes
    view: Bytes
    """The same bytes as numbers."""
    starts: Integers
    """Where each line starts."""
    sessions: Integers
    """Offsets before which a header stood: the app was started there."""


@dataclass(frozen=True, slots=True)
class Text:
    """A log as text: its tables (more than one only where a repeated header names other columns)."""

    encoding: str
    separator: str
    tables: list[Table]
    repeated_headers: int
    damaged_headers: int = 0
    names: frozenset[str] = field(default=frozenset())


def read_text(raw: bytes) -> Text:
    """Return the tables in a file's bytes.

    Raises:
        BadLog: Empty, too large, not a text with a header that names `Date`, `Time` and one known column, or of a
            shape no log has (a line of 64 kB, 1,000 columns, 600,000 lines, 100 changes of columns).
    """
    if len(raw) > MAX_BYTES:
        raise BadLog(ErrorCode.LOG_TOO_LARGE, max_mb=MAX_BYTES >> 20)
    encoding, text = _decode(raw)
    if not _FILLED.search(text):
        raise BadLog(ErrorCode.EMPTY_FILE)
    if np.count_nonzero(np.frombuffer(text, np.uint8) == NEWLINE) > MAX_LINES:  # four times as fast as bytes.count
        raise BadLog(ErrorCode.TOO_MANY_LINES, max_lines=MAX_LINES)
    separator, names, start, end = _header(text)
    header = text[start:end].rstrip(b"\n")
    if separator != b"," and QUOTED_COMMA in text:
        text = text.replace(QUOTED_COMMA, b",")
    stop = _end_of_cells(text, end, separator, len(names))
    tables, repeated, damaged = _tables(names, header, text, end, stop, separator)
    if all(not table.body or table.body.isspace() for table in tables):
        raise BadLog(ErrorCode.NO_ROWS)
    known = frozenset(name for table in tables for name in table.names)
    return Text(encoding, separator.decode(), tables, repeated, damaged, known)


def _decode(raw: bytes) -> tuple[str, bytes]:
    """Return the name of the encoding, and the text with LF line ends, without byte order mark and quotes.

    A NUL stays where bytes were lost: one for each run of NULs, and one for each broken character of a UTF-8 text.
    """
    encoding, text = _as_utf8(raw)
    if b"\0" in text:
        text = _NULS.sub(b"\0", text).lstrip(b"\0")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if QUOTED_COMMA in text:
        text = text.replace(QUOTED_COMMA, b"\0")
    if b'"' in text:
        text = b"".join(_QUOTED_NUMBER.sub(_mark_commas, piece) for piece in _pieces(text)).replace(b'"', b"")
    return encoding, text


def _mark_commas(cell: re.Match[bytes]) -> bytes:
    return cell[0].replace(b",", QUOTED_COMMA)


def _as_utf8(raw: bytes) -> tuple[str, bytes]:
    """Return the encoding and the text in it as UTF-8; a text in Latin-1 as it is, for only column names matter."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", raw.decode("utf-16", "replace").replace("\ufffd", "\0").encode()
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig", _without_broken_characters(raw[3:]) or raw[3:]
    encoding = _unmarked_utf16(raw[:400])
    if encoding is not None:
        return encoding, raw.decode(encoding, "replace").replace("\ufffd", "\0").encode()
    if _is_utf8(raw):
        return "utf-8", raw
    mended = _without_broken_characters(raw)
    return ("latin-1", raw) if mended is None else ("utf-8", mended)


def _unmarked_utf16(head: bytes) -> str | None:
    """Return the byte order of ASCII in UTF-16 without a mark; None for anything else, as a hole of NULs."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if min(even, odd) > 0 or max(even, odd) <= 190:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _without_broken_characters(raw: bytes) -> bytes | None:
    """Return the text with a NUL for each broken character; None where it is UTF-8 throughout or mostly is not."""
    if _is_utf8(raw):
        return None
    sample = raw[:ENCODING_SAMPLE_BYTES].decode("utf-8", "replace")
    broken = sample.count("\ufffd")
    if sum(character > "\x7f" for character in sample) <= 2 * broken:
        return None
    return raw.decode("utf-8", "replace").replace("\ufffd", "\0").encode()


def _pieces(text: bytes) -> Iterator[bytes]:
    """Yield the text in pieces of whole lines, because `re.sub` holds an object for each of millions of matches.

    Only a line that is later refused for its length is cut.
    """
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + PIECE_BYTES) + 1 or start + PIECE_BYTES
        yield text[start:end]
        start = end


def _is_utf8(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _header(text: bytes) -> tuple[bytes, tuple[str, ...], int, int]:
    """Return separator, plain names, and where the header's line starts and ends. Some lines may precede it."""
    missing: list[str] = []
    too_wide = False
    start = 0
    for _ in range(HEADER_WITHIN_LINES):
        end = text.find(b"\n", start, start + MAX_LINE_BYTES)
        end = min(len(text), start + MAX_LINE_BYTES) if end < 0 else end + 1
        line = text[start:end]
        for separator in SEPARATORS:
            names = _names(line, separator)
            if DATE in names and TIME in names:
                return _check_columns(separator, names, start, end)
            too_wide = too_wide or _is_wide_header(line, separator)
            if not missing and not KNOWN.isdisjoint(names):
                missing = [label for label, name in (("Date", DATE), ("Time", TIME)) if name not in names]
        if end >= len(text):
            break
        start = end
    app = other_app(text[:HEAD_BYTES].decode("utf-8", "replace"))
    if app:
        raise BadLog(ErrorCode.OTHER_APP, app=app)
    if too_wide:
        raise BadLog(ErrorCode.TOO_MANY_COLUMNS, max_columns=MAX_COLUMNS)
    if len(missing) == 1:
        raise BadLog(ErrorCode.COLUMN_MISSING, column=missing[0])
    if missing:
        raise BadLog(ErrorCode.DATE_AND_TIME_MISSING)
    raise BadLog(ErrorCode.NO_HEADER)


@lru_cache(maxsize=16)
def _names(line: bytes, separator: bytes) -> tuple[str, ...]:
    """Return the plain names in a line; `()` where it cannot be a header, or lost bytes."""
    if separator not in line or line.count(separator) > MAX_COLUMNS or b"\0" in line:
        return ()
    try:
        words = line.decode("utf-8")
    except UnicodeDecodeError:
        words = line.decode("latin-1")
    return tuple(plain(word) for word in words.split(separator.decode()))


def _is_wide_header(line: bytes, separator: bytes) -> bool:
    """Return whether a line names `Date` and `Time`, but more columns than `_names` reads."""
    if line.count(separator) <= MAX_COLUMNS:
        return False
    words = {word.strip().lower() for word in line.split(separator)}
    return {DATE.encode(), TIME.encode()} <= words


def _check_columns(
    separator: bytes, names: tuple[str, ...], start: int, end: int
) -> tuple[bytes, tuple[str, ...], int, int]:
    if KNOWN.isdisjoint(names):
        raise BadLog(ErrorCode.NO_KNOWN_COLUMN)
    return separator, names, start, end


def _end_of_cells(text: bytes, begin: int, separator: bytes, width: int) -> int:
    """Return where the last whole cell ends: half a number, where a truncated file breaks off, is another number."""
    last = text.rfind(b"\n", begin) + 1 or begin
    if last < len(text) and text.count(separator, last) < width - 1:
        return max(text.rfind(separator, begin) + 1, last)
    return len(text)


def _line_starts(text: bytes, begin: int, end: int) -> Integers:
    """Return where each line between two offsets starts.

    Raises:
        BadLog: A line is longer than any row of a log.
    """
    if begin == end:
        return np.empty(0, np.int64)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8)[begin:end] == NEWLINE)
    starts = np.empty(len(ends) + 1, np.int64)
    starts[0] = begin
    np.add(ends, begin + 1, out=starts[1:])
    if starts[-1] == end:
        starts = starts[:-1]
    if max(int(np.diff(starts).max(initial=0)), end - int(starts[-1])) > MAX_LINE_BYTES:
        raise BadLog(ErrorCode.LINE_TOO_LONG, max_kb=MAX_LINE_BYTES >> 10)
    return starts


def _tables(
    names: tuple[str, ...], header: bytes, text: bytes, begin: int, stop: int, separator: bytes
) -> tuple[list[Table], int, int]:
    """Cut the rows at every repeated header. Rows begin with a digit or a separator, headers with a letter.

    Args:
        names: The plain names in the first header.
        header: The first header.
        text: The whole text.
        begin: Where the first row starts.
        stop: Where the last row ends.
        separator: What separates cells.

    Returns:
        The tables, how many headers were repeated, and how many of them were damaged (and the columns kept).
    """
    starts = _line_starts(text, begin, stop)
    first = np.frombuffer(text, np.uint8)[starts]
    lettered = starts[((first | 32) >= ord("a")) & ((first | 32) <= ord("z")) | (first == 32) | (first >= 128)]
    tables: list[Table] = []
    pieces: list[tuple[int, int]] = []
    repeated, damaged, position = 0, 0, begin
    for start in lettered.tolist():
        end = text.find(b"\n", start, stop) + 1 or stop
        line = text[start:end].rstrip(b"\n")
        own = names if line == header else _names(line, separator)
        if line != header and not (DATE in own and TIME in own):
            continue
        repeated += 1
        pieces.append((position, start))
        position = end
        if own != names and _lost_bytes(own, names, text, end, stop, separator):
            damaged += 1
        elif own != names:
            if len(tables) == MAX_TABLES:
                raise BadLog(ErrorCode.TOO_MANY_COLUMN_CHANGES, max_changes=MAX_TABLES)
            tables.append(_table(names, text, starts, pieces))
            names, header, pieces = own, line, []
    tables.append(_table(names, text, starts, [*pieces, (position, stop)]))
    return tables, repeated - damaged, damaged


def _lost_bytes(
    own: tuple[str, ...], names: tuple[str, ...], text: bytes, end: int, stop: int, separator: bytes
) -> bool:
    """Return whether a repeated header has another width than the row under it, which has that of the header before."""
    row_end = text.find(b"\n", end, stop) + 1 or stop
    return len(own) != len(names) and text.count(separator, end, row_end) == len(names) - 1


def _table(names: tuple[str, ...], text: bytes, starts: Integers, pieces: list[tuple[int, int]]) -> Table:
    """Return the table of the rows in these pieces of the text.

    Args:
        names: The plain names of the columns.
        text: The whole text.
        starts: Where each line starts.
        pieces: From where to where rows of the table stand; each piece is whole lines.
    """
    whole = memoryview(text)
    body = b"".join([whole[begin:end] for begin, end in pieces])
    begins, ends = np.array(pieces, np.int64).T
    sessions = np.cumsum(ends - begins) - (ends - begins)
    firsts, lasts = np.searchsorted(starts, begins), np.searchsorted(starts, ends)
    counts = lasts - firsts
    lines = np.arange(counts.sum()) + np.repeat(firsts - np.cumsum(counts) + counts, counts)
    own = starts[lines] - np.repeat(begins - sessions, counts)
    return Table(names, body, np.frombuffer(body, np.uint8), own, sessions)
