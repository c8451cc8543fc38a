"""The API is doubled and halved again and again under load: the system lives on, and every request is answered."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.conftest import KEEP_ONE_API, Stack, running_changed_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

CALLERS = 40
"""Many more than the threads of one replica. Each calls the API itself, not through the edge, which keeps connections,
and connects again for each request: so many wait to be accepted, and a few leave moments without a connection."""
ROUNDS = 4


@pytest.fixture
def restless(tmp_path: Path) -> Iterator[Stack]:
    """Yield a system whose API has one replica too many at every look that finds no caller waiting."""
    changes = KEEP_ONE_API | {'idle-seconds: "300"': 'idle-seconds: "0"'}
    with running_changed_stack(tmp_path, changes) as stack:
        yield stack


def test_the_api_is_scaled_again_and_again_under_load(restless: Stack) -> None:
    account = Account(restless)
    token = account.http.headers["Authorization"]
    over = threading.Event()

    base, none_kept = f"{restless.runtime['functions']['api']}/api/v1", httpx.Limits(max_keepalive_connections=0)
    crowd = threading.Event()

    def call(number: int) -> list[int]:
        """Call again and again: the first caller at leisure, the others while there is a crowd."""
        statuses = []
        with httpx.Client(base_url=base, headers={"Authorization": token}, timeout=60, limits=none_kept) as http:
            while not over.is_set():
                if over.wait(0.1) if number == 0 else not crowd.wait(0.1):
                    continue
                statuses.append(http.get("/analyses").status_code)
        return statuses

    def runs(replicas: int) -> bool:
        return len(processes(restless, "api")) == replicas or restless.process.poll() is not None

    with ThreadPoolExecutor(CALLERS) as callers:
        calls = [callers.submit(call, number) for number in range(CALLERS)]
        try:
            for _ in range(ROUNDS):
                crowd.set()
                until(partial(runs, 2), 120, what="another replica has come")
                crowd.clear()
                until(partial(runs, 1), 120, what="it has gone")
        finally:
            over.set()
    assert restless.process.poll() is None
    assert {status for done in calls for status in done.result()} == {200}
    account.http.close()
