"""`python -m bench.analysis`: what an analysis costs against only reading the same CSV, in one run on one machine.

The bar is a ratio, so that it holds on any machine: bytes → JSON against `pandas.read_csv` of the same bytes (repeated
headers cut out) with the same columns. The two are timed in turn, in CPU
seconds, and the median of the ratios counts. Memory and start-up are measured in processes of their own.
"""

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from typing import Final

import orjson
import pandas as pd

from bench.report import ROOT, Row, main, row
from faplog.synthetic import log_of_size
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.columns import DATE, POSITIONS, TIME, plain
from functions.analyse.core.series import series

LOGS: Final = ROOT.parent / "shared" / "logs"

SIZES: Final = (200_000, 2_000_000, 20_000_000)
RATIO_SMALL: Final = 2.5
RATIO_LARGE: Final = 2.0
LARGE_BYTES: Final = 10_000_000
MEMORY_RATIO: Final = 8.0
START_RATIO: Final = 1.5
STARTS: Final = 9

_PEAK = """
import sys
from pathlib import Path
from functions.analyse.core.analysis import analyse, read
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
analyse(read(Path(sys.argv[1]).read_bytes()))
print(before, peak())
"""


def run() -> list[Row]:
    """All measurements: name, value, bar and whether it holds."""
    rows: list[Row] = []
    for name, raw in _logs():
        rows += _ratio(name, raw)
    raw, _ = log_of_size(20_000_000)
    rows.append(_memory(raw))
    rows.append(_start())
    return rows


def _logs() -> list[tuple[str, bytes]]:
    found = [(path.name, path.read_bytes()) for path in sorted(LOGS.glob("*.csv"))] if LOGS.is_dir() else []
    return found + [(f"synthetic {len(raw) / 1e6:.1f} MB", raw) for raw, _ in map(log_of_size, SIZES)]


def _ratio(name: str, raw: bytes) -> list[Row]:
    body, columns = _plain_csv(raw)
    repeat = 9 if len(raw) > LARGE_BYTES else 15 if len(raw) > 1_000_000 else 60
    bases, all_ours = _in_turn(
        lambda: pd.read_csv(BytesIO(body), sep=";", usecols=columns),
        lambda: orjson.dumps(analyse(read(raw))),
        repeat=repeat,
    )
    reading = read(raw)
    (plots,) = _in_turn(lambda: orjson.dumps(series(reading)), repeat=repeat)
    bar = RATIO_LARGE if len(raw) > LARGE_BYTES else RATIO_SMALL
    judged = len(raw) >= 150_000
    ratio = statistics.median(our / base for our, base in zip(all_ours, bases, strict=True))
    base, ours, plot = (statistics.median(seconds) for seconds in (bases, all_ours, plots))
    return [
        row(
            f"{name}: analysis / read_csv",
            ratio,
            bar if judged else None,
            detail=f"{ours * 1000:.2f} ms / {base * 1000:.2f} ms, {len(raw) / ours / 1e6:.0f} MB/s; "
            f"series {plot * 1000:.2f} ms",
        )
    ]


def _plain_csv(raw: bytes) -> tuple[bytes, list[str]]:
    """The bytes without repeated headers, and the columns the analysis reads."""
    header, _, rows = raw.partition(b"\n")
    names = header.decode().split(";")
    columns = [name for name in names if plain(name) in POSITIONS or plain(name) in {DATE, TIME}]
    return header + b"\n" + rows.replace(header + b"\n", b""), columns


def _in_turn(*calls: Callable[[], object], repeat: int) -> list[list[float]]:
    """The seconds of each call, round by round; called in turn, so that a noisy machine disturbs all alike."""
    seconds: list[list[float]] = [[] for _ in calls]
    gc.collect()
    gc.disable()
    try:
        for call in calls:
            call()
        for _ in range(repeat):
            for call, taken in zip(calls, seconds, strict=True):
                start = time.process_time()
                call()
                taken.append(time.process_time() - start)
    finally:
        gc.enable()
    return seconds


def _memory(raw: bytes) -> Row:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(raw)
        file.flush()
        done = _python("-c", _PEAK, file.name)
    before, peak = (int(kilobytes) * 1024 for kilobytes in done.split())
    ratio = (peak - before) / len(raw)
    return row(
        "20 MB: peak memory / file",
        ratio,
        MEMORY_RATIO,
        detail=f"{(peak - before) / 1e6:.0f} MB over {before / 1e6:.0f} MB of imports; {peak / 1e6:.0f} MB in all",
    )


def _start() -> Row:
    raw, _ = log_of_size(200_000)
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(raw)
        file.flush()
        base, ours = _wall(["-c", "import pandas"], ["-m", "functions.analyse", file.name])
    return row(
        "process start to first result / import pandas",
        ours / base,
        START_RATIO,
        detail=f"{ours * 1000:.0f} ms / {base * 1000:.0f} ms",
    )


def _wall(*commands: list[str]) -> list[float]:
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(STARTS):
        for command, taken in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            _python(*command)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in seconds]


def _python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main(run)
