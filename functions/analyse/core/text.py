"""From bytes to lines of one table: encoding, separator, header, repeated headers, and what is refused at sight.

All checks here look at bytes only and cost a fraction of the parsing they may spare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from .columns import DATE, KNOWN, TIME, plain
from .errors import BadLog

MAX_BYTES: Final = 25 * 1024 * 1024
MAX_LINE_BYTES: Final = 64 * 1024
MAX_COLUMNS: Final = 1000
MAX_LINES: Final = 600_000
"""More than a week at one row a second."""
MAX_TABLES: Final = 100
"""Headers that name other columns than the one before."""
HEADER_WITHIN_LINES: Final = 50
PIECE_BYTES: Final = 1 << 20
SEPARATORS: Final = (b";", b"\t", b",")

NEWLINE: Final = 10

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

_QUOTED_DECIMAL = re.compile(rb'"([-+ :.\d]*),(\d+) *"')
"""A number or a time with a decimal comma; in quotes, for without them it would be two cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """A stretch of rows under one header: plain column names, and the bytes of its rows, LF-terminated."""

    names: tuple[str, ...]
    body: bytes
    view: Bytes
    """The same bytes as numbers."""
    starts: Integers
    """Where each line starts."""


@dataclass(frozen=True, slots=True)
class Text:
    """A log as text: its tables (more than one only where a repeated header names other columns)."""

    encoding: str
    separator: str
    tables: list[Table]
    repeated_headers: int
    names: frozenset[str] = field(default=frozenset())


def read_text(raw: bytes) -> Text:
    """The tables in a file's bytes.

    Raises:
        BadLog: empty, too large, not a text with a header that names `Date`, `Time` and one known column, or of a
            shape no log has (a line of 64 kB, 1,000 columns, 600,000 lines, 100 changes of columns).
    """
    if len(raw) > MAX_BYTES:
        raise BadLog(f"it is larger than {MAX_BYTES >> 20} MB")
    encoding, text = _decode(raw)
    if not text or text.isspace():
        raise BadLog("the file is empty")
    if text.count(b"\n") > MAX_LINES:
        raise BadLog(f"it has more than {MAX_LINES} lines, a log of one day cannot")
    separator, names, start, end = _header(text)
    body = _plain_numbers(_without_cut_cell(text[end:], separator, len(names)), separator)
    header = text[start:end].rstrip(b"\n")
    tables, repeated = _tables(names, header, body, separator)
    if all(not table.body or table.body.isspace() for table in tables):
        raise BadLog("there are no rows under the header")
    return Text(encoding, separator.decode(), tables, repeated, frozenset(n for t in tables for n in t.names))


def _decode(raw: bytes) -> tuple[str, bytes]:
    """The name of the encoding, and the text with LF line ends, without byte order mark, NULs and stray quotes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, text = "utf-16", raw.decode("utf-16", "replace").encode()
    elif raw.startswith(b"\xef\xbb\xbf"):
        encoding, text = "utf-8-sig", raw[3:]
    else:
        encoding, text = ("utf-8" if _is_utf8(raw) else "latin-1"), raw
    if b"\0" in text:
        text = text.replace(b"\0", b"")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b'"' in text:
        text = b"".join(_QUOTED_DECIMAL.sub(rb"\1.\2", piece) for piece in _pieces(text)).replace(b'"', b"")
    return encoding, text


def _pieces(text: bytes) -> Iterator[bytes]:
    """The text in pieces of whole lines: `sub` holds an object for each match, and a large text has millions.

    Only a line that is refused for its length is cut within.
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
    """Separator, plain names, and where the header's line starts and ends. A few lines may stand before it."""
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
                return _checked(separator, names, start, end)
            too_wide = too_wide or _is_wide_header(line, separator)
            if not missing and not KNOWN.isdisjoint(names):
                missing = [label for label, name in (("Date", DATE), ("Time", TIME)) if name not in names]
        if end >= len(text):
            break
        start = end
    if too_wide:
        raise BadLog(f"it has more than {MAX_COLUMNS} columns")
    if len(missing) == 1:
        raise BadLog(f"the column '{missing[0]}' is missing")
    if missing:
        raise BadLog("the columns 'Date' and 'Time' are missing")
    raise BadLog("it has no header line with the columns 'Date' and 'Time'")


def _names(line: bytes, separator: bytes) -> tuple[str, ...]:
    """The plain names in a line; `()` where it cannot be a header."""
    if separator not in line or line.count(separator) > MAX_COLUMNS:
        return ()
    try:
        words = line.decode("utf-8")
    except UnicodeDecodeError:
        words = line.decode("latin-1")
    return tuple(plain(word) for word in words.split(separator.decode()))


def _is_wide_header(line: bytes, separator: bytes) -> bool:
    """Whether a line names `Date` and `Time`, but more columns than `_names` reads."""
    if line.count(separator) <= MAX_COLUMNS:
        return False
    words = {word.strip().lower() for word in line.split(separator)}
    return {DATE.encode(), TIME.encode()} <= words


def _checked(separator: bytes, names: tuple[str, ...], start: int, end: int) -> tuple[bytes, tuple[str, ...], int, int]:
    if KNOWN.isdisjoint(names):
        raise BadLog("besides 'Date' and 'Time' it has no column of a FAP log")
    return separator, names, start, end


def _without_cut_cell(body: bytes, separator: bytes, width: int) -> bytes:
    """The rows without the fragment in which a truncated file breaks off: half a number is another number."""
    last = body.rfind(b"\n") + 1
    if last < len(body) and body.count(separator, last) < width - 1:
        return body[: max(body.rfind(separator, last) + 1, last)]
    return body


def _plain_numbers(body: bytes, separator: bytes) -> bytes:
    """Decimal commas become dots wherever the comma is not what separates the cells."""
    return body.replace(b",", b".") if separator != b"," and b"," in body else body


def _lines(body: bytes) -> tuple[Bytes, Integers]:
    """The body's bytes and the offset of each of its lines.

    Raises:
        BadLog: a line is longer than any row of a log.
    """
    view = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(view == NEWLINE)
    starts = np.empty(len(ends) + 1, np.int64)
    starts[0] = 0
    np.add(ends, 1, out=starts[1:])
    if starts[-1] == len(body):
        starts = starts[:-1]
    if len(starts) and max(int(np.diff(starts).max(initial=0)), len(body) - int(starts[-1])) > MAX_LINE_BYTES:
        raise BadLog(f"it has a line longer than {MAX_LINE_BYTES >> 10} kB")
    return view, starts


def _tables(names: tuple[str, ...], header: bytes, body: bytes, separator: bytes) -> tuple[list[Table], int]:
    """The body cut at every repeated header. Rows begin with a digit or a separator, headers with a letter."""
    view, starts = _lines(body)
    first = view[starts]
    lettered = starts[((first | 32) >= ord("a")) & ((first | 32) <= ord("z")) | (first == 32) | (first >= 128)]
    tables: list[Table] = []
    pieces: list[bytes] = []
    repeated, position = 0, 0
    for start in lettered.tolist():
        end = body.find(b"\n", start) + 1 or len(body)
        line = body[start:end].rstrip(b"\n")
        own = names if line == header else _names(line, separator)
        if line != header and not (DATE in own and TIME in own):
            continue
        repeated += 1
        pieces.append(body[position:start])
        position = end
        if own != names:
            if len(tables) == MAX_TABLES:
                raise BadLog(f"its columns change more than {MAX_TABLES} times")
            tables.append(_table(names, pieces))
            names, header, pieces = own, line, []
    if not repeated:
        return [Table(names, body, view, starts)], 0
    tables.append(_table(names, [*pieces, body[position:]]))
    return tables, repeated


def _table(names: tuple[str, ...], pieces: list[bytes]) -> Table:
    body = b"".join(pieces)
    return Table(names, body, *_lines(body))
