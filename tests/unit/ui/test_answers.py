"""The first screen of a report: the answers to what an owner asks first."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from faplog.contracts.limits import Severity
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail
from tests.unit.ui.test_findings import page
from ui import answers
from ui.answers import Answer

COMPLETE: dict[str, Any] = {
    "analysisId": LOG_ID,
    "start": "2025-03-14T07:58:10",
    "end": "2025-03-14T08:12:04",
    "outcome": "complete",
}


@pytest.mark.parametrize(
    ("verdict", "urgency", "said", "tint"),
    [
        ("good", None, "Yes", Severity.GOOD),
        ("watch", None, "Yes", Severity.GOOD),
        ("act", "plan", "Yes, for now", Severity.WATCH),
        ("act", "workshop_soon", "Yes, for now", Severity.WATCH),
        ("act", "workshop_gently", "Yes, but gently", Severity.WATCH),
        ("act", "stop_now", "No, stop safely", Severity.ACT),
        ("act", None, "Only with care", Severity.WATCH),
        ("act", "of a later release", "Only with care", Severity.WATCH),
        ("unknown", None, "This log does not say", Severity.UNKNOWN),
    ],
)
def test_may_i_drive_on(browser: FlaskClient, verdict: str, urgency: str | None, said: str, tint: Severity) -> None:
    with browser.application.test_request_context():
        answer = answers.may_drive(Severity(verdict), urgency)
    assert (answer.answer, answer.tint) == (said, tint)
    assert bool(answer.detail) == (verdict == "act")


def asked(browser: FlaskClient, log: dict[str, Any], **analysis: Any) -> Answer:
    with browser.application.test_request_context():
        return answers.last_regeneration({"id": LOG_ID} | log, analysis)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("complete", "Yes, it was completed"),
        ("aborted", "No, it was interrupted"),
        ("unknown", "The log does not show it"),
        ("of a later release", "The log does not show it"),
    ],
)
def test_did_the_last_one_finish(browser: FlaskClient, outcome: str, said: str) -> None:
    own = asked(browser, {"lastRegeneration": COMPLETE | {"outcome": outcome}})
    assert (own.answer, own.detail, own.log_id) == (said, "14 Mar 2025 at 07:58", None)
    elsewhere = asked(browser, {"lastRegeneration": COMPLETE | {"outcome": outcome, "analysisId": OTHER_ID}})
    assert (elsewhere.answer, elsewhere.log_id) == (said, OTHER_ID)


def test_a_regeneration_that_no_log_has(browser: FlaskClient) -> None:
    owner = asked(browser, {"lastRegeneration": None}, fap={"lastRegen_km": 320}, regens=[])
    assert owner.answer == "Not recorded"
    assert owner.detail == "It was 320\u202fkm before the end of this log. None of your logs has it."
    assert asked(browser, {"lastRegeneration": None}).detail == "None of your logs has it."


def test_a_reader_of_a_shared_report_learns_nothing_of_other_logs(browser: FlaskClient) -> None:
    reader = asked(browser, {}, fap={"lastRegen_km": 320}, regens=[])
    assert (reader.answer, reader.log_id) == ("Not recorded", None)
    assert reader.detail.endswith("This log does not have it.")
    assert asked(browser, {}, regens=[COMPLETE | {"outcome": "aborted"}]).answer == "No, it was interrupted"


def test_they_come_first_in_this_order_and_before_the_findings(user: FlaskClient, api: FakeApi) -> None:
    shown = page(user, api, ANALYSIS)
    places = [
        shown.index(words)
        for words in (
            "Keep an eye on it",
            "May I drive on? Yes",
            "When is the next regeneration? In about 640–760 km",
            "Did the last regeneration finish? Yes, it was completed",
            "Fuel in the oil",
            "Values and limits",
        )
    ]
    assert places == sorted(places)


def test_a_regeneration_in_another_log_links_to_it(user: FlaskClient, api: FakeApi) -> None:
    last = COMPLETE | {"analysisId": OTHER_ID, "outcome": "aborted"}
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"regens": []}) | {"lastRegeneration": last}
    assert f'<a href="/logs/{OTHER_ID}">14 Mar 2025 at 07:58</a>' in user.get(f"/logs/{LOG_ID}").text


@pytest.mark.parametrize(("language", "said"), [("fr", "Puis-je continuer à rouler"), ("pl", "Czy mogę jechać dalej")])
def test_in_other_languages(user: FlaskClient, api: FakeApi, language: str, said: str) -> None:
    assert said in page(user, api, ANALYSIS, language)


def test_a_regeneration_that_may_come_at_once(user: FlaskClient, api: FakeApi) -> None:
    analysis = ANALYSIS | {"nextRegen": {"low_km": 0.2, "high_km": 172, "basis": []}}
    assert "When is the next regeneration? Within about 172 km It needs" in page(user, api, analysis)
    assert "Not known" in page(user, api, ANALYSIS | {"nextRegen": None})


def test_in_miles(user: FlaskClient, api: FakeApi) -> None:
    user.set_cookie("faplog_units", "mi")
    assert "In about 398–472 mi" in page(user, api, ANALYSIS)
