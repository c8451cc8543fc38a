"""`python -m bench.average`: what averaging 10,000 analyses costs against `json.loads` of the same bytes, in one run.

Measured from bytes to bytes: the stored list as the API writes it, read, averaged and written as JSON. The analyses are
those of a synthetic month, over and over. Memory is measured in a process of its own, against the function's limit.
"""

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import orjson

from bench.report import ROOT, Row, main, row
from faplog import stack, synthetic
from functions.analyse.core.analysis import analyse, read
from functions.average.core import average
from functions.average.items import read_items, without_collector

LOGS: Final = 10_000
RATIO: Final = 3.0
REPEAT: Final = 5

_PEAK = """
import sys
from pathlib import Path
from bench.average import to_bytes
to_bytes(Path(sys.argv[1]).read_bytes())
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def run() -> list[Row]:
    """All measurements: name, value, bar and whether it holds."""
    rows = []
    for count in (LOGS // 100, LOGS):
        content = stored_list(count)
        rows.append(_ratio(count, content))
    rows.append(_memory(content))
    return rows


def stored_list(count: int) -> bytes:
    """A list as the API stores it: an item a line."""
    analyses = [analyse(read(content)) for content, _ in synthetic.month(10)]
    items = (
        orjson.dumps({"analysisId": str(UUID(int=number)), "analysis": analyses[number % len(analyses)]})
        for number in range(count)
    )
    return b"[" + b",\n".join(items) + b"]"


def to_bytes(content: bytes) -> bytes:
    """What the function does between a stored list and a stored result."""
    with without_collector():
        return orjson.dumps(average(read_items(content)).model_dump(mode="json", by_alias=True))


def _ratio(count: int, content: bytes) -> Row:
    base, ours = _in_turn(lambda: json.loads(content), lambda: to_bytes(content))
    return row(
        f"average of {count:,} analyses / json.loads",
        ours / base,
        RATIO if count == LOGS else None,
        detail=f"{ours * 1000:.0f} ms / {base * 1000:.0f} ms, {len(content) / 1e6:.1f} MB",
    )


def _in_turn(*calls: Callable[[], object]) -> list[float]:
    """The median CPU seconds of each call; called in turn, so that a noisy machine disturbs all alike."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(REPEAT):
        for call, taken in zip(calls, seconds, strict=True):
            gc.collect()
            start = time.process_time()
            call()
            taken.append(time.process_time() - start)
    return [statistics.median(taken) for taken in seconds]


def _memory(content: bytes) -> Row:
    limit_mib = (
        next(f for f in stack.read(ROOT / "stack.yml") if f.name == "average").limits["memory"].removesuffix("Mi")
    )
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(content)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, file.name], cwd=ROOT, capture_output=True, text=True, check=True
        )
    peak = int(done.stdout) / 1024
    return row(
        f"{LOGS:,} analyses: peak memory, MiB",
        peak,
        int(limit_mib),
        detail=f"{len(content) / 1e6:.0f} MB of JSON, with the imports of this bench (pandas)",
    )


if __name__ == "__main__":
    main(run)
