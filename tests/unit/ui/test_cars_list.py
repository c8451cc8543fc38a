"""The page of all cars: what it says of each, what can be done with it, and the deleted ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import LOG_ID, OTHER_ID, FakeApi, item, listing
from tests.unit.ui.test_pages import text

THIRD_ID = "7a6f7f0c-57c6-4a8e-8f8e-2f9a3c1d5e33"
FOURTH_ID = "7a6f7f0c-57c6-4a8e-8f8e-2f9a3c1d5e34"


def car(car_id: str = LOG_ID, **changes: Any) -> dict[str, Any]:
    """Return a car as the API lists it."""
    return {
        "id": car_id,
        "name": None,
        "profile": "DCM62v2",
        "guessed": False,
        "question": None,
        "createdAt": "2025-03-15T08:00:00.000Z",
        "logs": 12,
        "firstLog": "2025-03-01T00:00:00.000Z",
        "lastLog": "2025-03-14T00:00:00.000Z",
        "lastLogId": OTHER_ID,
        "verdict": "watch",
        "lifeKm": 10_100,
        "dueNotes": [],
    } | changes


def show(user: FlaskClient, api: FakeApi, *cars: dict[str, Any], deleted: tuple[dict[str, Any], ...] = ()) -> str:
    """Return the page's HTML."""
    api.answers |= {"cars": {"data": list(cars)}, "cars/deleted": {"data": list(deleted)}}
    answer = user.get("/cars")
    assert answer.status_code == 200
    return answer.text


def test_each_car_is_named_and_counted(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {
        "cars": {
            "data": [car(name="Berlingo <b>"), car(OTHER_ID, guessed=True, logs=1, lastLog="2025-03-01T00:00:00Z")]
        },
        "cars/deleted": {"data": []},
    }
    answer = user.get("/cars")
    seen = text(answer)
    assert "<b>" not in answer.text
    assert "Berlingo &lt;b&gt; 12 logs · 1 Mar 2025 – 14 Mar 2025 watch" in seen
    assert "DCM62v2 1 log · 1 Mar 2025 Recognised" in seen
    assert seen.count("guessed") == 1
    assert answer.text.count("data-confirm aria-label") == 1
    assert "Recently deleted" not in seen


def test_cars_called_the_same_are_numbered_by_age(user: FlaskClient, api: FakeApi) -> None:
    page = show(
        user,
        api,
        car(createdAt="2025-03-16T08:00:00.000Z"),
        car(OTHER_ID),
        car(THIRD_ID, name="Berlingo"),
    )
    assert f'data-car="{LOG_ID}" data-label="DCM62v2, no. 2" data-name=""' in page
    assert f'data-car="{OTHER_ID}" data-label="DCM62v2, no. 1" data-name=""' in page
    assert f'data-car="{THIRD_ID}" data-label="Berlingo" data-name="Berlingo"' in page


def test_cars_with_the_same_name_are_numbered_by_age(user: FlaskClient, api: FakeApi) -> None:
    """Also where one is called like the control unit of a car without a name."""
    page = show(
        user,
        api,
        car(name="Berlingo"),
        car(OTHER_ID, name="Berlingo", createdAt="2025-03-14T08:00:00.000Z"),
        car(THIRD_ID, name="DCM62v2", createdAt="2025-03-16T08:00:00.000Z"),
        car(FOURTH_ID),
    )
    assert f'data-car="{LOG_ID}" data-label="Berlingo, no. 2" data-name="Berlingo"' in page
    assert f'data-car="{OTHER_ID}" data-label="Berlingo, no. 1" data-name="Berlingo"' in page
    assert f'data-car="{THIRD_ID}" data-label="DCM62v2, no. 2" data-name="DCM62v2"' in page
    assert f'data-car="{FOURTH_ID}" data-label="DCM62v2, no. 1" data-name=""' in page


def test_the_only_car_can_be_neither_merged_nor_deleted(user: FlaskClient, api: FakeApi) -> None:
    alone = show(user, api, car())
    assert "data-rename" in alone
    assert "data-merge aria-label" not in alone
    assert "data-delete aria-label" not in alone
    both = show(user, api, car(), car(OTHER_ID, name="Berlingo"))
    assert both.count("data-merge aria-label") == 2
    assert 'data-delete aria-label="Delete Berlingo"' in both


def test_a_car_without_logs_leads_nowhere(user: FlaskClient, api: FakeApi) -> None:
    page = show(user, api, car(logs=0, firstLog=None, lastLog=None, lastLogId=None, verdict=None, profile=None))
    assert "unknown car" in page
    assert "/summary?car=" not in page
    assert f'/summary?car={LOG_ID}"' in show(user, api, car())


def test_deleted_cars_can_be_restored(user: FlaskClient, api: FakeApi) -> None:
    until = (datetime.now(UTC) + timedelta(minutes=41, seconds=30)).isoformat()
    gone = {"id": OTHER_ID, "name": "C5", "profile": None, "logs": 3, "deletedAt": until, "restorableUntil": until}
    page = show(user, api, car(), deleted=(gone,))
    assert "42 minutes left" in page
    assert f'data-restore="{OTHER_ID}" data-label="C5" aria-label="Restore C5"' in page


def test_without_cars_it_offers_an_upload(user: FlaskClient, api: FakeApi) -> None:
    assert "No cars yet" in show(user, api)


@pytest.mark.parametrize(("language", "words"), [("fr", "Fusionner…"), ("pl", "Scal…")])
def test_it_speaks_the_readers_language(user: FlaskClient, api: FakeApi, language: str, words: str) -> None:
    api.answers |= {"cars": {"data": [car(), car(OTHER_ID)]}, "cars/deleted": {"data": []}}
    assert words in text(user.get("/cars", headers={"Accept-Language": language}))


def test_a_slow_api_leaves_a_frame_and_a_stranger_is_sent_to_the_login(browser: FlaskClient, api: FakeApi) -> None:
    assert browser.get("/cars").location == "/login?next=/cars"
    browser.set_cookie("faplog_access", "good")
    browser.set_cookie("faplog_csrf", "token")
    api.status["cars"] = 503
    assert "data-pending" in browser.get("/cars").text


def test_the_account_leads_to_the_cars(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {"account": {"email": "a@example.org"}, "account/sessions": {"sessions": []}}
    assert 'href="/cars"' in user.get("/account").text


def test_the_choices_of_the_history(user: FlaskClient, api: FakeApi) -> None:
    api.answers["cars"] = {"data": [car(), car(OTHER_ID, name="A & B")]}
    assert user.get("/cars/choices").location == "/cars"
    found = user.get("/cars/choices", query_string={"fragment": 1}).text
    assert f'<option value="{LOG_ID}">DCM62v2</option><option value="{OTHER_ID}">A &amp; B</option>' in found


def test_the_history_names_the_car_of_each_log_where_there_are_several(user: FlaskClient, api: FakeApi) -> None:
    two = [car(LOG_ID, name="Golf"), car(OTHER_ID)]
    logs = [item(LOG_ID, carId=LOG_ID), item(OTHER_ID, carId=OTHER_ID)]
    api.answers |= {"analyses": listing(*logs), "cars": {"data": two}}
    page = text(user.get("/logs?fragment=1"))
    assert "Golf" in page
    assert page.count("DCM62v2") >= 3, "two file names and a car"
    api.answers["analyses"] = listing(logs[0])
    api.asked.clear()
    assert "Golf" not in user.get("/logs?fragment=1").text
    assert "cars" not in {path for path, _ in api.asked}
