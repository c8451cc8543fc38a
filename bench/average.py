"""The cost of averaging 10,000 analyses compared with `json.loads` of the same bytes, in one run.

Measured from bytes to bytes: the stored list as the API writes it, read, averaged and written as JSON. The analyses are
those of one synthetic month, repeated. Memory is measured in a process of its own, against the function's limit.
"""

import json
import statistics
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final
from uuid import UUID

import orjson

from bench.report import ROOT, Row, row
from bench.timing import PRINT_PEAK, cpu_sec, python, ratio, temporary
from faplog import stack, synthetic
from functions.analyse.core.analysis import analyse, read
from functions.average.core import average
from functions.average.items import read_items, without_collector

LOGS: Final = 10_000
RATIO: Final = 3.0
MOST: Final = 20_000
"""The quota: how many logs a user may have."""
ROUNDS: Final = 5
PIECE_BYTES: Final = 256 * 1024

_PEAK: Final = f"""
import sys
from pathlib import Path
from bench.average import PIECE_BYTES, to_bytes
file = Path(sys.argv[1]).open("rb")
to_bytes(lambda: iter(lambda: file.read(PIECE_BYTES), b""))
{PRINT_PEAK}
"""


def run() -> list[Row]:
    """Measure the time for few and for many analyses, then the memory for as many as a user may have."""
    return [_ratio(LOGS // 100, stored_list(LOGS // 100)), _ratio(LOGS, stored_list(LOGS)), _memory(stored_list(MOST))]


def stored_list(count: int) -> bytes:
    """Return a list as the API stores it, one item a line."""
    analyses = [analyse(read(content)) for content, _ in synthetic.month(10)]
    items = (
        orjson.dumps({"analysisId": str(UUID(int=number)), "analysis": analyses[number % len(analyses)]})
        for number in range(count)
    )
    return b"[" + b",\n".join(items) + b"]"


def to_bytes(fetch: Callable[[], Iterable[bytes]]) -> bytes:
    """Do the function's work between the pieces of a stored list and a stored result."""
    with without_collector():
        return orjson.dumps(average(read_items(fetch)).model_dump(mode="json", by_alias=True))


def in_pieces(content: bytes) -> Iterator[bytes]:
    """Yield the content in pieces, as the object store does."""
    return (content[start : start + PIECE_BYTES] for start in range(0, len(content), PIECE_BYTES))


def _ratio(count: int, content: bytes) -> Row:
    base, ours = cpu_sec(lambda: json.loads(content), lambda: to_bytes(partial(in_pieces, content)), rounds=ROUNDS)
    our_ms, base_ms = (statistics.median(seconds) * 1000 for seconds in (ours, base))
    return row(
        f"average of {count:,} analyses / json.loads",
        ratio(ours, base),
        RATIO if count == LOGS else None,
        detail=f"{our_ms:.0f} ms / {base_ms:.0f} ms, {len(content) / 1e6:.1f} MB",
    )


def _memory(content: bytes) -> Row:
    [limit] = [one.limits["memory"] for one in stack.read(ROOT / "stack.yml") if one.name == "average"]
    with temporary(content) as file:
        peak = int(python("-c", _PEAK, str(file))) / 1024
    return row(
        f"{MOST:,} analyses: peak memory, MiB",
        peak,
        int(limit.removesuffix("Mi")),
        detail=f"{len(content) / 1e6:.0f} MB of JSON, with the imports of this bench (pandas)",
    )
