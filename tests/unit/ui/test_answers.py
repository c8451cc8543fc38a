"""The first screen of a report: the answers to what an owner asks first."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from faplog.contracts.limits import Severity
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail
from tests.unit.ui.test_findings import page, text_of
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
    assert owner.detail == "It was 320\u202fkm before the end of this log. It is in none of your logs."
    assert asked(browser, {"lastRegeneration": None}).detail == "It is in none of your logs."


def test_a_reader_of_a_shared_report_learns_nothing_of_other_logs(browser: FlaskClient) -> None:
    reader = asked(browser, {}, fap={"lastRegen_km": 320}, regens=[])
    assert (reader.answer, reader.log_id) == ("Not recorded", None)
    assert reader.detail.endswith("It is not in this log.")
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
            "Is the filter getting worse? Not known One log does not show it.",
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


def change(figure: str, direction: str, by: int | None, count: int = 12) -> dict[str, Any]:
    """Return a change of a figure, as an average has it."""
    return {"figure": figure, "direction": direction, "count": count, "change_perc": by}


STEADY = [change("restriction", "steady", 3), change("soot_rate", "steady", -4, 20), change("ash", "steady", 2)]


@pytest.mark.parametrize(
    ("course", "said", "tint", "detail"),
    [
        (
            {"direction": "worse", "changes": [change("restriction", "worse", 34), *STEADY[1:]]},
            "Yes",
            Severity.WATCH,
            "restriction +34 % over 12 logs",
        ),
        (
            {"direction": "worse", "changes": [change("regen_interval", "worse", -41), change("ash", "worse", 3)]},
            "Yes",
            Severity.WATCH,
            "distance between regenerations −41 % over 12 logs; ash load near its limit, over 12 logs",
        ),
        (
            {"direction": "worse", "changes": [change("restriction", "worse", None, 3)]},
            "Yes",
            Severity.WATCH,
            "restriction",
        ),
        (
            {"direction": "steady", "changes": STEADY},
            "No",
            Severity.GOOD,
            "No lasting change over 20 logs: restriction, soot build-up.",
        ),
        (
            {"direction": "better", "changes": [change("idle_pressure", "better", -30)]},
            "No, it has got better",
            Severity.GOOD,
            "back pressure at idle −30 % over 12 logs",
        ),
        (
            {"direction": "unknown", "changes": [change("ash", "steady", 2)]},
            "Too few logs to say",
            Severity.UNKNOWN,
            "This needs five logs with the same value since the last work on the filter.",
        ),
        ({"direction": "of a later release", "changes": []}, "Too few logs to say", Severity.UNKNOWN, "This needs"),
        (
            {"direction": "worse", "changes": [change("of a later release", "worse", 3)]},
            "Yes",
            Severity.WATCH,
            "",
        ),
        (None, "Not known", Severity.UNKNOWN, "No logs."),
    ],
)
def test_is_the_filter_getting_worse(
    browser: FlaskClient, course: dict[str, Any] | None, said: str, tint: Severity, detail: str
) -> None:
    with browser.application.test_request_context():
        answer = answers.filter_course(course, "No logs.")
    assert (answer.question, answer.answer, answer.tint) == ("Is the filter getting worse?", said, tint)
    assert answer.detail.replace("\u202f", " ").startswith(detail)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Le filtre se dégrade-t-il ? Oui résistance +34 % sur 12 relevés"),
        ("pl", "Czy stan filtra się pogarsza? Tak opór +34 % w 12 logach"),
    ],
)
def test_a_log_says_it_in_other_languages(user: FlaskClient, api: FakeApi, language: str, said: str) -> None:
    course = {"direction": "worse", "changes": [change("restriction", "worse", 34)]}
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS, filterCourse=course)
    shown = text_of(user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language}).text)
    assert said in shown.replace("\u202f", " ").replace("\xa0", " ")


def test_a_shared_report_answers_from_its_log_alone(user: FlaskClient, api: FakeApi) -> None:
    token = "A" * 43
    api.answers[f"shared/{token}"] = detail(ANALYSIS, expiresAt="2025-06-01T00:00:00.000Z")
    shown = text_of(user.get(f"/shared/{token}?fragment=1").text)
    assert "Is the filter getting worse? Not known One log does not show it." in shown
