"""What is worth telling, and what a message says: in three languages, the worst first, never more than three."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from faplog.contracts import catalogue, notices
from faplog.contracts.catalogue import Urgency
from faplog.contracts.limits import Code
from faplog.words import LANGUAGES, number, translated
from functions.api.notifications import content, deliver, outbox
from functions.api.notifications.content import Facts, of_event, of_test
from functions.api.notifications.events import EVENT, AverageAct, Due, LogAct, RegensInterrupted
from functions.api.notifications.worth_telling import of_average, of_log
from ui import messages
from ui.preferences import LANGUAGES as LANGUAGES_OF_PAGES

ID = UUID("11111111-2222-4333-8444-555555555555")
KEY = UUID("aaaaaaaa-2222-4333-8444-555555555555")
URL = "https://faplog.example/"


def finding(code: str = "max_pressure", value: float = 420.0, severity: str = "act", **more: Any) -> dict[str, Any]:
    known = {"code": code, "severity": severity, "value": value, "unit": "mbar", "text": "English.", "advice": "Do."}
    return known | {"urgency": "workshop_gently" if severity == "act" else None} | more


def analysis(*found: dict[str, Any], verdict: str = "act") -> dict[str, Any]:
    return {"health": {"verdict": verdict, "findings": list(found)}}


def facts(*found: dict[str, Any]) -> Facts:
    return Facts(analysis(*found)["health"], datetime(2025, 2, 3, tzinfo=UTC))


@pytest.mark.parametrize("before", [None, "unknown", "good", "watch"])
def test_a_log_that_became_act_is_told(before: str | None) -> None:
    [event] = of_log(ID, before, analysis(finding(), finding("oil_max", severity="watch")))
    assert event == LogAct(analysis_id=ID, codes=("max_pressure",))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("act", analysis(finding())),
        ("good", analysis(finding(severity="watch"), verdict="watch")),
        ("good", None),
        (None, {}),
        (None, {"health": None}),
        (None, {"health": {"verdict": "good", "findings": None}}),
    ],
)
def test_a_log_that_did_not_become_act_is_not(before: str | None, now: dict[str, Any] | None) -> None:
    assert of_log(ID, before, now) == []


def test_a_malformed_verdict_is_still_told() -> None:
    strange = {
        "health": {"verdict": "act", "findings": [None, 3, {}, {"code": "of a later release", "severity": "act"}]}
    }
    assert of_log(ID, None, strange) == [LogAct(analysis_id=ID, codes=())]


def test_an_average_that_became_act() -> None:
    bad, good = analysis(finding()), analysis(verdict="good")
    assert of_average(7, None, bad) == of_average(7, good, bad) == [AverageAct(generation=7, codes=("max_pressure",))]
    assert of_average(7, bad, bad) == of_average(7, bad, good) == of_average(7, good, None) == []


def test_interrupted_regenerations_are_an_event_of_their_own() -> None:
    aborted = finding("regens_aborted", 3)
    told = RegensInterrupted(generation=7)
    assert of_average(7, None, analysis(aborted)) == [told]
    assert of_average(7, None, analysis(finding(), aborted)) == [
        AverageAct(generation=7, codes=("max_pressure", "regens_aborted")),
        told,
    ]
    assert of_average(7, analysis(finding()), analysis(finding(), aborted)) == [told]
    assert of_average(7, analysis(aborted), analysis(aborted)) == []
    fewer = analysis(finding("regens_aborted", 2, "watch"), verdict="watch")
    assert of_average(7, fewer, fewer) == []


@pytest.mark.parametrize(
    "event",
    [
        LogAct(analysis_id=ID, codes=("oil_max",)),
        AverageAct(generation=3, codes=("oil_max",)),
        RegensInterrupted(generation=3),
        Due(about="reminder", id="note-1", title="Oil change", due_on=date(2026, 3, 1), due_km=120_000),
    ],
)
def test_an_event_survives_the_outbox(event: Any) -> None:
    assert EVENT.validate_python(json.loads(event.model_dump_json())) == event
    assert len(event.key) <= 200
    with pytest.raises(ValidationError):
        event.kind = "other"


def test_the_message_of_a_log() -> None:
    said = of_event(
        LogAct(analysis_id=ID),
        facts(finding(), finding("coolant_max", 112, urgency="stop_now"), finding("oil_max", 90, "good")),
        "en",
        URL,
    )
    assert said.title == "Your log of 2025-02-03 needs attention"
    assert said.link == f"https://faplog.example/logs/{ID}"
    assert said.urgency is Urgency.STOP_NOW
    assert said.paragraphs == (
        "The coolant reached 112 °C. Stop and let the engine cool before you drive on. Have coolant level, fan, water "
        "pump and thermostat checked.",
        "Under load the back pressure of the filter rose to 420 mbar. The filter or a pressure line is close to "
        "blocked. Avoid full load and have it checked soon.",
    )


def test_a_message_in_french_and_polish() -> None:
    event, known = LogAct(analysis_id=ID), facts(finding("battery_before_start", 11.5))
    french, polish = (of_event(event, known, language, URL) for language in ("fr", "pl"))
    assert french.title == "Votre relevé du 2025-02-03 demande votre attention"
    assert "11,5 V" in french.paragraphs[0]
    assert "batterie" in french.paragraphs[0]
    assert "11,5 V" in polish.paragraphs[0]
    assert french.paragraphs[0] != polish.paragraphs[0]


def test_three_findings_and_how_many_more() -> None:
    codes = ["max_pressure", "idle_pressure", "restriction_high", "oil_dilution", "regen_interval"]
    said = of_event(LogAct(analysis_id=ID), facts(*(finding(code, 1000) for code in codes)), "en", URL)
    assert len(said.paragraphs) == 4
    assert said.paragraphs[-1] == "More findings: 2."
    assert len(said.findings) == 5


def test_a_finding_of_a_later_release_is_said_in_its_own_words() -> None:
    known = facts(finding("of_a_later_release"), finding("sensor_stuck", 12, which="none"))
    assert of_event(LogAct(analysis_id=ID), known, "fr", URL).paragraphs[0] == "English."


def test_messages_about_all_logs() -> None:
    average = of_event(AverageAct(generation=1), facts(finding()), "en", URL)
    assert (average.title, average.link) == (notices.AVERAGE_ACT, "https://faplog.example/summary")
    regens = of_event(RegensInterrupted(generation=1), facts(finding(), finding("regens_aborted", 4)), "en", URL)
    assert regens.title == "Regenerations interrupted in a row: 4"
    assert regens.paragraphs == (catalogue.WORDS[Code.REGENS_ABORTED].act,)


def test_a_reminder_has_one_line_and_says_when() -> None:
    event = Due(about="reminder", id="1", title="Oil\r\nBcc: x@example.org", due_on=date(2026, 3, 1), due_km=120_000)
    said = of_event(event, Facts({}), "en", URL)
    assert said.title == "Reminder: Oil Bcc: x@example.org"
    assert said.paragraphs == ("Due on 2026-03-01.", "Due at 120,000 km.")
    assert of_event(event, Facts({}), "fr", URL).paragraphs[1].count("120\u202f000") == 1
    forecast = of_event(Due(about="forecast", id="1", title="Additive"), Facts({}), "en", None)
    assert (forecast.title, forecast.paragraphs, forecast.link) == ("Forecast: Additive", (), None)


def test_a_log_without_a_date_and_a_service_without_an_address() -> None:
    said = of_event(LogAct(analysis_id=ID), Facts(analysis(finding())["health"]), "en", None)
    assert (said.title, said.link) == (notices.LOG_ACT_UNDATED, None)
    assert content.text(said, with_link=True) == said.paragraphs[0]
    assert content.why(said) == notices.WHY_WITHOUT_LINK
    linked = of_event(LogAct(analysis_id=ID), facts(finding()), "en", URL)
    assert content.text(linked, with_link=True).endswith(f"\n\nDetails: https://faplog.example/logs/{ID}")
    assert content.why(linked).endswith("https://faplog.example/account")


def test_the_body_of_a_webhook() -> None:
    said = of_event(LogAct(analysis_id=ID), facts(finding()), "en", URL)
    assert json.loads(deliver.webhook_body(said, KEY)) == {
        "id": str(KEY),
        "kind": "log_act",
        "language": "en",
        "title": said.title,
        "text": said.paragraphs[0],
        "url": said.link,
        "analysisId": str(ID),
        "verdict": "act",
        "urgency": "workshop_gently",
        "findings": [
            {
                **{"code": "max_pressure", "severity": "act", "value": 420.0, "unit": "mbar"},
                **{"text": "English.", "advice": "Do.", "urgency": "workshop_gently"},
            }
        ],
    }
    test = json.loads(deliver.webhook_body(of_test("en", URL), KEY))
    assert (test["kind"], test["analysisId"], test["verdict"], test["findings"]) == ("test", None, None, [])


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The published example of the specification."""
    secret, key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    body = b'{"test": 2432232314}'
    assert deliver.signature(secret, key, 1614265330, body) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    other = base64.b64encode(hmac.new(b"x" * 32, f"{key}.1.".encode() + body, hashlib.sha256).digest()).decode()
    assert deliver.signature("whsec_" + base64.b64encode(b"x" * 32).decode(), key, 1, body) == f"v1,{other}"
    with pytest.raises(ValueError):
        deliver.signature("whsec_no base64!", key, 1, body)


def test_pauses_grow_from_a_minute_to_an_hour() -> None:
    minutes = [outbox.pause_after(tries).total_seconds() / 60 for tries in range(0, 100)]
    assert minutes[:9] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    assert set(minutes[8:]) == {60}


def test_the_shared_words_are_those_of_the_pages() -> None:
    assert set(LANGUAGES) == set(LANGUAGES_OF_PAGES)
    for language in messages.TRANSLATED:
        assert (messages.WORDS / f"{language}.json").read_text("utf-8") == messages.shared_words(language), (
            "run make messages"
        )


def test_words_in_another_language() -> None:
    assert translated(notices.TEST_TITLE, "en") == notices.TEST_TITLE
    assert translated(notices.TEST_TITLE, "pl") != notices.TEST_TITLE
    assert translated("no sentence of ours", "pl") == "no sentence of ours"
    assert translated(notices.TEST_TITLE, "de") == notices.TEST_TITLE
    assert number("1,234.5 km", "en") == "1,234.5 km"
    assert number("1,234.5 km", "fr") == "1\u202f234,5 km"
