"""Every function sleeps, the API too; a caller wakes them."""

from collections.abc import Iterator

import httpx
import pytest

from faplog import synthetic
from tests.conftest import Stack, running_changed_stack, until
from tests.e2e.account import Account
from tests.e2e.faults import processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

FUNCTIONS = ("api", "analyse", "average")


@pytest.fixture(scope="module")
def sleepy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a system whose functions all stop after two seconds without a request. None is started with it."""
    changes = {r'idle-seconds: "\d+"': 'idle-seconds: "2"'}
    with running_changed_stack(tmp_path_factory.mktemp("sleepy"), changes) as stack:
        yield stack


def asleep(stack: Stack) -> bool:
    return not any(processes(stack, name) for name in FUNCTIONS)


def test_an_upload_and_a_page_wake_what_they_need(sleepy: Stack) -> None:
    account, (log, _) = Account(sleepy), synthetic.day(seed=1, minutes=10)
    until(lambda: asleep(sleepy), what="every function sleeps")
    [analysis_id] = account.ids(account.upload("log.csv", log))
    # No client asks meanwhile: the connector's call with the result finds the API awake, or wakes it.
    until(lambda: asleep(sleepy), what="every function sleeps again")
    cookie = {"faplog_access": account.access_token}
    page = httpx.get(f"{sleepy.url}/logs/{analysis_id}?fragment=1", cookies=cookie, timeout=60)
    assert "log.csv" in page.text
    assert account.one(analysis_id)["status"] == "Success"
    assert account.average()["overall"]["logs"] == 1
    account.http.close()


def test_a_page_without_figures_wakes_nothing(sleepy: Stack) -> None:
    until(lambda: asleep(sleepy), what="every function sleeps")
    assert httpx.get(sleepy.url, timeout=60).status_code == httpx.codes.OK
    assert asleep(sleepy)
