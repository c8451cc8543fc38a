"""A shared report: the owner's without what only the owner may do; and what the dialog says that makes the link."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, FakeApi, detail

TOKEN = "Jx0-_" * 8 + "abc"
BUTTON = re.compile(r"<button[^>]* data-share[ >]")
PAGE = f"/shared/{TOKEN}"
STATE = f"/logs/{LOG_ID}/share"


def shared(**changes: Any) -> dict[str, Any]:
    """What the API says of a shared log."""
    whole = detail(ANALYSIS, **changes)
    return {
        key: whole[key] for key in ("status", "stage", "message", "logDate", "fapRegen", "distance", "analysis")
    } | {"expiresAt": "2025-04-14T08:00:00.000Z"}


@pytest.fixture
def linked(api: FakeApi) -> FakeApi:
    """An API with one shared log."""
    api.answers[f"shared/{TOKEN}"] = shared()
    return api


@pytest.mark.usefixtures("linked")
def test_a_reader_without_an_account_gets_the_report(browser: FlaskClient) -> None:
    page = browser.get(PAGE)
    assert page.status_code == 200
    for words in ("Friday, 14 March 2025", "14 April 2025", "Learn more", "Regenerations", "Print report"):
        assert words in page.text
    assert f'data-plots="/api/v1/shared/{TOKEN}/series"' in page.text


@pytest.mark.parametrize("who", ["browser", "user"])
@pytest.mark.usefixtures("linked")
def test_nothing_of_the_owners_is_on_it_whoever_looks(request: pytest.FixtureRequest, who: str) -> None:
    client: FlaskClient = request.getfixturevalue(who)
    page = client.get(PAGE)
    main = page.text.split("<body", 1)[1]
    for owners in (
        "data-delete",
        "data-share",
        "data-signed-in",
        "/compare",
        "Original CSV",
        'href="/logs',
        'href="/login',
    ):
        assert owners not in main, owners


def test_cookies_are_not_handed_on(user: FlaskClient, linked: FakeApi) -> None:
    user.get(PAGE)
    user.get(PAGE, query_string={"fragment": 1})
    assert linked.cookies == [{}, {}]


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?fragment=1", "/shared/dead"])
def test_the_address_is_told_to_nobody(browser: FlaskClient, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "private, no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert browser.get("/about").headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("token", [TOKEN[::-1], "short", "..", "a%3Fb%3Dc", "%2e%2e", "ż" * 43])
def test_a_dead_link_has_a_page_that_helps(browser: FlaskClient, linked: FakeApi, token: str) -> None:
    page = browser.get(f"/shared/{token}")
    assert page.status_code == 404
    assert "Ask for a new link" in page.text
    assert 'href="/logs' not in page.text
    fragment = browser.get(f"/shared/{token}", query_string={"fragment": 1})
    assert fragment.status_code == 404
    assert "<html" not in fragment.text
    assert {path for path, _ in linked.asked} <= {f"shared/{TOKEN[::-1]}"}, "what is no token is not asked for"


def test_while_the_api_is_away_the_frame_waits_for_it(browser: FlaskClient, api: FakeApi) -> None:
    api.status[f"shared/{TOKEN}"] = 503
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "data-pending" in page.text
    assert browser.get(PAGE, query_string={"fragment": 1}).status_code == 503


def test_a_log_on_its_way_and_one_that_failed(browser: FlaskClient, linked: FakeApi) -> None:
    linked.answers[f"shared/{TOKEN}"] = shared(status="Processing", logDate=None) | {"analysis": None}
    waiting = browser.get(PAGE).text
    assert "data-waiting" in waiting
    assert "Shared report" in waiting
    linked.answers[f"shared/{TOKEN}"] = shared(status="Failed", message="Failed to read csv file: The file is empty.")
    failed = browser.get(PAGE).text
    assert "could not be analysed" in failed
    assert "Upload again" not in failed


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(("language", "words"), [("fr", "Rapport partagé avec vous"), ("pl", "Raport udostępniony do")])
def test_it_speaks_the_readers_language(browser: FlaskClient, language: str, words: str) -> None:
    assert words in browser.get(PAGE, headers={"Accept-Language": language}).text


@pytest.mark.usefixtures("linked")
def test_preferences_come_back_to_it(browser: FlaskClient) -> None:
    back = re.search(r'name="next" value="([^"]+)"', browser.get(PAGE).text)
    assert back
    assert back[1] == PAGE
    assert browser.post("/preferences", data={"theme": "dark", "next": back[1]}).location == PAGE


# The owner's dialog


def test_the_owner_finds_where_to_share(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS)
    page = user.get(f"/logs/{LOG_ID}").text
    assert len(BUTTON.findall(page)) == 2
    assert f'data-log="{LOG_ID}"' in page
    assert not BUTTON.search(user.get("/sample").text)


def test_the_dialog_says_what_there_is(user: FlaskClient, api: FakeApi) -> None:
    nothing = user.get(STATE, query_string={"fragment": 1}).text
    assert "Create link" in nothing
    assert "Stop sharing" not in nothing
    api.answers[f"analyses/{LOG_ID}/share"] = {
        "createdAt": "2025-03-15T08:00:00.000Z",
        "expiresAt": "2025-04-14T08:00:00.000Z",
    }
    made = user.get(STATE, query_string={"fragment": 1}).text
    assert "A link is active until 14 April 2025." in made
    assert "New link" in made
    assert "Stop sharing" in made


def test_the_dialog_is_no_page_and_no_strangers(user: FlaskClient, browser: FlaskClient) -> None:
    assert user.get(STATE).location == f"/logs/{LOG_ID}"
    browser.delete_cookie("faplog_access")
    assert browser.get(STATE, query_string={"fragment": 1}).status_code == 401
