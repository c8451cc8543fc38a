"""Two hundred uploads under way while parts die, hang or refuse: nothing accepted is lost, nothing counts twice.

The short form of these is `tests/e2e/test_kill.py`, which runs with `make test`.
"""

import json
import random
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.chaos.promise import BEFORE_THE_FAULT, CLIENTS, everything_arrives_once, kept, left, uploaded
from tests.conftest import Stack, running_changed_stack, running_stack, start_stack, until
from tests.doorkeeper import Doorkeeper
from tests.e2e.account import Account
from tests.e2e.faults import PROGRAMS, held, kill, processes

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(900)]

NATS_AWAY_SEC = 30
S3_AWAY_SEC = 10
S3_LIMPING_SEC = 10
RANDOM_KILLS = 8
SEED = 20_261_122


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_part(victim: Stack, logs: dict[str, bytes], name: str) -> None:
    everything_arrives_once(victim, logs, lambda _: kill(victim, name))


def test_average_is_killed_with_a_request_in_its_hands(victim: Stack, logs: dict[str, bytes]) -> None:
    """It runs only when all logs are done, so it is held still until it has something to do."""
    account = Account(victim)
    with held(victim, "average"):
        accepted = uploaded(account, logs, lambda _: None)
        for _kill in range(2):
            until(lambda: in_flight(victim, "average") and processes(victim, "average"), 300)
            kill(victim, "average")
    kept(victim, account, accepted)
    left(victim, account)


def in_flight(stack: Stack, function: str) -> int:
    """Return how many messages the connector holds for a function."""
    metrics = stack.connector_metrics()
    found = re.search(rf'^faplog_connector_in_flight{{function="{function}"}} (\d+)', metrics, re.MULTILINE)
    return int(found[1]) if found else 0


def test_parts_killed_at_random(victim: Stack, logs: dict[str, bytes]) -> None:
    chance = random.Random(SEED)  # noqa: S311

    def fault(_: Account) -> None:
        for _kill in range(RANDOM_KILLS):
            # What just died may not be back yet, or sleep until it is called.
            there = until(lambda: [name for name in sorted(PROGRAMS) if processes(victim, name)], 60)
            kill(victim, chance.choice(there))
            time.sleep(chance.uniform(0.2, 2))

    everything_arrives_once(victim, logs, fault)


def test_nats_hangs(victim: Stack, logs: dict[str, bytes]) -> None:
    """Thirty seconds in which the broker neither answers nor breaks its connections."""

    def fault(_: Account) -> None:
        with held(victim, "nats"):
            time.sleep(NATS_AWAY_SEC)

    everything_arrives_once(victim, logs, fault)


@pytest.fixture
def doorkeeper(tmp_path: Path) -> Iterator[Doorkeeper]:
    ports = tmp_path / "state" / "ports.json"
    with Doorkeeper(lambda: int(json.loads(ports.read_text("utf-8"))["s3-s3"])) as doorkeeper:
        yield doorkeeper


def test_s3_says_503(doorkeeper: Doorkeeper, logs: dict[str, bytes], tmp_path: Path) -> None:
    """First to every request for a while, then to every second one."""

    def fault(_: Account) -> None:
        doorkeeper.refuse_every = 1
        time.sleep(S3_AWAY_SEC)
        doorkeeper.refuse_every = 2
        time.sleep(S3_LIMPING_SEC)
        doorkeeper.refuse_every = 0

    changes = {r"(FAPLOG_S3_ENDPOINT): .*": rf"\1: {doorkeeper.url}"}
    with running_changed_stack(tmp_path, changes) as stack:
        everything_arrives_once(stack, logs, fault)
    assert doorkeeper.refused > 0


def taken(uploads: list[Future[httpx.Response]]) -> set[str]:
    """Return the ids of the uploads that were accepted by now; a slow machine tells some to come again."""
    answers = [upload.result() for upload in uploads if upload.done() and upload.exception() is None]
    return {answer.json()["ids"][0] for answer in answers if answer.status_code == httpx.codes.ACCEPTED}


def test_the_whole_tree_is_killed_and_started_again(logs: dict[str, bytes], tmp_path: Path) -> None:
    first = start_stack(tmp_path / "state")
    account = Account(first)
    with ThreadPoolExecutor(CLIENTS) as clients:
        uploads = [clients.submit(account.upload, *log) for log in logs.items()]
        until(lambda: len(taken(uploads)) >= BEFORE_THE_FAULT, 120)
        tree = psutil.Process(first.process.pid)
        for process in [tree, *tree.children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
        first.process.communicate()
    accepted = taken(uploads)
    assert BEFORE_THE_FAULT <= len(accepted) < len(logs)
    with running_stack(tmp_path / "state") as second:
        account.sign_in(second)
        again = [account.ids(account.upload(*log))[0] for log in logs.items()]
        assert accepted <= set(again)
        kept(second, account, again)
        account.http.close()
