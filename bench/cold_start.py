"""The time from a function's start to its first answer, by part, each in processes of its own."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from bench.report import Reference, Row, row
from bench.serving import served
from bench.timing import process_sec, python, ratio, wall_sec
from faplog import synthetic

STARTS: Final = 9
MAX_RATIO: Final = 1.3
"""A function's first answer compared with `import pandas`, which analyse does without."""

IMPORTS: Final = {
    "the interpreter": "pass",
    "flask": "import flask",
    "pydantic": "import pydantic",
    "obstore": "import obstore",
    "pandas": "import pandas",
    "analyse": "import functions.analyse.handler",
    "average": "import functions.average.handler",
    "api": "import functions.api.handler",
}


def run() -> list[Row]:
    """Measure the imports, then whole starts."""
    taken = dict(zip(IMPORTS, process_sec(*(["-c", code] for code in IMPORTS.values()), rounds=STARTS), strict=True))
    log, _ = synthetic.day(seed=1, minutes=10)
    floor, first = [], []
    for _ in range(STARTS):
        floor.append(wall_sec(python, "-c", IMPORTS["pandas"]))
        first.append(_first_analysis(log))
    first_ms = statistics.median(first) * 1000
    return [
        *(
            row(f"process with {name}, ms", seconds * 1000, reference=Reference.IMPORT_PANDAS)
            for name, seconds in taken.items()
        ),
        row(
            "analyse, first answer / import pandas",
            ratio(first, floor),
            MAX_RATIO,
            detail=f"{first_ms:.0f} ms from gunicorn's start to the analysis of a log of {len(log) / 1000:.0f} kB",
        ),
    ]


def _first_analysis(log: bytes) -> float:
    with tempfile.TemporaryDirectory() as secrets:
        for name in ("faplog-connector-secret", "faplog-analyse-s3-access-key", "faplog-analyse-s3-secret-key"):
            (Path(secrets) / name).write_text("not-used-by-this-measurement", "utf-8")
        nothing = {
            "FAPLOG_SECRETS_DIR": secrets,
            "FAPLOG_S3_ENDPOINT": "http://127.0.0.1:9",
            "FAPLOG_S3_BUCKET": "faplog",
            "FAPLOG_THREADS": "1",
        }
        with httpx.Client(headers={"Content-Type": "text/csv"}, timeout=60) as client:
            began = time.perf_counter()
            with served("functions.analyse.handler:create_app()", **nothing) as url:
                return _answered(client, url, log) - began


def _answered(client: httpx.Client, url: str, log: bytes) -> float:
    """Return the time at which the analysis arrived.

    The client is made before, and once: making one takes tens of milliseconds of a processor that the start needs.
    """
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline:
        try:
            client.post(url, content=log).raise_for_status()
        except httpx.ConnectError:
            time.sleep(0.005)
            continue
        return time.perf_counter()
    raise SystemExit("The function analyse did not answer.")
