"""A log without an account, through the edge: the answer with analysis and series."""

import statistics
from collections.abc import Iterator
from typing import Final

import httpx

from bench.report import Reference, Row, row
from bench.running import distinct_logs
from bench.timing import wall_sec
from tests.conftest import Stack

WARM_UP_LOGS: Final = 5
RUNS: Final = 20
MAX_LATENCY: Final = 150
"""In replies of a bare Flask application."""


def measure(stack: Stack) -> list[Row]:
    """Measure one trial while the function is warm."""
    logs = distinct_logs()
    with httpx.Client(base_url=stack.url, timeout=120) as http:
        for _ in range(WARM_UP_LOGS):
            attempt(http, logs)
        latency = statistics.median(wall_sec(attempt, http, logs) for _ in range(RUNS))
    name = "try-it: a log without an account, warm, median, ms"
    return [row(name, latency * 1000, MAX_LATENCY, reference=Reference.FLASK_REPLY)]


def attempt(http: httpx.Client, logs: Iterator[bytes]) -> None:
    """Try one log and read the whole answer. Raises `HTTPStatusError` if it is not analysed."""
    http.post("/api/v1/try", files={"file": ("DCM62v2_20250203.csv", next(logs))}).raise_for_status()
