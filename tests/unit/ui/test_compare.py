"""What changed most: between two logs, and around a note of a car; and what cannot be compared."""

from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from faplog.contracts.comparison import COMPARED, Judgement
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail, item, listing
from tests.unit.ui.test_pages import text
from ui import catalogs, changes
from ui.preferences import LANGUAGES

CAR: Final = "c0ffee00-7a43-4c0e-9b60-0a6f0a3c2f11"
NOTE: Final = "a07e0000-7a43-4c0e-9b60-0a6f0a3c2f11"
REMINDER: Final = "a07e0000-7a43-4c0e-9b60-0a6f0a3c2f22"
AROUND: Final = f"/compare?car={CAR}&note={NOTE}"
LOGS: Final = f"/compare?a={LOG_ID}&b={OTHER_ID}"


def figure(key: str, before: float | None, after: float | None, judgement: str, **more: Any) -> dict[str, Any]:
    """Return a figure of a comparison."""
    change = None if before is None or after is None else after - before
    unit = COMPARED[key].unit if key in COMPARED else "bar"
    return {
        "key": key, "unit": unit, "value": "average", "before": before, "after": after, "change": change,
        "better": "lower", "judgement": judgement, "size": 3.0, "scatter": 1.0,
    } | more  # fmt: skip


def comparison(before: int = 12, after: int = 8, *, enough: bool = True) -> dict[str, Any]:
    """Return a comparison as the API answers it."""
    sides = {
        name: {
            "logs": logs, "distance_km": 812.4 if logs else None, "profile": "DCM62v2",
            "from": "2025-01-03" if logs else None, "to": "2025-03-09" if logs else None,
        }
        for name, logs in (("before", before), ("after", after))
    }  # fmt: skip
    listed = [
        figure("fap.pressure_idle.avg_mbar", 30.2, 12.1, "better"),
        figure("fuelConsumption.overall.avg_l100km", 6.1, 6.9, "worse"),
        figure("driving.speed.avg_kmh", 40, 52, "neither"),
        figure("oilDilution_perc", 3, 3, "similar"),
        figure("something.of.a.later.release", 1.25, 2.5, "splendid"),
        figure("fapRegen.duration_sec", 900, None, "neither"),
    ]
    return sides | {"kind": "filter_cleaned", "date": "2025-03-10", "enough": enough, "figures": listed}


@pytest.fixture
def around(api: FakeApi) -> FakeApi:
    """Return an API with a car, a note and a reminder."""
    car = {"id": CAR, "name": "Blue one", "profile": "DCM62v2", "createdAt": "2025-01-01T00:00:00.000Z"}
    note = {
        "id": NOTE,
        "carId": CAR,
        "kind": "filter_cleaned",
        "onDate": "2025-03-10",
        "km": None,
        "text": "",
        "done": True,
    }
    reminder = note | {"id": REMINDER, "done": False, "km": 90_000, "onDate": None}
    api.answers |= {
        "cars": {"data": [car]},
        f"cars/{CAR}/notes": {"data": [note, reminder]},
        f"cars/{CAR}/comparison": comparison(),
    }
    return api


def test_a_car_before_and_after_work(user: FlaskClient, around: FakeApi) -> None:
    shown = text(user.get(AROUND))
    assert (f"cars/{CAR}/comparison", {"note": NOTE}) in around.asked
    assert "Blue one" in shown
    assert "Filter cleaned" in shown
    assert "12 logs · 812 km · 3 Jan 2025 – 9 Mar 2025" in shown
    assert "1 value is better, 1 value is worse." in shown
    rows = ["Back pressure at idle, average mbar 30.2 12.1 −18.1 better", "Fuel economy L/100 km 6.10 6.90 +0.80 worse"]
    rows += ["Speed, average km/h 40 52 +12 – no judgement", "Fuel in the oil % 3 3 0 about the same"]
    rows += ["something.of.a.later.release bar 1.25 2.50 +1.25", "Regeneration time, average 15 min – – – no judgement"]
    places = [" ".join(shown.split()).find(row) for row in rows]
    assert places == sorted(places)
    assert places[0] > 0


@pytest.mark.parametrize(
    ("before", "after", "said", "table"),
    [
        (0, 4, "no logs from before this work", False),
        (4, 0, "no logs from after this work yet", False),
        (4, 2, "Too few logs to tell better from worse: it takes 3 before the work and 3 after it.", True),
        (4, 4, "", True),
    ],
)
def test_too_few_logs_are_said(
    user: FlaskClient, around: FakeApi, before: int, after: int, said: str, table: bool
) -> None:
    around.answers[f"cars/{CAR}/comparison"] = comparison(before, after, enough=not said)
    page = user.get(AROUND)
    assert said in text(page)
    assert ("data-few" in page.text) is bool(said)
    assert ("What changed most" in page.text) is table
    assert ("value is better" in page.text) is (not said)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/compare?car={CAR}&note={REMINDER}", "is not done yet"),
        (f"/compare?car={CAR}&note={LOG_ID}", "note"),
        (f"/compare?car={CAR}&note=rubbish", "note"),
        (f"/compare?car={LOG_ID}&note={NOTE}", "car"),
        (f"/compare?note={NOTE}", "car"),
    ],
)
def test_what_is_not_there_gets_a_sentence(user: FlaskClient, around: FakeApi, path: str, said: str) -> None:
    page = user.get(path)
    assert page.status_code == 400
    assert said in text(page)
    assert "Compare before and after" in text(page)
    assert not [asked for asked, _ in around.asked if asked.endswith("comparison")]


def test_a_server_that_does_not_compare_says_so(user: FlaskClient, around: FakeApi) -> None:
    del around.answers[f"cars/{CAR}/comparison"]
    assert "This server cannot say what changed most." in text(user.get(AROUND))


def test_two_logs_say_what_changed_most(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {
        "analyses": listing(item(), item(OTHER_ID)),
        f"analyses/{LOG_ID}": detail(ANALYSIS),
        f"analyses/{OTHER_ID}": detail(ANALYSIS, id=OTHER_ID),
        "comparison": comparison(1, 1),
    }
    shown = text(user.get(LOGS))
    assert ("comparison", {"before": LOG_ID, "after": OTHER_ID}) in api.asked
    assert shown.index("What changed most") < shown.index("Overlay") < shown.index("Values")
    assert "30.2 12.1 −18.1 better" in shown


def test_the_rest_of_the_page_does_not_need_the_comparison(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {
        "analyses": listing(item(), item(OTHER_ID)),
        f"analyses/{LOG_ID}": detail(ANALYSIS),
        f"analyses/{OTHER_ID}": detail(ANALYSIS, id=OTHER_ID),
    }
    shown = text(user.get(LOGS))
    assert "This server cannot say what changed most." in shown
    assert "Overlay" in shown
    api.status["comparison"] = 503
    assert "data-pending" in user.get(LOGS).text  # the browser asks again, with more patience
    shown = text(user.get(LOGS + "&fragment=1"))
    assert "Overlay" in shown
    assert "What changed most" in shown


def test_the_same_log_twice_gets_a_sentence(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= {"analyses": listing(item(), item(OTHER_ID)), f"analyses/{LOG_ID}": detail(ANALYSIS)}
    page = user.get(f"/compare?a={LOG_ID}&b={LOG_ID}")
    assert page.status_code == 200
    assert "Please choose two different logs." in text(page)
    assert "comparison" not in [asked for asked, _ in api.asked]


def test_work_that_is_done_is_offered(user: FlaskClient, around: FakeApi) -> None:
    around.answers["analyses"] = listing(item(), item(OTHER_ID))
    page = user.get("/compare")
    assert f"/compare?car={CAR}&amp;note={NOTE}" in page.text
    assert REMINDER not in page.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_a_name_and_every_judgement_a_word(user: FlaskClient, around: FakeApi, language: str) -> None:
    assert changes.NAMES.keys() == COMPARED.keys()
    catalog = None if language == "en" else catalogs.catalog(language)
    user.post("/preferences", data={"language": language})
    shown = text(user.get(AROUND))
    for word in ("better", "worse"):
        told = word if catalog is None else catalog.get(word, context="what changed").string  # type: ignore[union-attr]
        assert str(told) in shown
    assert set(changes.TINTS) == set(Judgement) - {Judgement.NEITHER}


def test_in_miles_per_gallon_the_word_stays(user: FlaskClient, around: FakeApi) -> None:
    user.post("/preferences", data={"units": "mi"})
    shown = text(user.get(AROUND))
    assert "Fuel economy mpg 46.31 40.94 −5.37 worse" in shown
    assert "12 logs · 505 mi" in shown.replace("\u202f", " ")
