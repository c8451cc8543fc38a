"""Many at once, many waiting, many kept."""

import json
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

import orjson
import pytest

from faplog import bus
from faplog.contracts.messages import MAX_INLINE_BYTES
from faplog.synthetic import day, log_of_size
from functions.average.core import average
from tests.chaos import lies
from tests.chaos.memory import bounded
from tests.chaos.promise import SETTLED_SEC, agree, analysed_once, kept, left, owner, waiting
from tests.conftest import Stack, running_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import all_settled, held, upload_until_accepted
from tests.e2e.seeding import seed, variants
from tests.integration.delivery import zipped

pytestmark = [pytest.mark.chaos, pytest.mark.stack, pytest.mark.timeout(1500)]

CROWD = 20
WAITING_LOGS = 2_000
ZIP_LOGS = 1_000
HANG_SEC = 160
"""Longer than a function may run (120 s), the connector waits for it (130 s), gunicorn waits for a worker (150 s), NATS
waits for a sign of life (30 s) and reconcile waits before it looks (20 s)."""
SEEDED = 10_000
PAGE = 100
LOOKS = 15
DEEPEST_PAGE_RATIO = 3.0
"""The last page of 10,000 may take this many times the first: far from the 100 times of reading all before it."""


def test_one_file_by_many_and_many_times(victim: Stack) -> None:
    """Twenty users upload the same bytes at the same moment, and one of them uploads others twenty times."""
    same, own = day(seed=31, minutes=5)[0], day(seed=32, minutes=5)[0]
    accounts = [Account(victim) for _ in range(CROWD)]
    once = at_once([partial(upload_until_accepted, account, "a.csv", same) for account in accounts])
    assert len({analysis_id for ids in once for analysis_id in ids}) == CROWD
    first, *_ = accounts
    often = at_once([partial(upload_until_accepted, first, f"{number}.csv", own) for number in range(CROWD)])
    [[mine]] = {tuple(ids) for ids in often}
    for account, ids in zip(accounts, once, strict=True):
        analysed_once(victim, account, [*ids, mine] if account is first else ids)
    agree(victim)
    left(victim, *accounts)


def at_once(actions: list[Callable[[], list[str]]]) -> list[list[str]]:
    """Return what all of them get that begin at the same moment."""
    ready = threading.Barrier(len(actions))

    def go(action: Callable[[], list[str]]) -> list[str]:
        ready.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(go, actions))


def test_two_thousand_logs_wait_while_analyse_hangs(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A queue that waits longer than every time-out is analysed once each when the function returns."""
    names = [f"waiting-{number}.csv" for number in range(WAITING_LOGS)]
    files = dict(zip(names, variants(day(minutes=1)[0]), strict=False))
    with running_stack(tmp_path_factory.mktemp("waiting")) as stack:
        account = Account(stack)
        with held(stack, "analyse"):
            began = time.monotonic()
            accepted = [
                analysis_id
                for start in range(0, WAITING_LOGS, ZIP_LOGS)
                for analysis_id in account.ids(
                    account.upload("part.zip", zipped({name: files[name] for name in names[start : start + ZIP_LOGS]}))
                )
            ]
            assert len(accepted) == WAITING_LOGS
            time.sleep(max(0.0, began + HANG_SEC - time.monotonic()))
            assert account.count(status="Processing") == WAITING_LOGS
        until(lambda: all_settled(account), 2 * SETTLED_SEC)
        account.sign_in(stack)
        kept(stack, account, accepted)
        with owner(stack) as database:
            attempts = database.execute("SELECT attempt, count(*) FROM fap_analysis GROUP BY attempt").fetchall()
        assert attempts == [(1, WAITING_LOGS)]
        assert answered(stack, "analyse") == answered(stack, "api", of="analyse") == WAITING_LOGS
        left(stack, account)


def answered(stack: Stack, function: str, of: str = "") -> int:
    """Return how many messages a function has answered; of the api those that are no averages."""
    text = stack.connector_metrics()
    counts = {
        name: int(float(value))
        for name, value in re.findall(r'deliveries_total\{function="(\w+)",outcome="done"\} (\S+)', text)
    }
    return counts[function] - (counts["average"] if of else 0)


def test_ten_thousand_analyses_of_one_user(victim: Stack) -> None:
    """Pages cost the same wherever they are, and the averages take one pass, by reference, in bounded memory."""
    account = Account(victim)
    account.use_one_car()
    [pattern] = account.ids(account.upload("pattern.csv", log_of_size(200_000)[0]))
    account.settled()
    account.average()
    with owner(victim) as database:
        seed(database, pattern, [account.id], SEEDED - 1)
    assert account.count() == SEEDED

    with bounded(victim):
        first, last = (min(list_sec(account, page) for _ in range(LOOKS)) for page in (1, SEEDED // PAGE))
        print(f"page 1: {first * 1000:.1f} ms, page {SEEDED // PAGE}: {last * 1000:.1f} ms")
        assert last < DEEPEST_PAGE_RATIO * first

        with held(victim, "average"):
            # One more log, so that everything is to be averaged again.
            accepted = account.ids(account.upload("one-more.csv", day(seed=77, on=date(2031, 1, 1))[0]))
            until(lambda: all_settled(account), SETTLED_SEC)
            message = json.loads(until(lambda: lies.first_waiting(victim, "average.request"), 120))
            assert len(orjson.dumps(message)) <= MAX_INLINE_BYTES
        until(lambda: waiting(victim, bus.STREAM) == 0, SETTLED_SEC)
        overall = account.average(SETTLED_SEC)
    assert overall["overall"]["logs"] == SEEDED + len(accepted)
    assert overall == json.loads(average(rows(victim, pattern)).model_dump_json(by_alias=True))
    left(victim, account)


def rows(stack: Stack, pattern: str) -> list[dict[str, Any]]:
    """Return all analyses of the pattern's user as an average gets them."""
    with owner(stack) as database:
        found = database.execute(
            """
            SELECT json_build_object('analysisId', id, 'distance', distance, 'fapRegen', fap_regen,
                'analysis', analysis, 'logDate', to_char(log_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
            FROM fap_analysis
            WHERE user_id = (SELECT user_id FROM fap_analysis WHERE id = %s) AND deleted_at IS NULL
            ORDER BY log_date, id
            """,
            [pattern],
        ).fetchall()
    return [row[0] for row in found]


def list_sec(account: Account, page: int) -> float:
    """Return how long the API takes for a page of the list."""
    began = time.perf_counter()
    answer = account.http.get("/analyses", params={"page": str(page), "limit": str(PAGE)}).raise_for_status()
    took = time.perf_counter() - began
    assert len(answer.json()["data"]) == PAGE
    return took
