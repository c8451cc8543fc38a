"""The cost of a log by how many logs there are already, of one user and of a hundred: it must not depend on that.

The existing logs are copies of a real analysis, put into the database. Averages need all of them and are measured
apart: a log in progress holds them back while a burst is measured, and they are measured when it is deleted.
"""

import re
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from bench.flow import one_log, upload_all, upload_zip
from bench.report import Reference, Row, row
from bench.running import Spent, distinct_logs, format_by_role, spent, system, wait_until_settled
from bench.timing import wall_sec
from faplog.contracts.keys import log_key, series_key
from tests import buckets
from tests.chaos.promise import owner
from tests.conftest import Stack
from tests.e2e.account import Account
from tests.e2e.seeding import hold, more_users, seed

SIZES: Final = (10, 100, 1_000, 10_000)
FEW, MANY = SIZES[0], SIZES[-1]
USERS: Final = 100
LOGS_EACH: Final = 100
BURST: Final = 100
WARM_UP_LOGS: Final = 40
LOOKS: Final = 9
PAGE: Final = 20
OBJECT: Final = b"as small as may be"
PUTS: Final = 16
PERIODS: Final = 3
"""Averages that a burst touches: all its logs are of one month, and that of one year."""

MAX_GROWTH: Final = 1.5
MAX_LAST_PAGE: Final = 3.0
MAX_ROUNDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class UserCosts:
    """The measurements for a user with so many logs."""

    burst: Spent
    averages: Spent
    rounds: float
    list_ms: dict[str, float]
    delete_ms: float
    leave_ms: float


def run() -> list[Row]:
    """Measure a log, the averages, the lists and a deletion at every size."""
    with system() as stack:
        first, logs = Account(stack), distinct_logs()
        pattern = one_log(first, next(logs))
        seen = {size: _one_user(stack, first, pattern, size, logs) for size in SIZES}
        crowd, of_crowd = _many_users(stack, first, pattern, logs)
    return [*_logs(seen, crowd), *_averages(seen, of_crowd), *_lists(seen), *_deletions(seen)]


def _one_user(stack: Stack, first: Account, pattern: str, size: int, logs: Iterator[bytes]) -> UserCosts:
    account = Account(stack)
    with owner(stack) as database:
        _store_objects(stack, seed(database, pattern, [account.id], size))
        held = hold(database, [account.id])
    _wake(stack, first, held, logs)
    burst, averages, ids = _burst(stack, [account], held, logs)
    asked = _averages_made(stack)
    upload_zip(account, islice(logs, BURST))
    wait_until_settled(stack)
    rounds = (_averages_made(stack) - asked) / PERIODS
    lists = _list_ms(account)
    delete = wall_sec(lambda: account.http.delete(f"/analyses/{ids[0]}").raise_for_status())
    wait_until_settled(stack)
    leave = wall_sec(lambda: account.http.delete("/account").raise_for_status())
    return UserCosts(burst, averages, rounds, lists, delete * 1000, leave * 1000)


def _many_users(stack: Stack, first: Account, pattern: str, logs: Iterator[bytes]) -> tuple[Spent, Spent]:
    with owner(stack) as database:
        users = more_users(database, first.id, USERS)
        seed(database, pattern, [user_id for user_id, _ in users], LOGS_EACH)
        held = hold(database, [user_id for user_id, _ in users])
    accounts = [Account(stack, email) for _, email in users]
    _wake(stack, first, held, logs)
    burst, averages, _ = _burst(stack, accounts, held, logs)
    return burst, averages


def _wake(stack: Stack, first: Account, held: list[str], logs: Iterator[bytes]) -> None:
    """Start every replica that was idle while the logs were inserted: a start takes a second that is no log's cost."""
    upload_all((first, log) for log in islice(logs, WARM_UP_LOGS))
    wait_until_settled(stack, held=len(held))


def _burst(
    stack: Stack, accounts: list[Account], held: list[str], logs: Iterator[bytes]
) -> tuple[Spent, Spent, list[str]]:
    """Return the cost of a burst spread over these accounts, the cost of their averages, and the logs' ids."""
    uploads = [(accounts[number % len(accounts)], log) for number, log in enumerate(islice(logs, BURST))]
    with spent(stack) as burst:
        ids = upload_all(uploads)
        wait_until_settled(stack, held=len(held))
    with spent(stack) as averages:
        for account, analysis_id in zip(accounts, held, strict=True):
            account.http.delete(f"/analyses/{analysis_id}").raise_for_status()
        wait_until_settled(stack)
    return burst, averages, ids


def _store_objects(stack: Stack, ids: list[str]) -> None:
    store = buckets.of_stack(stack)
    keys = [key(UUID(one)) for one in ids for key in (log_key, series_key)]
    with ThreadPoolExecutor(PUTS) as pool:
        for _ in pool.map(lambda key: store.put(key, OBJECT), keys):
            pass


def _averages_made(stack: Stack) -> int:
    text = stack.connector_metrics()
    found = re.search(r'deliveries_total\{function="average",outcome="done"\} (\S+)', text)
    return int(float(found[1])) if found else 0


def _list_ms(account: Account) -> dict[str, float]:
    pages = -(-account.count() // PAGE)
    queries = {
        "page 1": {},
        "the page in the middle": {"page": f"{-(-pages // 2)}"},
        "the last page": {"page": f"{pages}"},
        "a search": {"q": "seeded-7"},
        "a filter": {"fapRegen": "true"},
    }

    def look(query: dict[str, str]) -> None:
        account.http.get("/analyses", params={"limit": f"{PAGE}"} | query).raise_for_status()

    return {
        name: 1000 * statistics.median(wall_sec(look, query) for _ in range(LOOKS)) for name, query in queries.items()
    }


def _logs(seen: dict[int, UserCosts], crowd: Spent) -> list[Row]:
    cost = {f"one user with {size:,} logs": one.burst for size, one in seen.items()}
    cost[f"{USERS} users with {LOGS_EACH} logs each"] = crowd
    at_few, at_many = seen[FEW].burst.total_ms, seen[MANY].burst.total_ms
    return [
        *(
            row(
                f"CPU a log, {who}, ms",
                taken.total_ms / BURST,
                detail=f"{format_by_role(taken.cpu_ms, 1 / BURST)}; {BURST / taken.seconds[0]:.0f} logs/s",
                reference=Reference.READ_CSV,
            )
            for who, taken in cost.items()
        ),
        row(f"a log, {MANY:,} logs / {FEW} logs", at_many / at_few, MAX_GROWTH),
        row(
            f"a log, {USERS} users / one with {LOGS_EACH}", crowd.total_ms / seen[LOGS_EACH].burst.total_ms, MAX_GROWTH
        ),
    ]


def _averages(seen: dict[int, UserCosts], of_crowd: Spent) -> list[Row]:
    each = {size: one.averages.total_ms / (size + BURST) for size, one in seen.items()}
    many = seen[MANY].averages
    return [
        row(
            f"averages of {MANY + BURST:,} logs, CPU, ms",
            many.total_ms,
            detail=f"{format_by_role(many.cpu_ms)}; {many.seconds[0]:.1f} s; a log: {_by_size(each, '.2f')} ms",
            reference=Reference.READ_CSV,
        ),
        row(f"averages, a log, {MANY:,} logs / {SIZES[-2]:,}", each[MANY] / each[SIZES[-2]], MAX_GROWTH),
        row(
            f"averages of {USERS} users, CPU a user, ms",
            of_crowd.total_ms / USERS,
            detail=format_by_role(of_crowd.cpu_ms, 1 / USERS),
            reference=Reference.READ_CSV,
        ),
        row(
            f"averages are made so often for a zip of {BURST}",
            max(one.rounds for one in seen.values()),
            MAX_ROUNDS,
            detail=_by_size({size: one.rounds for size, one in seen.items()}, ".2f"),
        ),
    ]


def _lists(seen: dict[int, UserCosts]) -> list[Row]:
    many = seen[MANY].list_ms
    return [
        *(
            row(
                f"{name} of {MANY:,} logs, ms",
                many[name],
                detail=_by_size({size: one.list_ms[name] for size, one in seen.items()}, ".1f"),
                reference=Reference.FLASK_REPLY,
            )
            for name in many
        ),
        row(f"the last page / page 1, {MANY:,} logs", many["the last page"] / many["page 1"], MAX_LAST_PAGE),
    ]


def _deletions(seen: dict[int, UserCosts]) -> list[Row]:
    took = {
        "a log": {size: one.delete_ms for size, one in seen.items()},
        "the account": {size: one.leave_ms for size, one in seen.items()},
    }
    return [
        row(
            f"DELETE of {what}, {MANY:,} logs, ms",
            by_size[MANY],
            detail=_by_size(by_size, ".0f"),
            reference=Reference.IMPORT_PANDAS,
        )
        for what, by_size in took.items()
    ]


def _by_size(values: dict[int, float], form: str) -> str:
    return "with " + ", ".join(f"{size:,}: {value:{form}}" for size, value in values.items())
