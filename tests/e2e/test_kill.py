"""A child killed in the middle of fifty uploads: nothing accepted is lost or doubled, and the average is right."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from faplog.synthetic import day
from tests.conftest import Stack, until
from tests.e2e.account import Account, averaged

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

LOGS = 50
BEFORE_THE_KILL = 15
"""So many uploads are answered before the child is killed; the others are under way or still to come."""
CLIENTS = 4
RETRY_SEC = 0.3

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


@pytest.fixture(scope="module")
def logs() -> dict[str, bytes]:
    """Fifty short drives, no two alike."""
    return {
        f"drive-{number}.csv": day(seed=number, minutes=4, on=date(2025, 3, 1) + timedelta(days=number))[0]
        for number in range(LOGS)
    }


def kill(stack: Stack, name: str) -> None:
    """SIGKILL to a program and, of a function, to its workers too."""
    victims = [
        child
        for child in psutil.Process(stack.process.pid).children()
        if child.status() != psutil.STATUS_ZOMBIE and PROGRAMS[name] in " ".join(child.cmdline())
    ]
    assert victims, f"{name} does not run"
    workers = [worker for child in victims for worker in child.children(recursive=True)] if name != "postgres" else []
    for process in [*victims, *workers]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def upload_until_accepted(account: Account, name: str, content: bytes) -> list[str]:
    """What a patient client does: try again until the upload is accepted. All ids it was ever told."""
    told: list[str] = []
    deadline = time.monotonic() + 120
    while True:
        try:
            answer = account.upload(name, content)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
            told += account.ids(answer)
            return told
        # While a part is away the API says so (503). What is no JSON is Traefik's: nobody behind it yet (502), or it is
        # so freshly started that it does not know its rules yet (404).
        ours = answer is not None and answer.headers.get("Content-Type", "").startswith("application/json")
        assert answer is None or answer.status_code in ((503,) if ours else (404, 502, 503, 504)), answer.text
        assert time.monotonic() < deadline, f"{name} was not accepted in time"
        time.sleep(RETRY_SEC)


@pytest.mark.parametrize("name", PROGRAMS)
def test_kill(victim: Stack, logs: dict[str, bytes], tmp_path: Path, name: str) -> None:
    account = Account(victim)
    with ThreadPoolExecutor(CLIENTS) as clients:
        uploads = [clients.submit(upload_until_accepted, account, *log) for log in logs.items()]
        until(lambda: sum(upload.done() for upload in uploads) >= BEFORE_THE_KILL, 60)
        kill(victim, name)
        accepted = [analysis_id for upload in uploads for analysis_id in upload.result()]
    until(lambda: all_settled(account), 180)
    assert len(set(accepted)) == account.count() == LOGS
    found = [account.one(analysis_id) for analysis_id in accepted]
    assert [one["message"] for one in found if one["status"] != "Success"] == []
    average = account.average(120)
    assert average["overall"]["logs"] == LOGS
    assert average == averaged([{**one, "analysisId": one["id"]} for one in found], tmp_path)
    account.http.close()


def all_settled(account: Account) -> bool:
    """Whether nothing is being analysed any more; a part that is away says nothing yet."""
    try:
        return account.count(status="Processing") == 0
    except httpx.HTTPError:
        return False
