"""Work that is counted, not timed: calls made and bytes held, so that a slow machine changes nothing."""

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Budget(NamedTuple):
    """What an input may cost: something for any, and something for each of its bytes."""

    calls: int
    calls_a_byte: float
    bytes: int
    bytes_a_byte: float


class TooMuch(AssertionError):
    """An input cost more than it may."""


def check_within(budget: Budget | None, check: Callable[[bytes], None], data: bytes) -> None:
    """Check the input within its budget. What is loaded or kept on first use is no work of the input: a second try."""
    try:
        with within(budget, len(data)):
            check(data)
    except TooMuch:
        with within(budget, len(data)):
            check(data)


@contextmanager
def within(budget: Budget | None, size: int) -> Iterator[None]:
    """Raise `TooMuch` where the block makes more calls (of Python or C functions), or holds more bytes, than it may."""
    if budget is None:
        yield
        return
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    tracemalloc.start()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
        _, held = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    most, room = budget.calls + budget.calls_a_byte * size, budget.bytes + budget.bytes_a_byte * size
    if calls > most or held > room:
        raise TooMuch(
            f"{size} bytes took {calls} calls (at most {most:.0f}) and held {held} bytes (at most {room:.0f})"
        )
