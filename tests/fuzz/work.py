"""Work that is counted, not timed: calls made and bytes held, so that a slow machine changes nothing."""

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Budget(NamedTuple):
    """What an input may cost: something for any, and something for each of its bytes."""

    calls: int
    calls_a_byte: float
    bytes: int
    bytes_a_byte: float


@contextmanager
def within(budget: Budget | None, size: int) -> Iterator[None]:
    """Fail where the block makes more calls (of Python or C functions), or holds more bytes, than an input may cost."""
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
    most = budget.calls + budget.calls_a_byte * size
    assert calls <= most, f"{calls} calls for {size} bytes, more than {most:.0f}"
    room = budget.bytes + budget.bytes_a_byte * size
    assert held <= room, f"{held} bytes held for {size} bytes, more than {room:.0f}"
