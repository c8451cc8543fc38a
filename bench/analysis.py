"""The cost of an analysis compared with only reading the same CSV, in one run on one machine.

The limit is a ratio, so it holds on any machine: bytes → JSON against `pandas.read_csv` of the same bytes (repeated
headers cut out) with the same columns. Memory and start-up are measured in processes of their own.
"""

import statistics
from io import BytesIO
from typing import Final

import orjson
import pandas as pd

from bench.report import ROOT, Row, row
from bench.timing import PRINT_PEAK, cpu_sec, process_sec, python, ratio, temporary
from faplog.synthetic import log_of_size
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.columns import DATE, POSITIONS, TIME, plain
from functions.analyse.core.series import series

LOGS: Final = ROOT.parent / "shared" / "logs"

SIZES: Final = (200_000, 2_000_000, 20_000_000)
MAX_RATIO: Final = 3.0
MAX_RATIO_SMALL: Final = 3.5
"""Of a log under 1 MB, half of whose cost depends on the number of findings and not on that of rows."""
LARGE_BYTES: Final = 10_000_000
MEMORY_RATIO: Final = 8.0
START_RATIO: Final = 1.5
STARTS: Final = 9

_PEAK: Final = f"""
import sys
from pathlib import Path
from functions.analyse.core.analysis import analyse, read
{PRINT_PEAK}
analyse(read(Path(sys.argv[1]).read_bytes()))
{PRINT_PEAK}
"""


def run() -> list[Row]:
    """Measure the time by size of log, then memory and start."""
    rows = [_ratio(name, raw) for name, raw in _logs()]
    raw, _ = log_of_size(SIZES[-1])
    return [*rows, _memory(raw), _start()]


def _logs() -> list[tuple[str, bytes]]:
    real = [path.read_bytes() for path in sorted(LOGS.glob("*.csv"))] if LOGS.is_dir() else []
    found = [(f"real log {number}, {len(raw) / 1e6:.1f} MB", raw) for number, raw in enumerate(real, 1)]
    return found + [(f"synthetic {len(raw) / 1e6:.1f} MB", raw) for raw, _ in map(log_of_size, SIZES)]


def _ratio(name: str, raw: bytes) -> Row:
    body, columns = _plain_csv(raw)
    rounds = 9 if len(raw) > LARGE_BYTES else 15 if len(raw) > 1_000_000 else 60
    bases, ours = cpu_sec(
        lambda: pd.read_csv(BytesIO(body), sep=";", usecols=columns),
        lambda: orjson.dumps(analyse(read(raw))),
        rounds=rounds,
    )
    reading = read(raw)
    (plots,) = cpu_sec(lambda: orjson.dumps(series(reading), option=orjson.OPT_SERIALIZE_NUMPY), rounds=rounds)
    base_ms, our_ms, plot_ms = (statistics.median(seconds) * 1000 for seconds in (bases, ours, plots))
    return row(
        f"{name}: analysis / read_csv",
        ratio(ours, bases),
        _max_ratio(raw),
        detail=f"{our_ms:.2f} ms / {base_ms:.2f} ms; series {plot_ms:.2f} ms",
    )


def _max_ratio(raw: bytes) -> float | None:
    if len(raw) < 150_000:
        return None
    return MAX_RATIO if len(raw) > 1_000_000 else MAX_RATIO_SMALL


def _plain_csv(raw: bytes) -> tuple[bytes, list[str]]:
    """Return the bytes without repeated headers, and the columns that the analysis reads."""
    header, _, rows = raw.partition(b"\n")
    names = header.decode().split(";")
    columns = [name for name in names if plain(name) in POSITIONS or plain(name) in {DATE, TIME}]
    return header + b"\n" + rows.replace(header + b"\n", b""), columns


def _memory(raw: bytes) -> Row:
    with temporary(raw) as file:
        before, peak = (int(kilobytes) * 1024 for kilobytes in python("-c", _PEAK, str(file)).split())
    return row(
        "20 MB: peak memory / file",
        (peak - before) / len(raw),
        MEMORY_RATIO,
        detail=f"{(peak - before) / 1e6:.0f} MB over {before / 1e6:.0f} MB of imports; {peak / 1e6:.0f} MB in all",
    )


def _start() -> Row:
    with temporary(log_of_size(200_000)[0]) as file:
        base, ours = process_sec(["-c", "import pandas"], ["-m", "functions.analyse", str(file)], rounds=STARTS)
    return row(
        "process start to first result / import pandas",
        ours / base,
        START_RATIO,
        detail=f"{ours * 1000:.0f} ms / {base * 1000:.0f} ms",
    )
