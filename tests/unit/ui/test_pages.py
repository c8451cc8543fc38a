"""Every page: what it shows for what the API answers, and what it shows when the API does not."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import ui
from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, OTHER_ID, FakeApi, detail, item, listing

PRIVATE = ["/logs", "/logs/deleted", "/upload", "/summary", "/compare", "/cars", "/account", f"/logs/{LOG_ID}"]
NEED_API = [path for path in PRIVATE if path != "/upload"]
PUBLIC = ["/", "/about", "/login", "/reset", "/sample"]
OF_INSTANCE = ["/register", "/forgot", "/privacy"]
"""Public pages that ask what the instance is, and do without if the API does not say."""

TEMPLATES = Path(ui.__file__).parent / "templates"


def text(response: TestResponse) -> str:
    """Return what a reader sees of a page, roughly: without tags, one blank between words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text)).replace("\u202f", " ").replace("\xa0", " ")


def test_every_script_of_a_page_comes_before_the_one_that_repeats_early_clicks() -> None:
    """Modules run in the order of the page: a listener of a later one would miss the click."""
    for template in TEMPLATES.glob("*.html"):
        if template.name in ("base.html", "offline.html"):  # the frame itself, and a page of its own
            continue
        outside = re.sub(r"{% block scripts %}.*?{% endblock %}", "", template.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"<script[^>]*\ssrc=", outside), template.name
    frame = (TEMPLATES / "base.html").read_text("utf-8")
    assert frame.index("{% block scripts %}") < frame.index("js/app.js") < frame.index("</head>")


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_no_account(browser: FlaskClient, api: FakeApi, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 200
    assert not api.asked


@pytest.mark.parametrize("path", [path for path in PRIVATE if LOG_ID not in path and path != "/summary"])
def test_private_pages_send_a_stranger_to_the_login_and_back(browser: FlaskClient, path: str) -> None:
    response = browser.get(path)
    assert response.status_code == 302
    assert response.location == f"/login?next={path}"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "This page belongs to an account"),
        ("fr", "Cette page appartient à un compte"),
        ("pl", "Ta strona należy do konta"),
    ],
)
def test_the_address_of_a_report_explains_itself_to_a_stranger(
    browser: FlaskClient, api: FakeApi, language: str, said: str
) -> None:
    page = browser.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language})
    assert page.status_code == 401
    assert said in text(page)
    assert f'href="/login?next=/logs/{LOG_ID}"' in page.text
    assert not api.asked
    assert browser.get(f"/logs/{LOG_ID}?fragment=1").status_code == 401


@pytest.mark.parametrize("path", ["/summary", f"/summary?car={LOG_ID}"])
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "It is the page of a car"),
        ("fr", "C’est la page d’une voiture"),
        ("pl", "To strona samochodu"),
    ],
)
def test_the_address_of_a_car_explains_itself_to_a_stranger(
    browser: FlaskClient, api: FakeApi, path: str, language: str, said: str
) -> None:
    page = browser.get(path, headers={"Accept-Language": language})
    assert page.status_code == 401
    assert said in text(page)
    assert f'href="/login?next={path.replace("=", "%3D")}"' in page.text
    assert not api.asked


@pytest.mark.parametrize("entrance", ["/login", "/register"])
def test_an_entrance_leads_to_no_entrance_and_offers_no_private_page(user: FlaskClient, entrance: str) -> None:
    page = user.get(entrance, query_string={"next": "/login?ended=1&next=/summary"}).text
    assert 'data-target="/logs"' in page
    assert "data-signed-in" not in page
    assert 'data-target="/summary"' in user.get(entrance, query_string={"next": "/summary"}).text


@pytest.mark.parametrize("path", [*PUBLIC, *OF_INSTANCE, *PRIVATE, "/no-such-page"])
def test_no_page_has_inline_scripts_or_styles(user: FlaskClient, path: str) -> None:
    """The policy forbids them, so one would not work; and it never allows `unsafe-inline`."""
    response = user.get(path)
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*(src=|application/json))", response.text)
    assert not re.search(r"<[^>]*\s(style|on[a-z]+)=", response.text)
    assert "http://" not in re.sub(r'xmlns="[^"]+"', "", response.text)


@pytest.mark.parametrize("path", NEED_API)
def test_a_page_whose_session_expired_is_a_skeleton_the_browser_fills(user: FlaskClient, path: str) -> None:
    user.set_cookie("faplog_access", "expired")
    page = user.get(path)
    assert page.status_code == 200
    assert "data-pending" in page.text
    assert user.get(path, query_string={"fragment": 1}).status_code == 401


@pytest.mark.parametrize("path", NEED_API)
def test_a_page_without_the_api_is_a_skeleton_and_then_a_message_that_helps(
    user: FlaskClient, api: FakeApi, path: str
) -> None:
    asked = ["analyses", "cars", "analyses/deleted", "average/available", "account", f"analyses/{LOG_ID}"]
    api.status |= dict.fromkeys(asked, 503)
    assert "data-pending" in user.get(path).text
    fragment = user.get(path, query_string={"fragment": 1})
    assert fragment.status_code == 503
    assert "Your logs are safe" in fragment.text
    assert "data-retry" in fragment.text


def test_only_the_session_is_handed_on_to_the_api(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item())
    user.set_cookie("something_else", "private")
    user.get("/logs")
    assert api.cookies == [{"faplog_access": "good"}]


def test_history_names_each_log_with_date_distance_verdict(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item(), item(OTHER_ID, status="Processing", logDate=None, verdict=None))
    shown = text(user.get("/logs"))
    assert "Fri, 14 Mar 2025" in shown
    assert "21.4 km" in shown
    assert "watch" in shown
    assert "analysing" in shown
    assert "2 logs" in shown


def test_history_asks_for_what_was_chosen(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing()
    shown = text(user.get("/logs?q=DCM&show=act&sort=name&page=3"))
    wanted = {"page": "3", "limit": "20", "sortBy": "fileName", "order": "asc", "q": "DCM"}
    assert api.asked == [("analyses", wanted | {"verdict": "act", "superseded": "false"})]
    assert "No logs found" in shown


def test_a_row_says_why_it_is_to_be_watched(user: FlaskClient, api: FakeApi) -> None:
    """By the title of the finding; one that is new to these pages in the words of the API."""
    api.answers["analyses"] = listing(
        item(worstFinding={"code": "oil_dilution", "text": "The API's own words"}),
        item(OTHER_ID, verdict="act", worstFinding={"code": "new_check", "text": "<b>New</b>"}),
        item("1b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22", verdict="good", worstFinding=None),
    )
    page = user.get("/logs")
    assert re.findall(r'row-reason is-(\w+)">([^<]*)<', page.text) == [
        ("watch", "Fuel in the oil"),
        ("act", "&lt;b&gt;New&lt;/b&gt;"),
    ]
    french = user.get("/logs", headers={"Accept-Language": "fr"}).text
    assert "Fuel in the oil" not in french


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("from=2025-03-01&to=2025-03-31", {"dateFrom": "2025-03-01", "dateTo": "2025-03-31"}),
        ("from=2025-03-31&to=2025-03-01", {"dateFrom": "2025-03-01", "dateTo": "2025-03-31"}),
        ("to=2025-03-01&from=", {"dateTo": "2025-03-01"}),
        ("from=yesterday&to=2025-02-30", {}),
        ("from=' OR 1=1", {}),
    ],
)
def test_the_history_of_a_range_of_days(user: FlaskClient, api: FakeApi, query: str, asked: dict[str, str]) -> None:
    api.answers["analyses"] = listing(item())
    page = user.get(f"/logs?{query}")
    usual = {"page": "1", "limit": "20", "sortBy": "logDate", "order": "desc"}
    assert api.asked == [("analyses", usual | asked)]
    link = "?" + "&amp;".join(f"{name}={day}" for name, day in asked.items()) if asked else ""
    assert f'href="/api/v1/analyses.csv{link}"' in page.text
    for name, day in zip(("from", "to"), (asked.get("dateFrom"), asked.get("dateTo")), strict=True):
        assert f'name="{name}" type="date" value="{day or ""}"' in page.text


def test_the_table_has_what_the_list_shows(user: FlaskClient, api: FakeApi) -> None:
    """Its steps to other pages keep the days."""
    api.answers["analyses"] = listing(item()) | {
        "pagination": {"totalItems": 21, "currentPage": 1, "pageSize": 20, "totalPages": 2}
    }
    page = user.get("/logs?q=a%26b&show=act&from=2025-03-01").text
    wanted = "verdict=act&amp;superseded=false&amp;dateFrom=2025-03-01&amp;q=a%26b"
    assert f'href="/api/v1/analyses.csv?{wanted}"' in page
    assert "from=2025-03-01" in page.split('rel="next"')[1].split(">")[0]


NEWER: dict[str, Any] = {"id": OTHER_ID, "fileName": "evening.csv", "sameDrives": False}


@pytest.mark.parametrize(
    ("language", "same", "said"),
    [
        ("en", False, "Earlier version of evening.csv"),
        ("en", True, "Same drives as evening.csv"),
        ("fr", False, "Version antérieure de evening.csv"),
        ("fr", True, "Mêmes trajets que evening.csv"),
        ("pl", False, "Wcześniejsza wersja pliku evening.csv"),
        ("pl", True, "Te same jazdy co w pliku evening.csv"),
    ],
)
def test_an_earlier_version_is_shown_behind_the_newer_log(
    user: FlaskClient, api: FakeApi, language: str, same: bool, said: str
) -> None:
    third = "1b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22"
    api.answers["analyses"] = listing(
        item(supersededBy=NEWER | {"sameDrives": same}), item(third), item(OTHER_ID, fileName="evening.csv")
    )
    user.set_cookie("faplog_language", language)
    page = user.get("/logs")
    assert re.findall(r'<li class="([^"]+)" data-id="([^"]+)"', page.text) == [
        ("row-log", third),
        ("row-log", OTHER_ID),
        ("row-log is-superseded", LOG_ID),
    ]
    assert said in text(page)


def test_the_history_shows_earlier_versions_alone(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item(supersededBy=NEWER))  # without the newer log
    assert "not counted" in text(user.get("/logs?show=versions"))
    assert api.asked[0][1]["superseded"] == "true"


def test_a_report_names_the_logs_with_the_same_drives(user: FlaskClient, api: FakeApi) -> None:
    named = [{"id": OTHER_ID, "fileName": f"{number}.csv"} for number in range(7)]
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS) | {
        "supersededBy": NEWER,
        "earlierVersions": named[:1],
        "overlaps": named,
    }
    page = user.get(f"/logs/{LOG_ID}")
    shown = text(page)
    assert re.search(r"Earlier version of evening\.csv ?\. Only that log counts", shown)
    assert "1 other upload has drives of this log and is not counted: 0.csv" in shown
    assert "7 other logs have drives at the same time" in shown
    assert f'<a href="/logs/{OTHER_ID}">evening.csv</a>' in page.text
    assert re.search(r"4\.csv ?, …", shown)
    assert "5.csv" not in shown


@pytest.mark.parametrize(
    "query", ["?sort=evil&show=evil&page=-4", "?page=x", "?page=99999999999999999999", "?q=%00%ff"]
)
def test_history_survives_any_address(user: FlaskClient, api: FakeApi, query: str) -> None:
    api.answers["analyses"] = listing(item())
    assert user.get(f"/logs{query}").status_code == 200


def test_an_empty_history_explains_where_logs_come_from(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing()
    assert "OBD adapter" in text(user.get("/logs"))


@pytest.mark.parametrize(
    "name", ['<img src=x onerror="alert(1)">.csv', "'><script>alert(1)</script>.csv", "x" * 251 + ".csv"]
)
def test_a_file_name_is_text_wherever_it_stands(user: FlaskClient, api: FakeApi, name: str) -> None:
    api.answers |= {
        "analyses": listing(item(fileName=name), item(OTHER_ID)),
        f"analyses/{LOG_ID}": detail(ANALYSIS, fileName=name),
    }
    api.answers[f"analyses/{OTHER_ID}"] = detail(ANALYSIS, id=OTHER_ID)
    for path in ["/logs", f"/logs/{LOG_ID}", f"/compare?a={LOG_ID}&b={OTHER_ID}"]:
        page = user.get(path)
        assert page.status_code == 200
        assert "<img src=x" not in page.text
        assert "<script>alert" not in page.text


def test_a_log_shows_verdict_finding_and_figures(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS)
    page = user.get(f"/logs/{LOG_ID}")
    shown = text(page)
    assert "Keep an eye on it" in shown
    assert "Fuel in the oil" in shown
    assert "The API's own words" not in shown.split("{")[0]
    assert "Medium confidence" in shown
    assert "9.4 L/100 km" in shown
    assert "96 %" in shown
    assert "640–760 km" in shown
    assert 'data-from="2025-03-14T07:58:10"' in page.text


def test_a_finding_unknown_here_is_shown_in_the_words_of_the_api(user: FlaskClient, api: FakeApi) -> None:
    health = {
        "verdict": "act",
        "findings": [
            {"code": "new_check", "severity": "act", "value": 3, "unit": "V", "text": "New check", "advice": "Do this."}
        ],
    }
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"health": health})
    shown = text(user.get(f"/logs/{LOG_ID}"))
    assert "New check 3.0 V" in shown
    assert "Do this." in shown


def nothing(value: Any) -> Any:
    """Return the same shape with every number gone."""
    if isinstance(value, dict):
        return {key: nothing(inner) for key, inner in value.items()}
    return [] if isinstance(value, list) else None


@pytest.mark.parametrize("analysis", [nothing(ANALYSIS), {}, dict.fromkeys(ANALYSIS)])
def test_a_log_of_nothing_but_nulls_has_a_report(user: FlaskClient, api: FakeApi, analysis: dict[str, Any]) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(analysis)
    page = user.get(f"/logs/{LOG_ID}")
    assert page.status_code == 200
    assert "Not enough data for a verdict" in page.text


def test_a_forecast_is_a_range_unless_both_ends_are_one(user: FlaskClient, api: FakeApi) -> None:
    for low, high, seen in [(640, 760, "640–760 km"), (67.2, 67.4, "67 km")]:
        forecast = {"low_km": low, "high_km": high, "basis": ["own rate"]}
        api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"nextRegen": forecast})
        shown = text(user.get(f"/logs/{LOG_ID}"))
        assert f"When is the next regeneration? In about {seen} It needs 15–20 minutes" in shown


def test_a_forecast_of_nothing_left_is_no_number(user: FlaskClient, api: FakeApi) -> None:
    forecast = {"low_km": 0, "high_km": 0.3, "basis": ["ecu mean interval"]}
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"nextRegen": forecast})
    assert "When is the next regeneration? Any time now" in text(user.get(f"/logs/{LOG_ID}"))


@pytest.mark.parametrize(
    ("ran", "pressure", "why"),
    [
        (None, None, "speed was never read"),
        (0, None, "never ran"),
        (200, 4.0, "less than five minutes"),
        (900, None, "pressure of the filter was never read"),
    ],
)
def test_a_log_without_a_verdict_says_why(
    user: FlaskClient, api: FakeApi, ran: int | None, pressure: float | None, why: str
) -> None:
    analysis = {
        "overall": {"duration": {"engineOn_sec": ran}},
        "fap": {"pressure": {"max_mbar": pressure}},
        "health": {"verdict": "unknown", "findings": []},
    }
    api.answers[f"analyses/{LOG_ID}"] = detail(analysis)
    assert why in text(user.get(f"/logs/{LOG_ID}"))


def test_of_many_findings_the_first_and_the_grave_are_unfolded(user: FlaskClient, api: FakeApi) -> None:
    codes = ["oil_max", "coolant_max", "oil_dilution", "fault_codes", "additive_remaining"]
    findings = [{"code": code, "severity": "watch", "value": 1, "unit": ""} for code in codes]
    findings += [{"code": code, "severity": "act", "value": 1, "unit": ""} for code in ("battery_before_start",) * 3]
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS | {"health": {"verdict": "act", "findings": findings}})
    page = user.get(f"/logs/{LOG_ID}").text
    assert page.count('class="finding-text" open') == 3
    assert page.count('class="finding-text"') == 8
    assert page.index("Battery before the start") < page.index("Highest oil temperature")


def test_only_the_upload_carries_the_table_of_refusals(user: FlaskClient, api: FakeApi) -> None:
    assert 'id="errors"' in user.get("/upload").text
    assert "The zip is encrypted" not in user.get("/account").text


def test_a_failed_log_says_why(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", message="Failed to read csv file: no header.")
    assert "Failed to read csv file: no header." in text(user.get(f"/logs/{LOG_ID}"))


@pytest.mark.parametrize(
    ("code", "offered"), [("NO_HEADER", True), (None, True), ("UPLOAD_NOT_FINISHED", False), ("FILE_MISSING", False)]
)
def test_only_a_file_that_is_stored_can_be_downloaded(
    user: FlaskClient, api: FakeApi, code: str | None, offered: bool
) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", message="It failed.", code=code, params={})
    page = user.get(f"/logs/{LOG_ID}").text
    assert "Upload again" in page
    assert (f"/api/v1/analyses/{LOG_ID}/file" in page) is offered


def test_a_log_on_its_way_is_waited_for(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Processing")
    assert "data-waiting" in user.get(f"/logs/{LOG_ID}").text


def deleted(minutes: float, log_id: str = LOG_ID, **changes: Any) -> dict[str, Any]:
    """Return a deleted log that can be restored for so many minutes."""
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    times = {"deletedAt": (until - timedelta(hours=1)).isoformat(), "restorableUntil": until.isoformat()}
    return item(log_id, **changes) | times


def test_the_recently_deleted_logs_say_how_long_they_can_be_restored(user: FlaskClient, api: FakeApi) -> None:
    name = "<b>no date</b>.csv"
    api.answers["analyses/deleted"] = listing(deleted(41.5), deleted(0.5, OTHER_ID, logDate=None, fileName=name))
    page = user.get("/logs/deleted?page=2")
    assert api.asked == [("analyses/deleted", {"page": "2", "limit": "20"})]
    shown = text(page)
    assert "Fri, 14 Mar 2025 DCM62v2_20250314.csv 42 minutes left Restore" in shown
    assert "1 minute left" in shown
    assert f'data-restore="{LOG_ID}"' in page.text
    assert name not in page.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ["Supprimés récemment", "encore 5 minutes", "Restaurer"]),
        ("pl", ["Ostatnio usunięte", "pozostało 5 minut", "Przywróć"]),
    ],
)
def test_the_recently_deleted_logs_in_other_languages(
    user: FlaskClient, api: FakeApi, language: str, said: list[str]
) -> None:
    api.answers["analyses/deleted"] = listing(deleted(4.9))
    shown = text(user.get("/logs/deleted", headers={"Accept-Language": language}))
    assert [words for words in said if words not in shown] == []


def test_no_deleted_logs_is_said(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses/deleted"] = listing()
    assert "No deleted logs" in text(user.get("/logs/deleted"))


@pytest.mark.parametrize("rows", [[], [item()]])
def test_the_history_leads_to_the_deleted_logs(user: FlaskClient, api: FakeApi, rows: list[dict[str, Any]]) -> None:
    api.answers["analyses"] = listing(*rows)
    assert 'href="/logs/deleted"' in user.get("/logs").text


def test_a_deleted_log_can_be_restored_where_its_report_was(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses/deleted"] = listing(deleted(10, OTHER_ID), deleted(7))
    page = user.get(f"/logs/{LOG_ID}")
    assert "This log was deleted" in page.text
    assert "You can restore it for 7 more minutes." in page.text
    assert f'data-restore="{LOG_ID}"' in page.text
    assert OTHER_ID not in page.text


@pytest.mark.parametrize("path", [f"/logs/{LOG_ID}", f"/compare?a={LOG_ID}&b={OTHER_ID}"])
def test_a_log_that_is_not_there_is_a_page_that_helps(user: FlaskClient, api: FakeApi, path: str) -> None:
    api.answers["analyses"] = listing()
    page = user.get(path)
    assert page.status_code == 404
    assert "Log not found" in page.text
    assert 'href="/logs"' in page.text


@pytest.mark.parametrize("path", ["/nothing", "/logs/not-an-id", "/assets/x/nothing.css"])
def test_an_unknown_address_is_a_404(user: FlaskClient, path: str) -> None:
    assert user.get(path).status_code == 404


def test_the_wrong_method_is_a_page_too(user: FlaskClient) -> None:
    response = user.post("/login")
    assert response.status_code == 405
    assert "Something went wrong" in response.text


def summary_answers(status: str = "SUCCESS") -> dict[str, Any]:
    point = {
        "date": "2025-03-14",
        "analysisId": LOG_ID,
        "kv": 0.291,
        "l100km": 9.36,
        "interval_km": 688,
        "outcome": "complete",
    }
    average = {
        "overall": {"logs": 42, "distance_km": 913.4},
        "fuelConsumption": {"overall": {"total_l": 63.1, "avg_l100km": 6.91}, "bySpeedRange": {"5-15_l100km": 13.1}},
        "fapRegen": {"numberOfRegens": 2},
        "regens": {"complete": 1, "aborted": 1},
        "trends": {"DCM62v2": [point]},
        "health": {"verdict": "good", "findings": []},
    }
    periods = [
        {"type": "OVERALL", "year": None, "month": None},
        {"type": "YEARLY", "year": 2025, "month": None},
        {"type": "MONTHLY", "year": 2025, "month": 3},
    ]
    return {
        "average": {"status": status, "message": "A sentence.", "average": average},
        "average/available": periods,
    }


def test_summary_shows_averages_trends_and_regenerations(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= summary_answers()
    page = user.get("/summary?year=2025&month=3")
    shown = text(page)
    assert "March 2025" in shown
    assert "913 km" in shown
    assert "688 km" in shown
    assert f'href="/logs/{LOG_ID}"' in page.text
    assert ("average", {"type": "MONTHLY", "year": "2025", "month": "3"}) in api.asked


def test_one_log_shows_no_trend(user: FlaskClient, api: FakeApi) -> None:
    answers = summary_answers()
    answers["average"]["average"]["overall"]["logs"] = 1
    api.answers |= answers
    page = user.get("/summary").text
    assert "trend-data" not in page
    assert "688" in page


def test_a_car_without_a_single_trend_has_no_heading_over_nothing(user: FlaskClient, api: FakeApi) -> None:
    answers = summary_answers()
    answers["average"]["average"]["trends"]["unknown"] = [{"date": "2025-03-04", "analysisId": LOG_ID}]
    api.answers |= answers
    page = user.get("/summary").text
    assert "data-trends" in page
    assert "unknown car" not in page


def test_summary_says_that_it_is_being_made_anew_or_failed(user: FlaskClient, api: FakeApi) -> None:
    api.answers |= summary_answers("CALCULATING")
    assert "data-waiting" in user.get("/summary").text
    api.answers |= summary_answers("FAILED")
    failed = text(user.get("/summary"))
    assert "These are the previous averages" in failed
    assert "A sentence." not in failed


@pytest.mark.parametrize("query", ["?year=2031", "?year=2031&month=2", "?year=-3", "?year=x&month=y", "?month=3"])
def test_a_period_without_logs_helps_on(user: FlaskClient, api: FakeApi, query: str) -> None:
    api.answers["average/available"] = summary_answers()["average/available"]
    page = user.get(f"/summary{query}")
    assert page.status_code == 200
    assert 'href="/summary?year=2025"' in page.text


def test_compare_shows_both_and_the_difference(user: FlaskClient, api: FakeApi) -> None:
    longer = ANALYSIS | {"overall": ANALYSIS["overall"] | {"distance_km": 31.37}}
    api.answers |= {
        "analyses": listing(item(), item(OTHER_ID)),
        f"analyses/{LOG_ID}": detail(ANALYSIS),
        f"analyses/{OTHER_ID}": detail(longer, id=OTHER_ID),
    }
    shown = text(user.get(f"/compare?a={LOG_ID}&b={OTHER_ID}"))
    assert "Distance km 21.37 31.37 +10.00" in shown


@pytest.mark.parametrize(("profile", "said"), [("EDC17", True), ("DCM62v2", False), (None, False)])
def test_compare_warns_of_another_car_where_it_knows(
    user: FlaskClient, api: FakeApi, profile: str | None, said: bool
) -> None:
    for log_id, known in ((LOG_ID, "DCM62v2"), (OTHER_ID, profile)):
        api.answers[f"analyses/{log_id}"] = detail(ANALYSIS | {"quality": ANALYSIS["quality"] | {"profile": known}})
    api.answers["analyses"] = listing(item(), item(OTHER_ID))
    assert ("different engine control units" in text(user.get(f"/compare?a={LOG_ID}&b={OTHER_ID}"))) is said


def test_compare_offers_the_logs_there_are(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item(), item(OTHER_ID))
    assert OTHER_ID in user.get("/compare?a=rubbish").text
    api.answers["analyses"] = listing(item())
    assert "You need two logs" in user.get("/compare").text


def test_miles_and_gallons(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS)
    user.post("/preferences", data={"units": "mi"})
    shown = text(user.get(f"/logs/{LOG_ID}"))
    assert "13.3 mi" in shown
    assert "30.2 mpg" in shown
    assert " km" not in shown.partition("Sections of this report")[0].partition("All logs")[2]


def test_units_in_table_heads_are_the_readers(user: FlaskClient, api: FakeApi) -> None:
    """One reader after the other gets the same compiled template."""
    api.answers |= summary_answers()
    for reader, written in [("pl", "l/100 km"), ("en", "L/100 km"), ("pl", "l/100 km")]:
        assert f"{written} 5–15" in text(user.get("/summary", headers={"Accept-Language": reader}))


def test_a_log_in_other_languages(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS)
    french = text(user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": "fr-CH,fr;q=0.9"}))
    assert "À surveiller" in french
    assert "21,4 km" in french
    user.post("/preferences", data={"language": "pl"})
    assert "Warto obserwować" in text(user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": "fr"}))
