"""Reads a stored list of analyses, of which ten thousand, whole, are more than the function's memory holds."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from .core.reading import slim


class BadList(Exception):
    """The stored list is not what the API writes; the sentence says so."""


def read_items(content: bytes) -> list[Any]:
    """The elements of a JSON array, each cut down to what an average needs.

    An array with an element a line, as the API writes it, is read element by element; any other at once.

    Raises:
        BadList: not a JSON array.
    """
    try:
        return [slim(item) for item in _by_line(content)]
    except orjson.JSONDecodeError:
        return [slim(item) for item in _whole(content)]


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


def _by_line(content: bytes) -> Iterator[Any]:
    """The elements of `[…,\\n…,\\n…]`. Raises `orjson.JSONDecodeError` where a line is not one element."""
    view = memoryview(content)
    if content[:1] != b"[" or content[-1:] != b"]":
        raise orjson.JSONDecodeError("not an array", "", 0)
    begin, end = 1, len(content) - 1
    while begin < end:
        comma = content.find(b",\n", begin, end)
        stop = end if comma < 0 else comma
        yield orjson.loads(view[begin:stop])
        begin = stop + 2


def _whole(content: bytes) -> list[Any]:
    try:
        items = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise BadList("The list of analyses cannot be read.") from None
    if type(items) is not list:
        raise BadList("The list of analyses is no list.")
    return items
