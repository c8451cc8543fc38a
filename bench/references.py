"""References that figures are compared with: work that any machine does, measured in the same run."""

import statistics
from collections.abc import Callable
from io import BytesIO
from typing import Final

import httpx
import pandas as pd
from flask import Flask

from bench.report import Reference
from bench.serving import served
from bench.timing import cpu_sec, process_sec, wall_sec
from faplog.synthetic import log_of_size
from tests.conftest import until

CSV_BYTES: Final = 2_000_000
READS: Final = 15
STARTS: Final = 5
REPLIES: Final = 300


def measure() -> dict[Reference, float]:
    """Return the milliseconds of each reference: CPU time of `read_csv`, wall time of the others. Slow."""
    return {one: _MEASURES[one]() * 1000 for one in Reference}


def create_app() -> Flask:
    """Return the smallest possible Flask application."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "ok")
    return app


def _read_csv() -> float:
    raw, _ = log_of_size(CSV_BYTES)
    (seconds,) = cpu_sec(lambda: pd.read_csv(BytesIO(raw), sep=";"), rounds=READS)
    return statistics.median(seconds)


def _import_pandas() -> float:
    (seconds,) = process_sec(["-c", "import pandas"], rounds=STARTS)
    return seconds


def _flask_reply() -> float:
    with served("bench.references:create_app()", FAPLOG_THREADS="8") as url, httpx.Client(timeout=60) as client:
        until(lambda: _answers(client, url), 60)
        return statistics.median(wall_sec(client.get, url) for _ in range(REPLIES))


def _answers(client: httpx.Client, url: str) -> bool:
    """Return whether a server answers there."""
    try:
        return client.get(url).is_success
    except httpx.ConnectError:
        return False


_MEASURES: Final[dict[Reference, Callable[[], float]]] = {
    Reference.READ_CSV: _read_csv,
    Reference.IMPORT_PANDAS: _import_pandas,
    Reference.FLASK_REPLY: _flask_reply,
}
