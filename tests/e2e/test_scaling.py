"""The API is doubled and halved again and again under load: the system lives on, and every request is answered."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Stack, running_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

CALLERS = 40
"""Many more than the threads of one replica, so that callers wait at every look and another replica is started."""
ROUNDS = 4


@pytest.fixture
def restless(tmp_path: Path) -> Iterator[Stack]:
    """Yield a system whose API has one replica too many at every look that finds no caller waiting."""
    changed = re.sub(r'idle-seconds: "300"', 'idle-seconds: "0"', (ROOT / "stack.yml").read_text("utf-8"))
    (tmp_path / "stack.yml").write_text(changed)
    with running_stack(tmp_path / "state", "--stack", str(tmp_path / "stack.yml")) as stack:
        yield stack


def test_the_api_is_scaled_again_and_again_under_load(restless: Stack) -> None:
    account = Account(restless)
    token = account.http.headers["Authorization"]
    over = threading.Event()

    def call() -> list[int]:
        statuses = []
        with httpx.Client(base_url=f"{restless.url}/api/v1", headers={"Authorization": token}, timeout=60) as http:
            while not over.is_set():
                statuses.append(http.get("/analyses").status_code)
        return statuses

    masters: set[int] = set()

    def scaled() -> bool:
        masters.update(process.pid for process in processes(restless, "api"))
        return len(masters) > ROUNDS or restless.process.poll() is not None

    with ThreadPoolExecutor(CALLERS) as callers:
        calls = [callers.submit(call) for _ in range(CALLERS)]
        try:
            until(scaled, 300, what=f"{ROUNDS} replicas have come and gone")
        finally:
            over.set()
    assert restless.process.poll() is None
    assert {status for done in calls for status in done.result()} == {200}
    account.http.close()
