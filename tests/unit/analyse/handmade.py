"""Logs made by hand: one list per column, a row a second unless `t` says otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from functions.analyse.core.analysis import Reading, analyse, read
from functions.analyse.core.log import Log
from functions.analyse.core.series import series

Cells = Sequence[float | str | None]

DAY_SEC = 86400


def csv_log(
    columns: Mapping[str, Cells],
    *,
    t: Sequence[float] | None = None,
    start: float = 8 * 3600,
    separator: str = ";",
    date: str = "2025.02.03",
) -> bytes:
    """Return the bytes of a log as the app writes it; `t` are seconds after `start`, `None` is an empty cell."""
    rows = max(map(len, columns.values()))
    times = [float(second) for second in range(rows)] if t is None else t
    lines = [separator.join(["Date", "Time", *columns, ""])]
    for row in range(rows):
        cells = ["" if values[row] is None else str(values[row]) for values in columns.values()]
        lines.append(separator.join([date, clock(start + times[row]), *cells, ""]))
    return ("\n".join(lines) + "\n").encode()


def clock(second: float) -> str:
    """`HH:MM:SS.f` of a second of the day."""
    tenths = round(second * 10) % (DAY_SEC * 10)
    return f"{tenths // 36000:02}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def plot_series(reading: Reading) -> Any:
    """Return the plot series as clients get them."""
    return orjson.loads(orjson.dumps(series(reading), option=orjson.OPT_SERIALIZE_NUMPY))


def clean_log(columns: Mapping[str, Cells], *, t: Sequence[float] | None = None) -> Log:
    """Return the clean log of hand-made columns."""
    return read(csv_log(columns, t=t)).log


def analysis(columns: Mapping[str, Cells], *, t: Sequence[float] | None = None, **how: Any) -> dict[str, Any]:
    """Return the analysis of hand-made columns."""
    return analyse(read(csv_log(columns, t=t, **how)))


def part(found: dict[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Of a section what has these names, at every depth: a metric that is added is no reason for a test to fail."""
    return {
        name: part(found[name], below) if isinstance(below, Mapping) else found[name] for name, below in names.items()
    }
