"""A child killed in the middle of fifty uploads: nothing accepted is lost or doubled, and the average is right."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from faplog.synthetic import day
from tests.conftest import Stack, until
from tests.e2e.account import Account, averaged
from tests.e2e.faults import PROGRAMS, all_settled, kill, upload_until_accepted

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

LOGS = 50
BEFORE_THE_KILL = 15
"""So many uploads are answered before the child is killed; the others are under way or still to come."""
CLIENTS = 4


@pytest.fixture(scope="module")
def logs() -> dict[str, bytes]:
    """Fifty short drives, no two alike."""
    return {
        f"drive-{number}.csv": day(seed=number, minutes=4, on=date(2025, 3, 1) + timedelta(days=number))[0]
        for number in range(LOGS)
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_kill(victim: Stack, logs: dict[str, bytes], tmp_path: Path, name: str) -> None:
    account = Account(victim)
    account.use_one_car()
    with ThreadPoolExecutor(CLIENTS) as clients:
        uploads = [clients.submit(upload_until_accepted, account, *log) for log in logs.items()]
        until(lambda: sum(upload.done() for upload in uploads) >= BEFORE_THE_KILL, 120)
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
