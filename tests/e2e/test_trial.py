"""A log without an account through the edge: a sleeping function wakes, nothing stays, and uploads go on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from faplog.synthetic import day
from tests import buckets
from tests.conftest import Stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

NAME = "DCM62v2_20250203_private_name.csv"
TRY = "/api/v1/try"


def attempt(stack: Stack, content: bytes) -> httpx.Response:
    """Try a log."""
    return httpx.post(stack.url + TRY, files={"file": (NAME, content)}, timeout=120)


def objects(stack: Stack) -> set[str]:
    """Return the keys of everything in the bucket."""
    return {key for key, _ in buckets.of_stack(stack).list("")}


def logged(stack: Stack) -> str:
    """Return what all programs have logged."""
    return "\n".join(path.read_text("utf-8", "replace") for path in stack.state.rglob("*.log*") if path.is_file())


def test_a_sleeping_function_wakes_and_the_figures_are_those_of_an_upload(victim: Stack) -> None:
    content, _ = day(11, regen="complete", minutes=30)
    until(lambda: not processes(victim, "analyse"), what="the function sleeps")
    before = objects(victim)
    tried = attempt(victim, content)
    assert tried.status_code == 200, tried.text
    assert objects(victim) == before
    assert "private_name" not in logged(victim)

    account = Account(victim)
    (analysis_id,) = account.ids(account.upload(NAME, content))
    account.settled()
    assert account.one(analysis_id)["analysis"] == tried.json()["analysis"]
    assert account.http.get(f"/analyses/{analysis_id}/series").json() == tried.json()["series"]
    account.http.close()


def test_uploads_go_on_while_thirty_try_at_once(stack: Stack) -> None:
    logs = [day(seed, minutes=5)[0] for seed in range(100, 110)]
    account = Account(stack)
    over = threading.Event()

    def insist() -> list[tuple[int, bool]]:
        answers = []
        while not over.is_set():
            answer = attempt(stack, logs[0])
            answers.append((answer.status_code, "Retry-After" in answer.headers))
            over.wait(0.2)  # as a client waits that was told to, only less
        return answers

    with ThreadPoolExecutor(30) as pool:
        tries = [pool.submit(insist) for _ in range(30)]
        try:
            ids = [account.ids(account.upload(f"log{number}.csv", content)) for number, content in enumerate(logs)]
            account.settled(240)
        finally:
            over.set()
    assert len(ids) == len(logs) == account.count(status="Success")
    answers = [answer for done in tries for answer in done.result()]
    assert {status for status, _ in answers} <= {200, 503}
    assert (200, False) in answers
    assert all(has_wait for status, has_wait in answers if status == 503)
    account.http.close()
