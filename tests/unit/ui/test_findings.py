"""Findings on the pages: the advice is the API's, in every language, and the worst of it is never the mild one."""

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from faplog.contracts.limits import Code, Severity
from tests.unit.analyse.handmade import Cells, analysis
from tests.unit.analyse.test_health import REACHED, finding, flat, log
from tests.unit.ui.fake_api import LOG_ID, FakeApi, detail

ALARMING = [case for case in REACHED if case[2] in (Severity.WATCH, Severity.ACT)]


def page(user: FlaskClient, api: FakeApi, analysis: dict[str, Any], language: str = "en") -> str:
    """The text of the page of a log with this analysis, without the analysis that scripts read."""
    api.answers[f"analyses/{LOG_ID}"] = detail(analysis)
    answer = user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language}).text
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer, flags=re.DOTALL)
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
    assert "On average 290 km lie between the last regenerations." in page(user, api, found)
    user.set_cookie("faplog_units", "mi")
    assert "On average 180 mi lie between the last regenerations." in page(user, api, found)
