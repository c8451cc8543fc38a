"""The page of a car: which car it shows, what it asks, its forecasts, its notes, and their marks on the trends."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import LOG_ID, FakeApi
from tests.unit.ui.test_pages import summary_answers, text
from ui import preferences

ONE = "3f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f01"
TWO = "3f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f02"
NOTE = "3f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f03"
FRENCH = {"Accept-Language": "fr"}
POLISH = {"Accept-Language": "pl"}


def car(car_id: str = ONE, **changes: Any) -> dict[str, Any]:
    """Return a car as the API lists it."""
    return {
        "id": car_id,
        "name": None,
        "profile": "DCM62v2",
        "guessed": False,
        "question": None,
        "createdAt": f"2025-03-1{car_id[-1]}T08:00:00.000Z",
        "logs": 4,
        "firstLog": None,
        "lastLog": None,
        "lastLogId": LOG_ID,
        "verdict": "good",
        "lifeKm": 61_200,
        "dueNotes": [],
    } | changes


def note(**changes: Any) -> dict[str, Any]:
    """Return a note as the API lists it."""
    return {
        "id": NOTE,
        "carId": ONE,
        "kind": "filter_replaced",
        "onDate": "2025-03-10",
        "km": 61000,
        "text": "",
        "done": True,
        "due": False,
        "createdAt": "2025-03-10T08:00:00.000Z",
    } | changes


def with_cars(api: FakeApi, *cars: dict[str, Any], notes: tuple[dict[str, Any], ...] = ()) -> None:
    """Let the API have these cars; the first one has these notes."""
    api.answers |= summary_answers() | {"cars": {"data": list(cars)}}
    api.answers |= {f"cars/{one['id']}/notes": {"data": []} for one in cars}
    api.answers |= {f"cars/{cars[0]['id']}/notes": {"data": list(notes)}}


def forecast(**changes: Any) -> dict[str, Any]:
    """Return a forecast of the additive."""
    return {
        "code": "additive_remaining",
        "value": 840,
        "unit": "ml",
        "per_1000km": -80.0,
        "per_1000km_low": -90.0,
        "per_1000km_high": -70.0,
        "count": 20,
        "km": 4000,
        "from": "2025-01-01",
        "to": "2025-03-14",
        "basis": "all_logs",
        "since": None,
        "watch": reach(300, 6012, 7740, "2027-03-02", "2027-05-30"),
        "act": reach(100, 8231, 10_570, "2027-09-02", "2027-11-20"),
        "text": "The API's own words",
    } | changes


def reach(limit: float, low: int, high: int | None, first: str | None, last: str | None) -> dict[str, Any]:
    """Return when a limit is reached."""
    return {"limit": limit, "km_low": low, "km_high": high, "date_low": first, "date_high": last}


def foresee(api: FakeApi, **of: Any) -> None:
    """Let the average have these forecasts."""
    empty = {"additive": None, "ash": None, "oil_dilution": None, "restriction": None}
    api.answers["average"]["average"]["forecast"] = empty | of


def plots(page: str) -> list[dict[str, Any]]:
    """Return the trends that the page carries for its script."""
    found = re.search(r'id="trend-data">(.*?)</script>', page, re.DOTALL)
    assert found
    profiles: list[list[dict[str, Any]]] = json.loads(found[1])
    return profiles[0]


def test_one_car_needs_no_picker(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(guessed=True))
    page = user.get("/summary").text
    assert "data-cars" not in page
    assert "data-guessed" not in page, "with one car there is nothing to confirm"
    assert 'href="/summary?year=2025"' in page


def test_an_api_without_cars_has_the_summary_of_before(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= summary_answers()
    page = user.get("/summary")
    assert page.status_code == 200
    assert 'id="notes"' not in page.text
    assert "688" in page.text


def test_the_car_of_the_newest_log_comes_first(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(TWO), car(ONE, name="Berlingo"))
    page = user.get("/summary").text
    assert f'href="/summary?car={TWO}" aria-current="page"' in page
    assert f'href="/summary?car={ONE}">' in page
    assert "Berlingo" in page


def test_every_request_names_the_car(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(TWO), car(ONE))
    page = user.get(f"/summary?car={ONE}&year=2025&month=3").text
    assert ("average", {"type": "MONTHLY", "year": "2025", "month": "3", "car": ONE}) in api.asked
    assert ("average/available", {"car": ONE}) in api.asked
    assert f"cars/{ONE}/notes" in [path for path, _ in api.asked]
    assert f'href="/summary?year=2025&amp;car={ONE}"' in page, "a period is of the same car"


def test_cars_alike_are_numbered_by_age_unless_they_have_a_name(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(TWO), car(ONE))
    shown = text(user.get("/summary"))
    assert "DCM62v2, no. 2 DCM62v2, no. 1" in shown.replace("\xa0", " ")
    with_cars(api, car(TWO, name="Blue"), car(ONE))
    assert "no." not in text(user.get("/summary"))


def test_a_car_that_is_gone_says_so(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(ONE))
    response = user.get(f"/summary?car={TWO}")
    assert response.status_code == 400
    assert "This car is not in your account" in response.text
    assert "ask for a share link" in response.text
    assert user.get("/summary?car=nonsense").status_code == 200


def test_a_guessed_car_waits_for_confirmation(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(TWO, guessed=True), car(ONE))
    page = user.get("/summary").text
    assert f'data-guessed="{TWO}"' in page
    assert "data-confirm-car" in page
    assert "data-guessed" not in user.get(f"/summary?car={ONE}").text


QUESTION = {"otherCar": ONE, "counter": "life", "before": 123_456, "after": 15, "onDate": "2025-03-14"}


@pytest.mark.parametrize("shown", [ONE, TWO])
def test_the_question_is_asked_on_the_pages_of_both_cars(user: FlaskClient, api: FakeApi, shown: str) -> None:
    with_cars(api, car(TWO, guessed=True, question=QUESTION), car(ONE, name="Berlingo"))
    response = user.get(f"/summary?car={shown}")
    assert f'data-question="{TWO}"' in response.text
    assert "data-guessed" not in response.text, "the answer confirms the car as well"
    said = text(response)
    assert "Another car, or a new filter?" in said
    assert "fell from 123,456 km to 15 km" in said
    assert "still Berlingo after maintenance" in said
    offered = re.search(r'id="answer-kind">(.*?)</select>', response.text)
    assert offered
    assert re.findall(r'value="(\w+)"', offered[1]) == ["filter_replaced", "filter_cleaned", "software"]


def test_the_question_about_the_additive_offers_its_maintenance(user: FlaskClient, api: FakeApi) -> None:
    asked = QUESTION | {"counter": "additive", "before": 2100, "after": 300}
    with_cars(api, car(TWO, question=asked), car(ONE))
    response = user.get("/summary")
    assert "Another car, or additive refilled?" in response.text
    assert "fell from 2,100 mL to 300 mL" in text(response)
    offered = re.search(r'id="answer-kind">(.*?)</select>', response.text)
    assert offered
    assert re.findall(r'value="(\w+)"', offered[1]) == ["additive_refilled", "software"]


@pytest.mark.parametrize(
    ("verdict", "urgency", "said"),
    [
        ("good", None, "May I drive on? Yes"),
        ("act", "stop_now", "May I drive on? No, stop safely"),
        ("unknown", None, "May I drive on? Your logs do not say"),
    ],
)
def test_the_state_comes_first(user: FlaskClient, api: FakeApi, verdict: str, urgency: str | None, said: str) -> None:
    with_cars(api, car())
    api.answers["average"]["average"]["health"] = {"verdict": verdict, "urgency": urgency, "findings": []}
    shown = text(user.get("/summary"))
    assert said in shown
    assert "Did the last regeneration finish? Yes, it was completed 14 Mar 2025" in shown
    assert shown.index("May I drive on?") < shown.index("Averages")
    assert "May I drive on?" not in text(user.get("/summary?year=2025")), "a year of the past is not now"


def test_the_state_says_whether_the_filter_is_getting_worse(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car())
    assert "Is the filter getting worse? Not known The averages do not show it yet." in text(user.get("/summary"))
    api.answers["average"]["average"]["course"] = {
        "direction": "worse",
        "changes": [{"figure": "restriction", "direction": "worse", "count": 9, "change_perc": 25}],
    }
    shown = text(user.get("/summary")).replace("\u202f", " ")
    assert "Is the filter getting worse? Yes restriction +25 % over 9 logs" in shown
    assert shown.index("Did the last regeneration finish?") < shown.index("Is the filter getting worse?")


def test_without_a_regeneration_the_state_says_so(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car())
    api.answers["average"]["average"]["trends"] = {}
    assert "Not recorded It is in none of your logs." in text(user.get("/summary"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "100 mL in about 8,200–11,000 km, autumn 2027"),
        ({"act": reach(100, 8231, 8249, "2027-12-02", "2028-02-20")}, "100 mL in about 8,200 km, winter 2027/28"),
        ({"act": reach(100, 823, 1049, "2027-03-02", "2027-03-20")}, "100 mL in about 820–1,000 km, March 2027"),
        ({"act": reach(100, 8231, 9249, "2027-05-02", "2027-08-20")}, "km, May 2027 – August 2027"),
        ({"act": reach(100, 8231, 9249, None, None)}, "100 mL in about 8,200–9,200 km 300 mL"),
        ({"act": reach(100, 8231, None, "2027-05-02", None)}, "100 mL in 8,200 km at the earliest, from May 2027 on"),
        ({"act": reach(100, 0, 0, None, None), "watch": reach(300, 0, 0, None, None)}, "100 mL has been reached"),
        ({"act": None, "watch": None}, "No limit in sight"),
        ({"act": None}, "300 mL in about 6,000–7,700 km, spring 2027"),
        ({"since": "2025-02-01"}, "judged since 1 Feb 2025"),
    ],
)
def test_forecasts_are_sentences(user: FlaskClient, api: FakeApi, changes: dict[str, Any], said: str) -> None:
    with_cars(api, car())
    foresee(api, additive=forecast(**changes))
    shown = text(user.get("/summary"))
    assert said in shown
    assert "now 840 mL" in shown
    assert "own words" not in shown


def test_forecasts_in_miles(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car())
    foresee(api, additive=forecast())
    user.set_cookie(preferences.COOKIES["units"], preferences.Units.IMPERIAL)
    assert "100 mL in about 5,100–6,600 mi" in text(user.get("/summary"))


def test_forecasts_speak_french_and_polish(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car())
    foresee(api, additive=forecast())
    assert "automne 2027" in text(user.get("/summary", headers=FRENCH))
    assert "jesień 2027" in text(user.get("/summary", headers=POLISH))


def test_forecasts_that_cannot_be_made(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car())
    assert 'id="forecasts"' not in user.get("/summary").text, "an average of an earlier release has none"
    foresee(api)
    assert "not enough logs yet" in user.get("/summary").text
    foresee(api, ash=forecast(code="of_a_later_release"), additive=forecast())
    shown = user.get("/summary").text
    assert shown.count('class="forecast is-') == 1
    assert 'id="forecasts"' not in user.get("/summary?year=2025").text


def test_notes_are_listed_with_what_can_be_done(user: FlaskClient, api: FakeApi) -> None:
    reminder = note(id=TWO, kind="oil_changed", onDate=None, km=70_000, done=False, text='<i>"5W30"</i>')
    with_cars(api, car(), notes=(note(), reminder))
    response = user.get("/summary")
    assert "<i>" not in response.text
    assert f'data-note="{NOTE}" data-kind="filter_replaced" data-on-date="2025-03-10" data-km="61000"' in response.text
    shown = text(response)
    assert "10 Mar 2025 · 61,000 km Filter replaced Compare Edit Delete" in shown
    assert "70,000 km Oil changed reminder" in shown
    assert response.text.count("data-note-done") == 1


def test_a_note_of_a_later_release_is_shown_as_it_is(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(), notes=(note(kind="wheels"),))
    assert "wheels" in text(user.get("/summary"))


def test_due_reminders_are_before_the_figures(user: FlaskClient, api: FakeApi) -> None:
    due = note(kind="oil_changed", onDate="2025-03-01", km=None, done=False, due=True)
    with_cars(api, car(dueNotes=[due]), notes=(due,))
    response = user.get("/summary")
    assert f'data-due="{NOTE}"' in response.text
    shown = text(response)
    assert shown.index("Reminder: Oil changed, 1 Mar 2025") < shown.index("Averages")
    assert "Oil changed due" in shown
    api.status["average"] = 404
    assert f'data-due="{NOTE}"' in user.get("/summary").text, "also without a log"


def test_trends_carry_limits_and_notes(user: FlaskClient, api: FakeApi) -> None:
    reminder = note(id=TWO, onDate="2035-03-10", done=False)
    with_cars(api, car(), notes=(reminder, note(), note(kind="oil_changed", onDate="2025-02-01")))
    by_key = {one["key"]: one for one in plots(user.get("/summary").text)}
    assert by_key["kv"]["limits"] == [{"at": 0.5, "severity": "watch"}, {"at": 1.0, "severity": "act"}]
    assert by_key["kv"]["notes"] == [
        {"date": "2025-02-01", "name": "Oil changed", "resets": False},
        {"date": "2025-03-10", "name": "Filter replaced", "resets": True},
    ]
    assert by_key["l100km"]["limits"] == []
    user.set_cookie(preferences.COOKIES["units"], preferences.Units.IMPERIAL)
    by_key = {one["key"]: one for one in plots(user.get("/summary").text)}
    assert [round(one["at"]) for one in by_key["interval_km"]["limits"]] == [186, 93], "in the reader's units"


def regeneration(start: str = "2025-03-14T07:58:10", **changes: Any) -> dict[str, Any]:
    """Return a regeneration as the API lists it."""
    return {
        "logs": [LOG_ID],
        "start": start,
        "end": start,
        "outcome": "complete",
        "durationSec": 834,
        "tempMaxC": 642,
        "intervalKm": 702,
        "filterKm": 61_010,
        "service": False,
    } | changes


def section(page: str, name: str) -> str:
    """Return the text of a section of the page."""
    found = re.search(rf'<section [^>]*id="{name}".*?</section>', page, re.DOTALL)
    assert found, name
    shown = re.sub(r"<[^>]+>", " ", found[0])
    return " ".join(shown.replace("\u202f", " ").replace("&#39;", "'").split())


def with_history(api: FakeApi, *regenerations: dict[str, Any], notes: tuple[dict[str, Any], ...] = ()) -> None:
    with_cars(api, car(), notes=notes)
    api.answers[f"cars/{ONE}/regenerations"] = {"data": list(regenerations)}


def test_the_timeline_puts_everything_in_one_order(user: FlaskClient, api: FakeApi) -> None:
    with_history(
        api,
        regeneration("2025-03-14T07:58:10"),
        regeneration("2025-02-02T07:58:10", outcome="aborted", filterKm=None, durationSec=None, tempMaxC=None),
        notes=(
            note(text="Garage Martin"),
            note(kind="additive_refilled", onDate="2025-02-02", km=None, createdAt="2025-01-05T08:00:00.000Z"),
            note(kind="oil_changed", onDate="2026-01-01", done=False),
        ),
    )
    foresee(api, ash=forecast(code="ash_share", basis="since_reset", since="2025-01-03", unit="%"))
    shown = section(user.get("/summary").text, "timeline")
    words = [
        "14 Mar 2025 · 61,010 km Regeneration complete 14 min · up to 642 °C",
        "10 Mar 2025 · 61,000 km Filter replaced Garage Martin Starts over from here: Filter restriction, Ash in the",
        "2 Feb 2025 Additive refilled reminder, done Starts over from here: Additive left",
        "2 Feb 2025 Regeneration interrupted",
        "3 Jan 2025 Reset seen in the logs Starts over from here: Ash in the filter",
    ]
    assert [one for one in words if one not in shown] == [], shown
    places = [shown.index(one) for one in words]
    assert places == sorted(places)
    assert "Oil changed" not in shown, "what is not done has not happened"
    assert 'id="timeline"' not in user.get("/summary?year=2025").text


def test_a_note_of_today_is_no_reminder_where_the_day_has_begun(user: FlaskClient, api: FakeApi) -> None:
    with_history(api, notes=(note(onDate="2025-03-11", createdAt="2025-03-10T12:00:00.000Z"),))
    assert "reminder, done" not in section(user.get("/summary").text, "timeline")


def test_a_regeneration_in_two_logs_names_both(user: FlaskClient, api: FakeApi) -> None:
    with_history(api, regeneration(logs=[TWO, LOG_ID], service=True))
    page = user.get("/summary").text
    assert "in a workshop · in 2 logs · where it began" in section(page, "timeline")
    assert f'href="/logs/{TWO}"' in page
    assert "14 Mar 2025 in 2 logs 61,010 702 km 14 min 642 °C complete in a workshop" in section(page, "regenerations")


def test_regenerations_of_a_period_and_none(user: FlaskClient, api: FakeApi) -> None:
    with_history(api, regeneration(durationSec=None, intervalKm=None, filterKm=None, tempMaxC=None, outcome="unknown"))
    assert "14 Mar 2025 – – – – unknown" in section(user.get("/summary?year=2025&month=2").text, "regenerations")
    asked = [query for path, query in api.asked if path.endswith("/regenerations")]
    assert asked == [{"limit": "60", "dateFrom": "2025-02-01", "dateTo": "2025-02-28"}]
    with_history(api)
    page = user.get("/summary").text
    assert "None of your logs has a regeneration yet." in section(page, "regenerations")
    assert "Nothing yet. Regenerations appear here" in section(page, "timeline")
    year = user.get("/summary?year=2025").text
    assert "None of the logs of this period has a regeneration." in section(year, "regenerations")
    del api.answers[f"cars/{ONE}/regenerations"]
    shown = section(user.get("/summary").text, "regenerations")
    assert "14 Mar 2025 – 688 km – – complete" in shown, "an API of the release before: what the trends know"


def test_a_long_timeline_is_folded(user: FlaskClient, api: FakeApi) -> None:
    many = [regeneration(f"2024-{1 + at // 28:02}-{1 + at % 28:02}T08:00:00") for at in range(130)]
    with_history(api, *many)
    page = user.get("/summary").text
    assert page.count('<li>\n  <div class="car-note-text">') == 100
    assert "88 earlier entries" in section(page, "timeline")


def test_regenerations_in_miles_and_in_other_languages(user: FlaskClient, api: FakeApi) -> None:
    with_history(api, regeneration())
    user.set_cookie(preferences.COOKIES["units"], preferences.Units.IMPERIAL)
    assert "37,910 436 mi" in section(user.get("/summary").text, "regenerations")
    user.delete_cookie(preferences.COOKIES["units"])
    assert "complète" in section(user.get("/summary", headers=FRENCH).text, "timeline")
    assert "do 642 °C" in section(user.get("/summary", headers=POLISH).text, "timeline")
