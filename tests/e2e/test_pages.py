"""The pages through the edge address: what a browser gets for a real session, and what it never gets."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from faplog import synthetic
from tests.conftest import ROOT, Stack
from tests.e2e.account import Account

pytestmark = pytest.mark.stack

LOGS = ROOT.parent / "shared" / "logs"


@pytest.fixture(scope="module")
def account(stack: Stack) -> Iterator[Account]:
    """Yield an account with one synthetic log, averaged."""
    account = Account(stack)
    account.ids(account.upload("drive.csv", synthetic.log_of_size(200_000)[0]))
    account.settled()
    account.average()
    yield account
    account.http.close()


def pages(stack: Stack, account: Account | None) -> httpx.Client:
    """Return a browser without scripts, with the access token in the session's cookie."""
    client = httpx.Client(base_url=stack.url, timeout=30, headers={"Accept-Language": "en"})
    if account:
        client.cookies.set("faplog_access", account.access_token)
    return client


def test_every_page_of_an_owner_is_there_with_its_policy(stack: Stack, account: Account) -> None:
    log_id = account.http.get("/analyses").json()["data"][0]["id"]
    shown = {
        "/logs": "drive.csv",
        f"/logs/{log_id}": "Values and limits",
        "/summary": "May I drive on?",
        "/compare": "You need two logs",
        "/account": account.email,
    }
    with pages(stack, account) as browser:
        for path, words in shown.items():
            page = browser.get(path, params={"fragment": "1"})
            assert page.status_code == 200, path
            assert words in page.text, path
            policy = browser.get(path).headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy


def test_a_stranger_sees_the_landing_page_and_the_sample_alone(stack: Stack) -> None:
    with pages(stack, None) as browser:
        assert browser.get("/").status_code == 200
        assert browser.get("/sample").status_code == 200
        assert browser.get("/logs").headers["Location"] == "/login?next=/logs"
        assert browser.get("/logs?fragment=1").status_code == 401


def test_one_owner_does_not_get_the_log_of_another(stack: Stack, account: Account) -> None:
    log_id = account.http.get("/analyses").json()["data"][0]["id"]
    other = Account(stack)
    with closing(other.http), pages(stack, other) as browser:
        page = browser.get(f"/logs/{log_id}")
        assert page.status_code == 404
        assert "drive.csv" not in page.text


@pytest.mark.skipif(not LOGS.is_dir(), reason=f"the real logs are not in {LOGS}")
def test_a_real_log_has_its_page(stack: Stack) -> None:
    account = Account(stack)
    path: Path = LOGS / "DCM62v2_20250203.csv"
    with closing(account.http), pages(stack, account) as browser:
        (log_id,) = account.ids(account.upload(path.name, path.read_bytes()))
        account.settled()
        page = browser.get(f"/logs/{log_id}", params={"fragment": "1"})
    assert page.status_code == 200
    assert "Monday, 3 February 2025" in page.text
    assert "20:34–21:19" in page.text
    assert '3.8\u202f<span class="unit">km</span>' in page.text
