"""`python -m bench.flow`: logs through the whole running system, from upload to Success.

A system of its own is started as `make run` does. Measured are the latency of one log while warm, a zip of 50 and a
burst of 500 distinct logs of 200 kB: logs a second, CPU a log by process, and the memory each process holds.
"""

import io
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import psutil

from bench.report import ROOT, Row, main, row
from faplog import synthetic
from standalone.ports import HOST, is_free

LATENCY_RUNS: Final = 30
ZIP_LOGS: Final = 50
BURST_LOGS: Final = 500
LOG_BYTES: Final = 200_000
CLIENTS: Final = 4

MAX_LATENCY_MS: Final = 120
MIN_LOGS_PER_SEC: Final = 20
MAX_CPU_MS: Final = 90
WAIT_SEC: Final = 300

ROLES: Final = {
    "functions.api.reconcile": "reconcile",
    "functions.analyse": "analyse",
    "functions.average": "average",
    "functions.api": "api",
    "connector": "connector",
    "ui.app": "ui",
    "postgres": "postgres",
    "nats-server": "nats",
    "weed": "s3",
    "traefik": "edge",
}
"""What a process is, by a word of its command line; looked for in this order."""


def run() -> list[Row]:
    """All measurements: name, value, bar and whether it holds."""
    with system() as (url, process):
        client = account(url)
        logs = distinct_logs()
        for _ in range(10):  # wake every function, and let each replica do a few
            finished(client, [upload(client, next(logs))])
        latency = statistics.median(
            _timed(lambda: finished(client, [upload(client, next(logs))], 0.005)) for _ in range(LATENCY_RUNS)
        )
        settled(client)
        archive = zipped([next(logs) for _ in range(ZIP_LOGS)])
        in_zip = ZIP_LOGS / _timed(lambda: finished(client, upload_zip(client, archive)))
        settled(client)
        burst = [next(logs) for _ in range(BURST_LOGS)]
        before = cpu_seconds(process)
        in_burst = BURST_LOGS / _timed(lambda: _burst(client, burst))
        cpu = {role: (taken - before[role]) * 1000 / BURST_LOGS for role, taken in cpu_seconds(process).items()}
        return [
            row("latency of one log, warm, median, ms", latency * 1000, MAX_LATENCY_MS, at_most=True),
            row(f"zip of {ZIP_LOGS}, logs/s", in_zip, None),
            row(f"burst of {BURST_LOGS}, logs/s", in_burst, MIN_LOGS_PER_SEC, at_most=False),
            row("CPU a log, all processes, ms", sum(cpu.values()), MAX_CPU_MS, at_most=True, detail=_shown(cpu)),
            row("memory, MiB", sum(memory(process).values()), None, detail=_shown(memory(process))),
        ]


def _burst(client: httpx.Client, logs: list[bytes]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for sent in [pool.submit(upload, client, log) for log in logs]:
            sent.result()
    settled(client)


def _timed(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


@contextmanager
def system() -> Iterator[tuple[str, psutil.Process]]:
    """A running system of its own: its address and its first process."""
    state = Path(tempfile.mkdtemp(prefix="faplog-bench-"))
    port = next(port for port in range(18_280, 18_380) if is_free(port))
    command = [sys.executable, "-m", "standalone", "--port", str(port), "--state", str(state)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout
        if not process.stdout.readline():
            raise SystemExit("The system did not start.")
        yield f"http://{HOST}:{port}", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=60)
        shutil.rmtree(state, ignore_errors=True)


def account(url: str) -> httpx.Client:
    """A client with an access token of a new account."""
    client = httpx.Client(base_url=f"{url}/api/v1", timeout=60)
    who = {"email": f"{uuid4()}@example.org", "password": "a long pass phrase"}
    client.post("/auth/register", json=who).raise_for_status()
    token = client.post("/auth/login", json=who).raise_for_status().json()["access_token"]
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def distinct_logs() -> Iterator[bytes]:
    """Logs of 200 kB, no two the same: one synthetic log with ever more blank lines at its end."""
    content = synthetic.log_of_size(LOG_BYTES)[0]
    while True:
        content += b"\n"
        yield content


def zipped(logs: list[bytes]) -> bytes:
    """A zip of logs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for number, log in enumerate(logs):
            opened.writestr(f"log_{number}.csv", log)
    return made.getvalue()


def upload(client: httpx.Client, content: bytes) -> str:
    """The id of an uploaded log."""
    answer = client.post("/analyses", files={"file": ("log.csv", content)}).raise_for_status()
    return str(answer.json()["ids"][0])


def upload_zip(client: httpx.Client, content: bytes) -> list[str]:
    """The ids of the logs of a zip."""
    answer = client.post("/analyses", files={"file": ("logs.zip", content)}).raise_for_status()
    return list(answer.json()["ids"])


def finished(client: httpx.Client, ids: list[str], pause_sec: float = 0.05) -> None:
    """Wait until each of the analyses is a success."""
    until = time.monotonic() + WAIT_SEC
    for analysis_id in reversed(ids):
        while (status := client.get(f"/analyses/{analysis_id}").json()["status"]) == "Processing":
            if time.monotonic() > until:
                raise SystemExit("An analysis did not come.")
            time.sleep(pause_sec)
        if status != "Success":
            raise SystemExit(f"An analysis came out as {status}.")


def settled(client: httpx.Client) -> None:
    """Wait until nothing is pending, all of it came out well, and the averages are made."""
    until = time.monotonic() + WAIT_SEC
    while time.monotonic() < until:
        pending = client.get("/analyses", params={"status": "Processing", "limit": 1}).json()["pagination"][
            "totalItems"
        ]
        if not pending and client.get("/average").json().get("status") == "SUCCESS":
            return
        time.sleep(0.5)
    raise SystemExit("Not everything was done in time.")


def _tree(process: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
    for one in [process, *process.children(recursive=True)]:
        try:
            words = " ".join(one.cmdline())
        except psutil.Error:
            continue
        own = one.pid == process.pid
        yield "supervisor" if own else next((role for word, role in ROLES.items() if word in words), "other"), one


def cpu_seconds(process: psutil.Process) -> Counter[str]:
    """CPU seconds each part has used, those of ended children included."""
    used: Counter[str] = Counter()
    for role, one in _tree(process):
        try:
            times = one.cpu_times()
        except psutil.Error:
            continue
        used[role] += times.user + times.system  # type: ignore[assignment]  # a Counter counts fractions as well
    return used


def memory(process: psutil.Process) -> Counter[str]:
    """MiB each part holds alone, shared pages shared out."""
    held: Counter[str] = Counter()
    for role, one in _tree(process):
        try:
            held[role] += one.memory_full_info().pss / 2**20  # type: ignore[assignment]
        except psutil.Error:
            continue
    return held


def _shown(by_role: dict[str, float] | Counter[str]) -> str:
    return ", ".join(
        f"{role} {value:.0f}" for role, value in sorted(by_role.items(), key=lambda i: -i[1]) if value >= 0.5
    )


if __name__ == "__main__":
    main(run)
