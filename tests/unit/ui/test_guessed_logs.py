"""Logs whose car was guessed: asked about on their report, marked in the history, counted on the page of the car."""

import re

from flask.testing import FlaskClient

from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, FakeApi, detail, item, listing
from tests.unit.ui.test_cars import FRENCH, ONE, POLISH, TWO, car, with_cars
from tests.unit.ui.test_findings import text_of

CARS = {"data": [car(ONE, name="Berlingo"), car(TWO, name="C5")]}


def test_the_report_asks_which_car_it_is(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {f"analyses/{LOG_ID}": detail(ANALYSIS, carId=TWO, carGuessed=True), "cars": CARS}
    page = user.get(f"/logs/{LOG_ID}").text
    assert "Which car is this log from? It has no counters" in text_of(page)
    assert "It was put with C5" in text_of(page)
    assert f'data-log-car="{LOG_ID}"' in page
    assert re.findall(r'<option value="([^"]+)"( selected)?>(?:Berlingo|C5)<', page) == [(ONE, ""), (TWO, " selected")]
    for headers, said in ((FRENCH, "De quelle voiture est ce relevé"), (POLISH, "Z którego samochodu jest ten log?")):
        assert said in text_of(user.get(f"/logs/{LOG_ID}", headers=headers).text)


def test_a_log_whose_car_is_known_asks_nothing_and_names_it(user: FlaskClient, api: FakeApi) -> None:
    """So does its print: the control unit alone does not tell two cars apart."""
    api.answers |= {f"analyses/{LOG_ID}": detail(ANALYSIS, carId=TWO, carGuessed=False), "cars": CARS}
    page = user.get(f"/logs/{LOG_ID}").text
    assert "data-log-car" not in page
    assert f'<a class="name" href="/summary?car={TWO}">C5</a> · {ANALYSIS["quality"]["profile"]}' in page
    api.answers["cars"] = {"data": [car(ONE), car(TWO)]}
    assert re.search(rf'href="/summary\?car={TWO}">[^<]+, no. \d</a></span>', user.get(f"/logs/{LOG_ID}").text)


def test_the_only_car_needs_no_name(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {f"analyses/{LOG_ID}": detail(ANALYSIS, carId=TWO), "cars": {"data": [car(TWO)]}}
    page = user.get(f"/logs/{LOG_ID}").text
    assert "data-car>" not in page
    assert ANALYSIS["quality"]["profile"] in page


def test_a_car_that_went_meanwhile_asks_nothing(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {f"analyses/{LOG_ID}": detail(ANALYSIS, carId=LOG_ID, carGuessed=True), "cars": CARS}
    page = user.get(f"/logs/{LOG_ID}")
    assert page.status_code == 200
    assert "data-log-car" not in page.text


def test_the_history_marks_and_finds_them(user: FlaskClient, api: FakeApi) -> None:
    guessed = item(carId=ONE, carGuessed=True)
    api.answers |= {"analyses": listing(guessed, item("0" * 8 + LOG_ID[8:], carId=TWO)), "cars": CARS}
    page = user.get("/logs").text
    assert text_of(page).count("Berlingo · guessed") == 1
    assert 'value="guessed"' not in page, "offered by the page of the car"
    asked = user.get(f"/logs?show=guessed&car={ONE}").text
    assert 'value="guessed" selected' in asked
    query = [query for path, query in api.asked if path == "analyses"][-1]
    assert {"carGuessed": "true", "superseded": "false", "car": ONE}.items() <= query.items()


def test_the_page_of_the_car_counts_them(user: FlaskClient, api: FakeApi) -> None:
    with_cars(api, car(guessedLogs=2), car(TWO))
    page = user.get("/summary").text
    assert "2 logs here have no counters, so their car was guessed. Check them" in text_of(page)
    assert f'href="/logs?show=guessed&amp;car={ONE}"' in page
    with_cars(api, car(guessedLogs=0), car(TWO))
    assert "data-guessed-logs" not in user.get("/summary").text
