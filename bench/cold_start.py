"""`python -m bench.cold_start`: a function from nothing to its first answer, by part, each in processes of its own."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from bench.report import ROOT, Row, main, row
from faplog import synthetic
from standalone.ports import HOST, is_free

STARTS: Final = 5
MAX_RATIO: Final = 3.0
"""A function's first answer against `import pandas`, which analyse cannot do without."""

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
    """Imports first, then whole starts."""
    rows = []
    taken = {}
    for name, code in IMPORTS.items():
        taken[name] = statistics.median(_import(code) for _ in range(STARTS))
        rows.append(row(f"process with {name}, ms", taken[name] * 1000))
    log, _ = synthetic.day(seed=1, minutes=10)
    first = statistics.median(_first_analysis(log) for _ in range(STARTS))
    detail = f"{first * 1000:.0f} ms from gunicorn's start to the analysis of a log of {len(log) / 1000:.0f} kB"
    rows.append(row("analyse, first answer / import pandas", first / taken["pandas"], MAX_RATIO, detail=detail))
    return rows


def _import(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - began


def _first_analysis(log: bytes) -> float:
    port = next(port for port in range(18_380, 18_480) if is_free(port))
    with tempfile.TemporaryDirectory() as secrets:
        for name in ("faplog-connector-secret", "faplog-analyse-s3-access-key", "faplog-analyse-s3-secret-key"):
            (Path(secrets) / name).write_text("not-used-by-this-measurement", "utf-8")
        environment = {
            "SECRETS_DIR": secrets,
            "S3_ENDPOINT": "http://127.0.0.1:9",
            "S3_BUCKET": "faplog",
            "THREADS": "1",
            "BIND": f"{HOST}:{port}",
            "LOG_LEVEL": "ERROR",
        }
        gunicorn = [str(Path(sys.executable).with_name("gunicorn")), "-c", "python:faplog.gunicorn_conf"]
        began = time.perf_counter()
        with subprocess.Popen(
            [*gunicorn, "functions.analyse.handler:create_app()"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                return _answered(f"http://{HOST}:{port}/", log) - began
            finally:
                process.terminate()


def _answered(url: str, log: bytes) -> float:
    """When the analysis had come."""
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline:
        try:
            httpx.post(url, content=log, headers={"Content-Type": "text/csv"}, timeout=60).raise_for_status()
        except httpx.ConnectError:
            time.sleep(0.005)
            continue
        return time.perf_counter()
    raise SystemExit("The function analyse did not answer.")


if __name__ == "__main__":
    main(run)
