"""Reads a stored list of analyses as it comes: of twenty thousand not even the bytes have room in the memory."""

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
"""More than any analysis has: what is longer is no list with an element a line."""


class BadList(CodedError):
    """The stored list is not what the API writes."""


class _NotByLine(Exception):
    """Not an element a line; a JSON array it may still be."""


def read_items(fetch: Callable[[], Iterable[bytes]]) -> list[Any]:
    """The elements of a JSON array, each cut down to what an average needs; `fetch` gives its bytes in pieces.

    An array with an element a line, as the API writes it, is read element by element. Any other is fetched once more,
    and read at once.

    Raises:
        BadList: not a JSON array.
    """
    try:
        return [slim(item) for item in _by_line(fetch())]
    except (orjson.JSONDecodeError, _NotByLine):
        return [slim(item) for item in _whole(b"".join(fetch()))]


@contextmanager
def without_collector() -> Iterator[None]:
    """JSON has no cycles, yet the cycle collector walks all of it again and again: without it reading takes half."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _by_line(pieces: Iterable[bytes]) -> Iterator[Any]:
    """The elements of `[…,\\n…,\\n…]`. Raises `_NotByLine` or `orjson.JSONDecodeError` for any other."""
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


def _whole(content: bytes) -> list[Any]:
    try:
        items = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadList(ErrorCode.AVERAGE_LIST_MALFORMED) from None
    if type(items) is not list:
        raise BadList(ErrorCode.AVERAGE_LIST_EXPECTED)
    return items
