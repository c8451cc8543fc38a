"""Faults for a running system: its parts killed or held still, and a client patient enough to live through that."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psutil

from tests.conftest import Stack, until
from tests.e2e.account import Account

RETRY_SEC = 0.3
HOLD_SEC = 0.05

PROGRAMS = {
    "postgres": "postgres -D",
    "nats": "nats-server -c",
    "s3": "weed ",
    "api": "functions.api.handler",
    "analyse": "functions.analyse.handler",
    "connector": "-m connector",
    "reconcile": "functions.api.reconcile",
    "ui": "ui.app",
    "edge": "traefik ",
}
SLEEPERS = {**PROGRAMS, "average": "functions.average.handler"}
"""Also what runs only now and then."""


def processes(stack: Stack, name: str) -> list[psutil.Process]:
    """Return the processes of a program; of a function its replicas."""
    return [child for child in psutil.Process(stack.process.pid).children() if runs(child, SLEEPERS[name])]


def runs(process: psutil.Process, mark: str) -> bool:
    """Return whether it is alive with this in its command line; it may go away while it is being asked."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and mark in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def with_children(stack: Stack, name: str) -> list[psutil.Process]:
    """Return the same, and what they started."""
    found = processes(stack, name)
    for one in list(found):
        with suppress(psutil.NoSuchProcess):
            found += one.children(recursive=True)
    return found


def kill(stack: Stack, name: str) -> None:
    """SIGKILL to a program and what it started; of PostgreSQL to the postmaster alone.

    It may be just being started: again after its last death, or woken by what the test has sent it.
    """
    find = processes if name == "postgres" else with_children
    for process in until(lambda: find(stack, name), what=f"{name} runs"):
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def held(stack: Stack, name: str) -> Iterator[None]:
    """Stop every process of a program (SIGSTOP), those too that start meanwhile, and let them go on at the end."""
    stopped: dict[int, psutil.Process] = {}
    over = threading.Event()

    def hold() -> None:
        for process in with_children(stack, name):
            if process.pid not in stopped:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
                    stopped[process.pid] = process

    def keep_holding() -> None:
        while not over.wait(HOLD_SEC):
            hold()

    hold()
    holding = threading.Thread(target=keep_holding)
    holding.start()
    try:
        yield
    finally:
        over.set()
        holding.join()
        for process in stopped.values():
            with suppress(psutil.NoSuchProcess):
                process.resume()


def upload_until_accepted(account: Account, name: str, content: bytes, seconds: float = 120) -> list[str]:
    """Return what a patient client does: try again until the upload is accepted. The ids it was told."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = account.upload(name, content)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
            return account.ids(answer)
        # While a part is away the API says so (503). Other answers than JSON are Traefik's: no server is behind it yet
        # (502), or it has just started and does not know its rules yet (404). Its 500, when the process that took an
        # upload dies, is plain text; a 500 of gunicorn, which is a fault of ours, is HTML.
        kind = "" if answer is None else answer.headers.get("Content-Type", "")
        expected = (503,) if kind.startswith("application/json") else (404, 502, 503, 504)
        assert (
            answer is None
            or answer.status_code in expected
            or (answer.status_code == 500 and kind.startswith("text/plain"))
        ), answer.text
        assert time.monotonic() < deadline, f"{name} was not accepted in time"
        time.sleep(RETRY_SEC)


def all_settled(account: Account) -> bool:
    """Return whether nothing is being analysed any more; a part that is away says nothing yet."""
    try:
        return account.count(status="Processing") == 0
    except httpx.HTTPError:
        return False
