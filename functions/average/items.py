"""Read a stored list of analyses piece by piece: the bytes of twenty thousand do not fit into memory."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

import orjson

from faplog.contracts.errors import CodedError, ErrorCode

from .core.reading import slim

_BREAK: Final = b",\n"
_LINE_BYTES: Final = 16 << 20
"""More than any analysis has. A list with a longer line does not have one element per line."""


class BadList(CodedError):
    """The stored list is not what the API writes."""


class _NotByLine(Exception):
    """Not an element a line; a JSON array it may still be."""


def read_items(fetch: Callable[[], Iterable[bytes]]) -> list[Any]:
    """Return the elements of a JSON array, each reduced to what an average needs.

    An array with one element per line, as the API writes it, is read element by element. Any other is fetched again
    and parsed whole.

    Args:
        fetch: Opens the array, and yields its bytes in pieces.

    Raises:
        BadList: Not a JSON array.
    """
    try:
        return [slim(item) for item in _by_line(fetch())]
    except (orjson.JSONDecodeError, _NotByLine):
        return [slim(item) for item in _parse_array(b"".join(fetch()))]


@contextmanager
def without_collector() -> Iterator[None]:
    """Pause the cycle collector. It walks all parsed JSON again and again, which doubles the time of parsing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _by_line(pieces: Iterable[bytes]) -> Iterator[Any]:
    """Yield the elements of an array that has one on each line.

    Raises:
        _NotByLine: It has not.
        orjson.JSONDecodeError: A line is no element.
    """
    coming = iter(pieces)
    first, rest = next(coming, b""), b""
    if first[:1] != b"[":
        raise _NotByLine
    for piece in chain([first[1:]], coming):
        *lines, rest = (rest + piece).split(_BREAK)
        yield from map(orjson.loads, lines)
        if len(rest) > _LINE_BYTES:
            raise _NotByLine
    if rest[-1:] != b"]":
        raise _NotByLine
    if rest != b"]":
        yield orjson.loads(rest[:-1])


def _parse_array(content: bytes) -> list[Any]:
    try:
        items = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadList(ErrorCode.AVERAGE_LIST_MALFORMED) from None
    if type(items) is not list:
        raise BadList(ErrorCode.AVERAGE_LIST_EXPECTED)
    return items
