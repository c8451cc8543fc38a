"""Results published twice, late, for the deleted, of old attempts and versions; with one replica of the API and two."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import psutil
import pytest
from circus.client import CircusClient

from faplog import bus
from faplog.contracts.keys import series_key
from faplog.synthetic import day
from tests import buckets
from tests.chaos import lies
from tests.chaos.lies import Said
from tests.chaos.promise import AVERAGE_SEC, kept, left, owner, reconcile, uploaded, waiting
from tests.conftest import Stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(900)]

KNOWN = 20
DELETED = 5
OLD_VERSION = 0
SEED = 20_261_122
SHARE = 0.1
"""The part of the CPU time of two replicas that shows that one of them worked too."""


@pytest.mark.parametrize("replicas", [1, 2])
def test_results_that_no_row_waits_for(victim: Stack, logs: dict[str, bytes], replicas: int) -> None:
    dead = waiting(victim, bus.STREAM_DEAD)

    def lie(account: Account, *, settled: bool = False) -> None:
        said = about_logs(victim, account) + about_averages(victim, account, settled=settled)
        random.Random(SEED).shuffle(said)  # noqa: S311
        lies.publish(victim, said)
        lies.publish(victim, said[::-1])

    with running(victim, replicas) as workers:
        before = [busy_sec(worker) for worker in workers]
        account = Account(victim)
        accepted = uploaded(account, logs, lie)
        kept(victim, account, accepted)
        lie(account, settled=True)
        kept(victim, account, accepted)
        left(victim, account)
        worked = [busy_sec(worker) - start for worker, start in zip(workers, before, strict=True)]
    assert min(worked) > SHARE * sum(worked)
    assert waiting(victim, bus.STREAM_DEAD) == dead


def about_logs(stack: Stack, account: Account) -> list[Said]:
    """Doubles and contradictions of what is known, news of what is purged or never was, old ones of everything."""
    until(lambda: account.count(status="Success") >= KNOWN, 120)
    known = [account.one(row["id"]) for row in listed(account, status="Success")]
    rows = listed(account)
    doomed = deleted(stack, account)
    topic = "analysis.result"
    return [
        *((topic, lies.result(one)) for one in known),
        *((topic, lies.result(one, attempt=0)) for one in known),
        *((topic, lies.result(one, analysis={"overall": {"distance_km": 1e6}})) for one in known),
        *((topic, lies.failure(one["id"], attempt=7)) for one in known),
        *((topic, lies.failure(row["id"], version=OLD_VERSION)) for row in rows),
        *((topic, lies.result(one)) for one in doomed),
        *((topic, lies.failure(one["id"])) for one in doomed),
        *((topic, lies.result(known[0], analysisId=str(uuid4()))) for _ in range(DELETED)),
    ]


def listed(account: Account, **query: str) -> list[dict[str, Any]]:
    """Return the newest hundred analyses."""
    answer = account.http.get("/analyses", params={"limit": "100"} | query).raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


def deleted(stack: Stack, account: Account) -> list[dict[str, Any]]:
    """Analyses that were done, deleted and purged, their series stored again as by a late `analyse`."""
    files = {f"gone-{number}.csv": day(seed=10_000 + number, minutes=1, on=date(2024, 1, 1))[0] for number in range(5)}
    ids = [account.ids(account.upload(*file))[0] for file in files.items()]
    until(lambda: all(account.one(one)["status"] == "Success" for one in ids), 120)
    found = [account.one(one) for one in ids]
    for one in found:
        account.http.delete(f"/analyses/{one['id']}").raise_for_status()
    with owner(stack) as database:
        database.execute(
            "UPDATE fap_analysis SET deleted_at = deleted_at - interval '1 hour' WHERE deleted_at IS NOT NULL"
        )
    reconcile(stack)  # purges them
    for one in found:
        buckets.of_stack(stack).put(series_key(one["id"]), b"late")
    return found


def about_averages(stack: Stack, account: Account, *, settled: bool) -> list[Said]:
    """Averages of other analyses, of generations past and to come, of unknown users, and empty ones.

    Where everything is `settled`, also others in the place of those that are there; of one still waited for, the first
    to come would be believed.
    """
    user = account.http.get("/account").raise_for_status().json()["id"]
    topic = "average.result"
    said: list[Said] = [
        (topic, lies.average(user, "f" * 64)),
        (topic, lies.average(str(uuid4()), "f" * 64)),
        (topic, lies.average(user, "f" * 64, status="FAILED", average=None, type="MONTHLY", year=2025, month=3)),
    ]
    with owner(stack) as database:

        def asked(status: str = "%") -> list[tuple[Any, ...]]:
            return database.execute(
                "SELECT sha256, generation, type, year, month FROM fap_average WHERE user_id = %s AND status LIKE %s",
                [user, status],
            ).fetchall()

        if settled:
            until(lambda: not asked("CALCULATING"), AVERAGE_SEC)
        averages = asked()
    for sha, generation, kind, year, month in averages:
        period = {"type": kind, "year": year, "month": month}
        said += [
            (topic, lies.average(user, sha, generation=generation - 1, **period)),
            (topic, lies.average(user, sha, generation=generation + 1_000_000, **period)),
            (topic, lies.average(user, sha, generation=generation - 1, **period, status="FAILED", average=None)),
            (topic, lies.average(user, "0" * 64, generation=generation, **period)),
        ]
        if settled:
            said += [
                (topic, lies.average(user, sha, generation=generation, **period)),
                (topic, lies.average(user, sha, **period, average={})),
            ]
    return said


@contextmanager
def running(stack: Stack, replicas: int) -> Iterator[list[psutil.Process]]:
    """So many replicas of the API, as stack.yml allows under load."""
    circus = CircusClient(endpoint=stack.runtime["circus"], timeout=60)
    circus.send_message("set", name="api", options={"numprocesses": replicas}, waiting=True)

    def started() -> list[psutil.Process]:
        found = processes(stack, "api")
        return found if len(found) == replicas else []

    try:
        yield until(started, 60)
    finally:
        circus.send_message("set", name="api", options={"numprocesses": 1}, waiting=True)
        circus.stop()


def busy_sec(process: psutil.Process) -> float:
    """CPU time of a process so far, in seconds."""
    return sum(process.cpu_times()[:2])
