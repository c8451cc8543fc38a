"""What the system promises under any fault.

Each accepted log has one analysis, each average is the average of these, and nothing is left over in the stream or the
object store.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from faplog import bus
from faplog.contracts.keys import TRANSIENT
from functions.average.core import average
from tests import buckets
from tests.conftest import ROOT, Stack, until
from tests.e2e.account import Account
from tests.e2e.faults import all_settled, upload_until_accepted

LOGS = 200
BEFORE_THE_FAULT = 50
"""So many uploads are answered before the fault; the others are under way or still to come."""
CLIENTS = 4
SETTLED_SEC = 300
AVERAGE_SEC = 180


def everything_arrives_once(stack: Stack, logs: dict[str, bytes], fault: Callable[[Account], None]) -> None:
    """Upload all logs, do the fault in the middle of it, and hold the system to its promise."""
    account = Account(stack)
    kept(stack, account, uploaded(account, logs, fault))
    left(stack, account)


def uploaded(account: Account, logs: dict[str, bytes], fault: Callable[[Account], None]) -> list[str]:
    """Return the ids of all logs, each uploaded until it was accepted, with the fault in the middle of it."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        uploads = [clients.submit(upload_until_accepted, account, *log) for log in logs.items()]
        try:
            until(lambda: sum(upload.done() for upload in uploads) >= BEFORE_THE_FAULT, 120)
            fault(account)
            return [analysis_id for upload in uploads for analysis_id in upload.result()]
        finally:
            clients.shutdown(cancel_futures=True)


def kept(stack: Stack, account: Account, accepted: list[str]) -> None:
    """Check the promise for an account, and that rows and objects agree."""
    analysed_once(stack, account, accepted)
    agree(stack)


def analysed_once(stack: Stack, account: Account, accepted: list[str]) -> None:
    """Check that the account has these logs and no others, each analysed, and their averages."""
    until(lambda: all_settled(account), SETTLED_SEC)
    until(lambda: waiting(stack, bus.STREAM) == 0, AVERAGE_SEC)
    assert len(set(accepted)) == len(accepted) == account.count()
    found = [account.one(analysis_id) for analysis_id in accepted]
    assert [one["message"] for one in found if one["status"] != "Success"] == []
    averages_are_of(account, found)


def averages_are_of(account: Account, analyses: list[dict[str, Any]]) -> None:
    """There is an average of each car and period with analyses, and it is what `average` makes of them."""
    cars = account.cars()
    assert {one["carId"] for one in analyses} <= set(cars)
    for car in cars:
        _averages_of_car_are_of(account, car, [one for one in analyses if one["carId"] == car])


def _averages_of_car_are_of(account: Account, car: str, analyses: list[dict[str, Any]]) -> None:
    if not analyses:
        return
    shown = account.http.get("/average/available", params={"car": car}).raise_for_status().json()
    periods = {(one["type"], one["year"], one["month"]) for one in shown}
    days = {one["logDate"][:7] for one in analyses}
    assert periods == {
        ("OVERALL", None, None),
        *(("YEARLY", int(day[:4]), None) for day in days),
        *(("MONTHLY", int(day[:4]), int(day[5:])) for day in days),
    }
    for kind, year, month in periods:
        begin = "".join((f"{year}-" if year else "", f"{month:02}-" if month else ""))
        items = [{**one, "analysisId": one["id"]} for one in analyses if one["logDate"].startswith(begin)]
        period = {name: str(value) for name, value in (("year", year), ("month", month)) if value}
        expected = json.loads(average(items).model_dump_json(by_alias=True))
        assert account.average(AVERAGE_SEC, type=kind, car=car, **period) == expected


def agree(stack: Stack) -> None:
    """After reconcile each row has its objects and each object its row."""
    store = buckets.of_stack(stack)

    def same() -> bool:
        reconcile(stack)
        with owner(stack) as database:
            rows = dict(
                database.execute("SELECT id::text, status FROM fap_analysis WHERE stage = 'analyse'").fetchall()
            )
        stored = {key.removeprefix("logs/").removesuffix(".csv") for key, _ in store.list("logs/")}
        series = {key.removeprefix("series/") for key, _ in store.list("series/")}
        analysed = {analysis_id for analysis_id, status in rows.items() if status == "Success"}
        return stored == set(rows) and series == analysed and not any(list(store.list(prefix)) for prefix in TRANSIENT)

    until(same, 60)


def left(stack: Stack, *accounts: Account) -> None:
    """Delete the accounts, and check that nothing of them is left."""
    for account in accounts:
        _leave(stack, account)
    agree(stack)


def _leave(stack: Stack, account: Account) -> None:
    user = account.id
    account.http.delete("/account").raise_for_status()
    account.http.close()
    with owner(stack) as database:
        for table in ("fap_analysis", "fap_average", "car", "note"):
            assert database.execute(f"SELECT count(*) FROM {table} WHERE user_id = %s", [user]).fetchone() == (0,)


def reconcile(stack: Stack) -> None:
    """Run reconcile once without a minimum age of objects, beside the loop of the system itself."""
    settings = {f"s3_{name}": stack.runtime["s3"][name] for name in ("endpoint", "bucket")}
    done = subprocess.run(
        [sys.executable, "-m", "functions.api.reconcile"],
        cwd=ROOT,
        env=os.environ | settings | {"FAPLOG_SECRETS_DIR": str(stack.secrets), "FAPLOG_ORPHAN_SEC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def owner(stack: Stack) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Yield the database as the owner of its tables sees it: all rows."""
    with psycopg.connect((stack.secrets / "faplog-owner-database").read_text("utf-8")) as connection:
        yield connection


def waiting(stack: Stack, stream: str) -> int | None:
    """Return how many messages are in a stream: waiting, or in work. None while the broker does not say."""
    where = stack.runtime["nats"]
    monitor = f"http://{where['host']}:{where['monitor']}{where['monitor_path']}"
    try:
        answer = httpx.get(f"{monitor}/jsz", params={"streams": "true"}).json()
    except (httpx.HTTPError, ValueError):
        return None
    streams = [one for account in answer.get("account_details", []) for one in account["stream_detail"]]
    return next((int(one["state"]["messages"]) for one in streams if one["name"] == stream), None)
