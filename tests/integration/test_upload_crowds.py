"""Many uploads at once on a process with the limits of stack.yml, and a store that hangs."""

import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest
from flask import Flask

from faplog import stack
from faplog.contracts.log_rules import MAX_LOG_BYTES
from faplog.contracts.messages import HEADER_SECRET, HEADER_TOPIC
from standalone.servers import Servers
from standalone.system import limit_bytes
from tests.conftest import ROOT, free_port, is_ready, serving, until
from tests.integration.delivery import API, some_log, zipped
from tests.integration.people import PASSWORD, Person, arrive

FUNCTION: Final = next(function for function in stack.read(ROOT / "stack.yml", {}) if function.name == "api")
BUSY: Final = "The service is busy at the moment. Please try again in a few seconds."
MAX_PEAK_MB: Final = 150
_numbers = count()


@dataclass
class Process:
    """The function as the laptop runs it, and one of its users."""

    url: str
    person: Person
    log: Path
    pid: int
    secret: str
    """The connector's."""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Return a request of the person, on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.person.access_token}"}
        return httpx.request(method, self.url + API + path, headers=headers, timeout=300, **more)

    def peak_mb(self) -> float:
        """Return the most resident memory that it ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024

    def bring_average(self) -> httpx.Response:
        """Deliver, as the connector does, an average that the person does not wait for."""
        average = {
            "userId": str(self.person.id),
            "analysisSha": "0" * 64,
            "type": "OVERALL",
            "generation": 1,
            "status": "SUCCESS",
            "message": "Average calculated successfully.",
            "average": {"overall": {"logs": 1}},
        }
        headers = {HEADER_TOPIC: "average.result", HEADER_SECRET: self.secret}
        return httpx.post(self.url, json=average, headers=headers, timeout=300)

    def upload(self, content: bytes, name: str) -> httpx.Response:
        """POST a file."""
        return self.ask("POST", "/analyses", files={"file": (name, content)})


@pytest.fixture
def limited(servers: Servers, api_app: Flask, tmp_path: Path) -> Iterator[Process]:
    """Gunicorn with the threads and the memory limit of stack.yml."""
    memory = limit_bytes(FUNCTION.limits["memory"])
    port = free_port()
    environment = servers.environment | {
        "FAPLOG_BIND": f"127.0.0.1:{port}",
        "FAPLOG_THREADS": FUNCTION.environment["FAPLOG_THREADS"],
        "MALLOC_MMAP_THRESHOLD_": FUNCTION.environment["MALLOC_MMAP_THRESHOLD_"],
        "MALLOC_ARENA_MAX": "2",
        "FAPLOG_FUNCTION_NAME": "api",
    }
    person = arrive(api_app)
    secret = (servers.secrets / "faplog-connector-secret").read_text("utf-8")
    command = ["-m", "faplog.serve", "functions.api.handler:create_app()"]
    log = tmp_path / "api.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory, memory)),
        )
    made = Process(f"http://127.0.0.1:{port}", person, log, process.pid, secret)
    with serving(process, lambda: _answers(made), "the function answers"):
        yield made


def _answers(process: Process) -> bool:
    try:
        return is_ready(process.ask("GET", "/health/readiness").json())
    except httpx.TransportError:
        return False


def _large_log() -> bytes:
    """Return a log that is just small enough to be taken."""
    head = some_log()
    line = b"2025.02.03;07:41:03.%d;1;\n" % next(_numbers)
    return head + line * ((MAX_LOG_BYTES - len(head)) // len(line))


def _large_zip() -> bytes:
    """Return a zip of ten logs of 1.5 MB that packs like real ones."""
    made = random.Random(next(_numbers))  # noqa: S311
    entries = {}
    for number in range(10):
        lines = b"".join(
            b"2025.02.03;07:41:03.%d;%d;\n" % (made.randrange(10), made.getrandbits(60)) for _ in range(40_000)
        )
        entries[f"{number}.csv"] = some_log() + lines
    return zipped(entries)


def test_sixteen_zips_at_once_fit_the_memory_limit(limited: Process) -> None:
    zips = [_large_zip() for _ in range(16)]
    seen: list[tuple[int, str]] = []

    def insist(content: bytes) -> None:
        for _ in range(100):
            answer = limited.upload(content, "a.zip")
            seen.append((answer.status_code, answer.text))
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return
            assert int(answer.headers["Retry-After"]) > 0
            time.sleep(0.5)  # as a client waits that was told to

    _at_once([(insist, (content,)) for content in zips])
    answers = [status for status, _ in seen]
    assert set(answers) <= {202, 503}, [text for status, text in seen if status not in (202, 503)][:1]
    assert answers.count(202) == 16
    assert {text for status, text in seen if status == 503 and BUSY not in text} == set()
    assert "Traceback" not in limited.log.read_text()
    kept = limited.ask("GET", "/analyses?limit=1").json()["pagination"]["totalItems"]
    assert kept == 160


def test_eight_uploads_of_20_mb_at_once_stay_on_disk(limited: Process) -> None:
    """The kernel keeps the peak of a process's resident memory, so nothing happens between two looks."""
    logs = [_large_log() for _ in range(8)]

    def insist(content: bytes) -> None:
        until(lambda: limited.upload(content, "a.csv").status_code == httpx.codes.ACCEPTED, what="a slot is free")

    _at_once([(insist, (content,)) for content in logs])
    peak = limited.peak_mb()
    print(f"peak of the API's worker: {peak:.0f} MB")
    assert peak < MAX_PEAK_MB


def test_while_the_store_hangs_what_needs_no_store_is_answered(limited: Process, servers: Servers) -> None:
    stored = limited.upload(some_log(), "a.csv").json()["ids"][0]
    uploads: list[httpx.Response] = []
    others: list[httpx.Response] = []

    def upload() -> None:
        uploads.append(limited.upload(some_log(), "a.csv"))

    def ask(method: str, path: str) -> None:
        others.append(limited.ask(method, path))

    waiting = int(FUNCTION.environment["FAPLOG_THREADS"]) * 3 // 8
    with _hanging_store(servers):
        threads = _start([(upload, ())] * 24)
        until(lambda: len(uploads) == 24 - waiting, what="what is too much was refused")
        paths = ("/account/export", f"/analyses/{stored}/file", f"/analyses/{stored}/series", "/health/readiness")
        threads += _start([(ask, ("GET", path)) for path in paths * 6])
        login = limited.ask("POST", "/auth/login", json={"email": limited.person.email, "password": PASSWORD})
        listed = limited.ask("GET", "/analyses")
        assert (login.status_code, listed.status_code) == (200, 200)
        assert len(uploads) == 24 - waiting  # so they did not wait for an upload to give up
        assert {answer.status_code for answer in uploads} == {503}
        assert {answer.json()["message"] for answer in uploads} == {BUSY}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in uploads)
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in uploads[-waiting:]} <= {202, 503}
    accepted = sum(answer.status_code == 202 for answer in uploads)
    until(lambda: limited.ask("GET", "/analyses?status=Processing").json()["pagination"]["totalItems"] == accepted + 1)
    assert limited.upload(some_log(), "a.csv").status_code == 202


def test_while_the_store_hangs_results_of_averages_hold_neither_locks_nor_connections(
    limited: Process, servers: Servers
) -> None:
    """Their lists are to be removed under the lock of their owner: a login met a pool without connections."""
    stored = limited.upload(some_log(), "a.csv").json()["ids"][0]
    over = threading.Event()
    statuses: list[int] = []

    def bring_averages() -> None:
        while not over.is_set():
            statuses.append(limited.bring_average().status_code)

    with _hanging_store(servers):
        threads = _start([(bring_averages, ())] * int(FUNCTION.annotations["faplog.dev/concurrency"]))
        until(lambda: limited.log.read_text("utf-8").count("left to reconcile") > 4, what="removals are given up")
        login = limited.ask("POST", "/auth/login", json={"email": limited.person.email, "password": PASSWORD})
        deleted = limited.ask("DELETE", f"/analyses/{stored}")
        over.set()
        for thread in threads:
            thread.join()
        assert (login.status_code, deleted.status_code) == (200, 204)
    assert set(statuses) == {200}
    assert "database did not answer" not in limited.log.read_text("utf-8")


@contextmanager
def _hanging_store(servers: Servers) -> Iterator[None]:
    """Stop the object store's process: it takes connections and answers nothing."""
    folder = str(servers.state / "s3")
    (store,) = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == folder]
    store.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        store.send_signal(signal.SIGCONT)


def _start(calls: list[tuple[Any, tuple[Any, ...]]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call, args=arguments) for call, arguments in calls]
    for thread in threads:
        thread.start()
    return threads


def _at_once(calls: list[tuple[Any, tuple[Any, ...]]]) -> None:
    for thread in _start(calls):
        thread.join()
