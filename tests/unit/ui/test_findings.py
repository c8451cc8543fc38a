"""Findings on the pages: the advice is the API's, in every language, and the worst of it is never the mild one."""

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from faplog.contracts.limits import Code, Severity
from functions.average.core import average
from tests.unit.analyse.handmade import Cells, analysis
from tests.unit.analyse.test_health import REACHED, finding, flat, log
from tests.unit.analyse.test_sensors import drive, wave
from tests.unit.average import analyses
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, FakeApi, detail

ALARMING = [case for case in REACHED if case[2] in (Severity.WATCH, Severity.ACT)]


def page(user: FlaskClient, api: FakeApi, analysis: dict[str, Any], language: str = "en") -> str:
    """Return the text of the page of a log with this analysis, without the analysis that scripts read."""
    api.answers[f"analyses/{LOG_ID}"] = detail(analysis)
    answer = user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language}).text
    return text_of(answer)


def text_of(page: str) -> str:
    """Return what a reader sees of a page: no tags, no scripts, one blank between words."""
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(shown).split())


@pytest.mark.parametrize(("code", "columns", "severity"), ALARMING)
def test_the_page_gives_the_advice_of_the_api(
    user: FlaskClient, api: FakeApi, code: Code, columns: dict[str, Cells], severity: Severity
) -> None:
    given = finding(code, columns)
    assert given["severity"] == severity
    assert given["advice"] in page(user, api, analysis(columns))


@pytest.mark.parametrize("language", ["fr", "pl"])
def test_other_languages_show_no_english_advice(user: FlaskClient, api: FakeApi, language: str) -> None:
    found = analysis(log(FAPpressure=flat(60), Coolant=flat(112), OilDilution=flat(5)))
    shown = page(user, api, found, language)
    for one in found["health"]["findings"]:
        if one["advice"]:
            assert one["advice"] not in shown


def test_a_nearly_blocked_filter_is_not_sent_on_a_drive_to_regenerate(user: FlaskClient, api: FakeApi) -> None:
    found = analysis(log(FAPpressure=flat(60)))
    assert finding(Code.IDLE_PRESSURE, log(FAPpressure=flat(60)))["severity"] == "act"
    shown = page(user, api, found)
    assert "Do not force a regeneration on a filter that is nearly blocked." in shown
    assert "so that the filter can regenerate" not in shown
    assert "Drive gently, without full load" in shown


def test_an_overheating_engine_is_told_to_stop(user: FlaskClient, api: FakeApi) -> None:
    shown = page(user, api, analysis(log(Coolant=flat(112))))
    assert "Stop and let the engine cool before you drive on." in shown
    assert "Do not drive on while this lasts" in shown
    assert "long climbs" not in shown


def test_what_was_seen_is_said_in_the_readers_units(user: FlaskClient, api: FakeApi) -> None:
    found = analysis(log(Avg10regen=flat(290)))
    assert "The last regenerations were 290 km apart on average." in page(user, api, found)
    user.set_cookie("faplog_units", "mi")
    assert "The last regenerations were 180 mi apart on average." in page(user, api, found)


def test_every_injector_outside_its_limits_is_named(user: FlaskClient, api: FakeApi) -> None:
    cells = {f"Inj.{number}FlowCorr": flat(value) for number, value in enumerate((1.0, 1.12, 1.0, 0.85), 1)}
    found = analysis(log(OilTemp=flat(90), **cells))
    shown = page(user, api, found)
    assert "at injector 4. Outside the limits: Injector 4: 0.85, Injector 2: 1.12." in shown
    assert "Poza granicami: Wtryskiwacz 4: 0,85, Wtryskiwacz 2: 1,12." in page(user, api, found, "pl")
    assert "Hors limites : Injecteur 4 : 0,85, Injecteur 2 : 1,12." in page(user, api, found, "fr")


def test_notes_are_said_in_the_readers_language_and_units(user: FlaskClient, api: FakeApi) -> None:
    found = analysis(log(Coolant=flat(52), Avg10regen=flat(800), LastRegen=flat(733)))
    shown = page(user, api, found)
    assert "A regeneration is due in about 67 km. It needs 15 to 20 minutes of steady driving." in shown
    assert "The engine did not get warm: the coolant reached 52 °C at most." in shown
    assert "Une régénération est attendue dans environ 67 km." in page(user, api, found, "fr")
    user.set_cookie("faplog_units", "mi")
    assert "A regeneration is due in about 42 mi." in page(user, api, found)


def test_a_note_that_is_new_to_these_pages_is_shown_in_the_words_of_the_api(user: FlaskClient, api: FakeApi) -> None:
    new = {"code": "new_note", "value": 1, "unit": "", "text": "Something new."}
    shown = page(user, api, ANALYSIS | {"health": {"verdict": "good", "findings": [], "notes": [new]}})
    assert "Something new." in shown


def test_what_is_near_its_limit_says_so(user: FlaskClient, api: FakeApi) -> None:
    assert "close to the limit" in page(user, api, analysis(log(OilDilution=flat(4))))
    assert "close to the limit" not in page(user, api, analysis(log(OilDilution=flat(3))))


def test_swapped_hoses_are_called_that(user: FlaskClient, api: FakeApi) -> None:
    found = analysis(drive(FAPpressure=wave(-2, -4, -6, -8)))
    shown = page(user, api, found)
    assert "so they are swapped." in shown
    assert "sont donc inversées" in page(user, api, found, "fr")


def test_a_stuck_sensor_is_named(user: FlaskClient, api: FakeApi) -> None:
    found = analysis(drive(Coolant=[15] * 720))
    assert "No change for 12.0 min while the engine was working: Coolant." in page(user, api, found)


def test_an_older_finding_without_names_has_its_advice_all_the_same(user: FlaskClient, api: FakeApi) -> None:
    old = {"code": "injector_correction", "severity": "watch", "value": 1.12, "unit": "ratio"}
    shown = page(user, api, ANALYSIS | {"health": {"verdict": "watch", "findings": [old]}})
    assert "an injector whose correction moves away from 1 is wearing out" in shown
    assert "{" not in shown


def test_over_many_logs_the_page_shows_the_advice_and_the_date(user: FlaskClient, api: FakeApi) -> None:
    days = [
        analyses.analysis({"engine.oilDilution_perc": 5}, date="2025-03-01"),
        analyses.analysis(
            {"health": {"verdict": "act", "findings": [{"code": "coolant_max", "severity": "act", "value": 112}]}},
            date="2025-03-14",
        ),
    ]
    found = average(days).model_dump(mode="json", by_alias=True)
    api.answers["average"] = {"status": "Calculated", "average": found}
    api.answers["average/available"] = []
    shown = text_of(user.get("/summary").text)
    for one in found["health"]["findings"]:
        if one["advice"]:
            assert one["advice"] in shown
    assert "seen in 1 log, 14 Mar 2025" in shown.replace("Mar 14, 2025", "14 Mar 2025")
    assert "Do not drive on while this lasts" in shown


def observed(user: FlaskClient, api: FakeApi, code: str = "idle_pressure", **evidence: Any) -> str:
    """Return the page with one finding and this evidence for it."""
    seen = {"rows": 845, "from": "2025-03-14T07:41:03", "to": "2025-03-14T08:19:40"} | evidence
    shown = {"code": code, "severity": "watch", "value": 30.0, "unit": "mbar", "evidence": seen}
    health = {"verdict": "watch", "findings": [shown]}
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"health": health})
    return user.get(f"/logs/{LOG_ID}").text


def test_a_finding_names_a_duration_or_a_moment_and_no_rows(user: FlaskClient, api: FakeApi) -> None:
    """A row of this log stands for 0.95 s."""
    assert "seen for 13 min, 07:41–08:19" in text_of(observed(user, api))
    assert "seen for 48 s, 07:41–08:19" in text_of(observed(user, api, rows=50))
    assert "seen for 39 min, 07:41–08:19" in text_of(observed(user, api, rows=9_000))
    assert "seen at 08:19" in text_of(observed(user, api, rows=3, **{"from": "2025-03-14T08:19:38"}))
    assert "845" not in text_of(observed(user, api))


def test_it_leads_to_a_plot_only_where_one_shows_it(user: FlaskClient, api: FakeApi) -> None:
    """A mean interval that the car reports is in no plot."""
    assert 'data-jump="pressure"' in observed(user, api)
    assert 'data-jump="soot"' not in observed(user, api, "regen_interval").split('id="regens"')[0]
