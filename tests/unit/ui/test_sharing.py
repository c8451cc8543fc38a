"""A shared report or car: the owner's page without what only the owner may do; and the dialog that makes the link."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail
from tests.unit.ui.test_pages import summary_answers, text

TOKEN = "Jx0-_" * 8 + "abc"
BUTTON = re.compile(r'<button[^>]* data-share="([^"]+)"')
PAGE = "/shared"
OLD_PAGE = f"/shared/{TOKEN}"
STATE = f"/logs/{LOG_ID}/share"
STATE_OF_CAR = f"/cars/{OTHER_ID}/share"


def opened(client: FlaskClient, token: str = TOKEN, **headers: str) -> TestResponse:
    """Return what the script of the page gets for a token."""
    return client.get(PAGE, query_string={"fragment": 1}, headers={"Authorization": f"Bearer {token}"} | headers)


def shared(**changes: Any) -> dict[str, Any]:
    """Return what the API says of a shared log."""
    whole = detail(ANALYSIS, **changes)
    return {
        key: whole[key] for key in ("status", "stage", "message", "logDate", "fapRegen", "distance", "analysis")
    } | {"kind": "log", "expiresAt": "2025-04-14T08:00:00.000Z"}


def shared_car(**changes: Any) -> dict[str, Any]:
    """Return what the API says of a shared car."""
    average: Any = summary_answers()["average"]["average"]
    for points in average["trends"].values():
        for point in points:
            point["analysisId"] = None
    return {
        "kind": "car",
        "expiresAt": "2025-04-14T08:00:00.000Z",
        "profile": "DCM62v2",
        "lastLog": "2025-03-14T07:41:03.000Z",
        "lifeKm": 48_211.0,
        "status": "SUCCESS",
        "average": average,
        "notes": [
            {"kind": "filter_cleaned", "onDate": "2025-02-01", "km": None, "done": True, "due": False},
            {"kind": "oil_changed", "onDate": None, "km": 48_000, "done": False, "due": True},
        ],
    } | changes


@pytest.fixture
def linked(api: FakeApi) -> FakeApi:
    """Return an API with one shared log."""
    api.answers[f"shared/{TOKEN}"] = shared()
    return api


@pytest.mark.usefixtures("linked")
def test_a_reader_without_an_account_gets_the_report(browser: FlaskClient) -> None:
    page = opened(browser)
    assert page.status_code == 200
    for words in ("Friday, 14 March 2025", "14 April 2025", "Learn more", "Regenerations", "Print report"):
        assert words in page.text
    assert 'data-plots="/api/v1/shared/series"' in page.text
    assert TOKEN not in page.text


@pytest.mark.parametrize("who", ["browser", "user"])
@pytest.mark.usefixtures("linked")
def test_nothing_of_the_owners_is_on_it_for_any_reader(request: pytest.FixtureRequest, who: str) -> None:
    client: FlaskClient = request.getfixturevalue(who)
    main = client.get(PAGE).text.split("<body", 1)[1] + opened(client).text
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
    opened(user)
    assert linked.cookies == [{}]


def test_the_token_goes_to_the_api_in_a_header(browser: FlaskClient, linked: FakeApi) -> None:
    opened(browser)
    browser.get(OLD_PAGE, query_string={"fragment": 1})
    assert linked.asked == [("shared", {})] * 2
    assert linked.bearers == [f"Bearer {TOKEN}"] * 2


@pytest.mark.usefixtures("linked")
def test_the_frame_is_the_same_for_every_link(browser: FlaskClient, linked: FakeApi) -> None:
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "data-pending" in page.text
    assert "data-secret-fragment" in page.text
    assert "These pages need JavaScript." in page.text
    assert "Ask for a new link" in page.text, "for an address that lost its token"
    assert not linked.asked


@pytest.mark.usefixtures("linked")
def test_a_link_of_an_earlier_release_leads_to_its_new_address(browser: FlaskClient) -> None:
    response = browser.get(OLD_PAGE)
    assert response.status_code == 302
    assert response.location == f"/shared#{TOKEN}"
    assert "Friday, 14 March 2025" in browser.get(OLD_PAGE, query_string={"fragment": 1}).text, "for a page still open"


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?fragment=1", OLD_PAGE, f"{OLD_PAGE}?fragment=1", "/shared/dead"])
def test_the_address_is_not_sent_to_other_sites(browser: FlaskClient, path: str) -> None:
    headers = browser.get(path, headers={"Authorization": f"Bearer {TOKEN}"}).headers
    assert "Authorization" in headers["Vary"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Cache-Control"] == "private, no-store"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert browser.get("/about").headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("token", [TOKEN[::-1], "short", "..", "a%3Fb%3Dc", "%2e%2e", "ż" * 43])
def test_a_dead_link_has_a_page_that_helps(browser: FlaskClient, linked: FakeApi, token: str) -> None:
    for page in (
        browser.get(f"/shared/{token}", follow_redirects=True),
        browser.get(f"/shared/{token}", query_string={"fragment": 1}),
        opened(browser, token.encode().decode("latin-1")),
    ):
        assert page.status_code == (200 if "data-pending" in page.text else 404)
        assert "Ask for a new link" in page.text
        assert 'href="/logs' not in page.text
    assert "<html" not in page.text
    assert set(linked.bearers) <= {f"Bearer {TOKEN[::-1]}"}, "what is no token is not asked for"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", TOKEN])
def test_a_script_without_a_token_gets_the_same_answer(browser: FlaskClient, linked: FakeApi, header: str) -> None:
    page = browser.get(PAGE, query_string={"fragment": 1}, headers={"Authorization": header})
    assert page.status_code == 404
    assert "Ask for a new link" in page.text
    assert not linked.asked


def test_while_the_api_is_away_the_frame_waits_for_it(browser: FlaskClient, api: FakeApi) -> None:
    api.status[f"shared/{TOKEN}"] = 503
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "data-pending" in page.text
    assert opened(browser).status_code == 503


def test_a_log_on_its_way_and_one_that_failed(browser: FlaskClient, linked: FakeApi) -> None:
    linked.answers[f"shared/{TOKEN}"] = shared(status="Processing", logDate=None) | {"analysis": None}
    waiting = opened(browser).text
    assert "data-waiting" in waiting
    assert "Shared report" in waiting
    linked.answers[f"shared/{TOKEN}"] = shared(status="Failed", message="Failed to read csv file: The file is empty.")
    failed = opened(browser).text
    assert "could not be analysed" in failed
    assert "Upload again" not in failed


@pytest.mark.usefixtures("linked")
@pytest.mark.parametrize(("language", "words"), [("fr", "Rapport partagé avec vous"), ("pl", "Raport udostępniony do")])
def test_it_speaks_the_readers_language(browser: FlaskClient, language: str, words: str) -> None:
    assert words in opened(browser, **{"Accept-Language": language}).text


@pytest.mark.usefixtures("linked")
def test_preferences_come_back_to_it(browser: FlaskClient) -> None:
    back = re.search(r'name="next" value="([^"]+)"', browser.get(PAGE).text)
    assert back
    assert back[1] == PAGE
    assert browser.post("/preferences", data={"theme": "dark", "next": back[1]}).location == PAGE


# A car


@pytest.fixture
def linked_car(api: FakeApi) -> FakeApi:
    """Return an API with one shared car."""
    api.answers[f"shared/{TOKEN}"] = shared_car()
    return api


@pytest.mark.usefixtures("linked_car")
def test_a_reader_sees_where_a_car_stands(browser: FlaskClient) -> None:
    page = opened(browser)
    assert page.status_code == 200
    shown = text(page)
    for words in (
        *("Car DCM62v2", "Shared with you until 14 April 2025", "last log of 14 March 2025", "filter at 48,211 km"),
        *("May I drive on?", "Trends", "One point per log.", "Regeneration history", "Maintenance", "Filter cleaned"),
        *("Oil changed due", "48,000 km", "1 Feb 2025"),
    ):
        assert words in shown, words
    assert 'id="trend-data"' in page.text
    assert "data-car-report" in page.text


@pytest.mark.parametrize("who", ["browser", "user"])
@pytest.mark.usefixtures("linked_car")
def test_a_shared_car_has_nothing_of_its_owners(request: pytest.FixtureRequest, who: str) -> None:
    page = opened(request.getfixturevalue(who)).text
    for owners in (
        *('href="/logs', 'href="/summary', 'href="/upload', 'href="/cars', "data-note", "data-share", "data-question"),
        *("data-guessed", "data-delete", "data-car=", "Select a point", "<form", "<input", "<select", "<textarea"),
    ):
        assert owners not in page, owners
    assert len(re.findall(r' id="([^"]+)"', page)) == len(set(re.findall(r' id="([^"]+)"', page)))


def test_a_shared_car_while_its_average_is_made_and_without_logs(browser: FlaskClient, linked_car: FakeApi) -> None:
    linked_car.answers[f"shared/{TOKEN}"] = shared_car(status="CALCULATING")
    assert "data-waiting" in opened(browser).text
    linked_car.answers[f"shared/{TOKEN}"] = shared_car(status=None, average=None, lastLog=None, lifeKm=None, notes=[])
    page = opened(browser)
    assert "No summary yet" in text(page)
    assert 'href="/upload' not in page.text
    assert "Maintenance" not in text(page)


@pytest.mark.usefixtures("linked_car")
@pytest.mark.parametrize(
    ("language", "words"), [("fr", "dernier relevé du 14 mars 2025"), ("pl", "ostatni log z 14 marca")]
)
def test_a_shared_car_speaks_the_readers_language(browser: FlaskClient, language: str, words: str) -> None:
    assert words in text(opened(browser, **{"Accept-Language": language}))


# The owner's dialog


def test_the_owner_finds_where_to_share(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS)
    page = user.get(f"/logs/{LOG_ID}").text
    assert BUTTON.findall(page) == [LOG_ID] * 2
    assert 'data-api="/analyses" data-page="/logs"' in page
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


def test_the_owner_finds_where_to_share_a_car(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= summary_answers() | {"cars": {"data": [{"id": OTHER_ID, "name": "Berlingo", "profile": "DCM62v2"}]}}
    api.answers[f"cars/{OTHER_ID}/notes"] = {"data": []}
    page = user.get("/summary").text
    assert BUTTON.findall(page) == [OTHER_ID]
    assert 'data-api="/cars" data-page="/cars"' in page
    assert "Anyone with the link can see without an account where this car stands" in page
    api.answers |= {"cars": {"data": []}}
    assert not BUTTON.findall(user.get("/summary").text)


def test_the_dialog_says_what_there_is_of_a_car(user: FlaskClient, browser: FlaskClient, api: FakeApi) -> None:
    assert "Create link" in user.get(STATE_OF_CAR, query_string={"fragment": 1}).text
    api.answers[f"cars/{OTHER_ID}/share"] = {
        "createdAt": "2025-03-15T08:00:00.000Z",
        "expiresAt": "2025-04-14T08:00:00.000Z",
    }
    made = user.get(STATE_OF_CAR, query_string={"fragment": 1}).text
    assert "A link is active until 14 April 2025." in made
    assert user.get(STATE_OF_CAR).location == f"/summary?car={OTHER_ID}"
    browser.delete_cookie("faplog_access")
    assert browser.get(STATE_OF_CAR, query_string={"fragment": 1}).status_code == 401


# The list on the account page


def test_the_account_page_lists_the_links_and_ends_them(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {"account": {"email": "you@example.org"}, "account/sessions": {"sessions": []}}
    until = {"createdAt": "2025-03-15T08:00:00.000Z", "expiresAt": "2025-04-14T08:00:00.000Z"}
    api.answers["account/links"] = {
        "data": [
            {"kind": "log", "id": LOG_ID, "name": "drive & more.csv", "profile": None} | until,
            {"kind": "car", "id": OTHER_ID, "name": None, "profile": "DCM62v2"} | until,
        ]
    }
    page = user.get("/account")
    assert f'data-end="/analyses/{LOG_ID}/share"' in page.text
    assert f'data-end="/cars/{OTHER_ID}/share"' in page.text
    assert f'href="/logs/{LOG_ID}">drive &amp; more.csv</a>' in page.text
    assert f'href="/summary?car={OTHER_ID}">DCM62v2</a>' in page.text
    assert "valid until 14 Apr 2025" in text(page)


@pytest.mark.parametrize("answer", [None, {"data": []}])
def test_without_links_the_account_page_says_so(
    user: FlaskClient, api: FakeApi, answer: dict[str, list[object]] | None
) -> None:
    """Also with an API of the release before, which has no list."""
    api.answers |= {"account": {"email": "you@example.org"}, "account/sessions": {"sessions": []}}
    if answer:
        api.answers["account/links"] = answer
    page = user.get("/account")
    assert page.status_code == 200
    assert "No link is active." in text(page)
