"""The flow of logs through a whole running system, from upload to Success.

It starts a system of its own, as `make run` does. Measured are the latency of one log while warm, a zip of 50, and a
burst of 500 distinct logs of 200 kB: logs a second, CPU a log by process, and the memory of each process.
"""

import statistics
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final

from bench.report import Reference, Row, row
from bench.running import WAIT_SEC, distinct_logs, format_by_role, memory, spent, system, wait_until_settled
from bench.timing import wall_sec
from tests.e2e.account import Account
from tests.e2e.faults import upload_until_accepted
from tests.integration.delivery import zipped

LATENCY_RUNS: Final = 30
WARM_UP_LOGS: Final = 10
ZIP_LOGS: Final = 50
BURST_LOGS: Final = 500
CLIENTS: Final = 4
LOOK_EVERY_SEC: Final = 0.005

MAX_LATENCY: Final = 125
"""Of one log, in replies of a bare Flask application."""
MIN_LOGS: Final = 10
"""In the time of `import pandas`."""
MAX_CPU: Final = 1.5
"""Of one log, in `read_csv` of 2 MB."""


def run() -> list[Row]:
    """Measure one log, a zip, a burst, and the memory in use after it."""
    with system() as stack:
        account, logs = Account(stack), distinct_logs()
        for _ in range(WARM_UP_LOGS):  # start every function, and let each replica do some work
            one_log(account, next(logs))
        latencies = []
        for _ in range(LATENCY_RUNS):
            wait_until_settled(stack)  # or the averages of the log before would take part
            latencies.append(wall_sec(one_log, account, next(logs)))
        wait_until_settled(stack)
        with spent(stack) as in_zip:
            upload_zip(account, islice(logs, ZIP_LOGS))
            wait_until_settled(stack)
        burst = list(islice(logs, BURST_LOGS))
        with spent(stack) as taken:
            upload_all((account, log) for log in burst)
            wait_until_settled(stack)
        held = memory(stack)
    each = format_by_role(taken.cpu_ms, 1 / BURST_LOGS)
    latency_ms = statistics.median(latencies) * 1000
    return [
        row("one log, warm, median, ms", latency_ms, MAX_LATENCY, reference=Reference.FLASK_REPLY),
        row(
            f"zip of {ZIP_LOGS}, to the last average, logs/s",
            ZIP_LOGS / in_zip.seconds[0],
            at_most=False,
            reference=Reference.IMPORT_PANDAS,
        ),
        row(
            f"burst of {BURST_LOGS}, to the last average, logs/s",
            BURST_LOGS / taken.seconds[0],
            MIN_LOGS,
            at_most=False,
            reference=Reference.IMPORT_PANDAS,
        ),
        row(
            "CPU a log, all processes, ms",
            taken.total_ms / BURST_LOGS,
            MAX_CPU,
            detail=each,
            reference=Reference.READ_CSV,
        ),
        row("memory, MiB", sum(held.values()), detail=format_by_role(held)),
    ]


def one_log(account: Account, content: bytes) -> str:
    """Upload a log, wait until it is analysed, and return its id."""
    [analysis_id] = upload_until_accepted(account, "log.csv", content, WAIT_SEC)
    until = time.monotonic() + WAIT_SEC
    while (status := account.one(analysis_id)["status"]) == "Processing" and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SEC)
    if status != "Success":
        raise SystemExit(f"An analysis came out as {status}.")
    return analysis_id


def upload_all(uploads: Iterable[tuple[Account, bytes]]) -> list[str]:
    """Upload logs one by one, each by its account, a few at once, and return their ids."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = pool.map(lambda one: upload_until_accepted(one[0], "log.csv", one[1], WAIT_SEC), uploads)
        return [analysis_id for ids in answers for analysis_id in ids]


def upload_zip(account: Account, logs: Iterable[bytes]) -> None:
    """Upload logs in one zip."""
    content = zipped({f"{number}.csv": log for number, log in enumerate(logs)})
    upload_until_accepted(account, "logs.zip", content, WAIT_SEC)
