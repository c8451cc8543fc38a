"""The pages as an app, and the report of a log without an account."""

import orjson
import pytest
from flask.testing import FlaskClient

from faplog import synthetic
from functions.analyse.core.analysis import analyse, read
from tests.unit.ui.fake_api import FakeApi
from ui.app import STATIC

REPORT = "/try/report"
ANALYSIS = orjson.loads(orjson.dumps(analyse(read(synthetic.day(5, minutes=5)[0]))))


def test_the_manifest_names_icons_that_exist_and_the_share_target(browser: FlaskClient) -> None:
    response = browser.get("/manifest.webmanifest", headers={"Accept-Language": "fr"})
    assert response.mimetype == "application/manifest+json"
    manifest = response.get_json(force=True)
    assert (manifest["id"], manifest["scope"], manifest["start_url"], manifest["lang"]) == ("/", "/", "/", "fr")
    assert {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]} == {
        ("any", "any"),
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in manifest["icons"]:
        with browser.get(icon["src"]) as picture:
            assert (picture.status_code, picture.mimetype) == (200, icon["type"])
        if icon["type"] == "image/png":
            width, height = icon["sizes"].split("x")
            header = (STATIC / "img" / icon["src"].rsplit("/", 1)[1]).read_bytes()[16:24]
            assert header == int(width).to_bytes(4, "big") + int(height).to_bytes(4, "big")
    assert (manifest["share_target"]["action"], manifest["share_target"]["method"]) == ("/upload/share", "POST")


def test_the_worker_imports_the_module_of_this_release_and_is_not_cached(browser: FlaskClient) -> None:
    response = browser.get("/sw.js")
    assert response.mimetype == "text/javascript"
    assert "no-store" in response.headers["Cache-Control"]
    assert "worker-src 'self'" in response.headers["Content-Security-Policy"]
    module = response.text.split('"')[1]
    assert module.startswith("/assets/")
    with browser.get(module) as script:
        assert (script.status_code, script.mimetype) == (200, "text/javascript")
        assert 'import { entryFor, store } from "./queue.js"' in script.get_data(as_text=True)


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "The service cannot be reached"), ("fr", "Le service est inaccessible"), ("pl", "Brak połączenia")],
)
def test_the_offline_page_is_in_the_readers_language(browser: FlaskClient, language: str, heading: str) -> None:
    browser.set_cookie("faplog_language", language)
    response = browser.get("/offline")
    assert response.headers["Content-Language"] == language
    assert heading in response.text


def test_a_share_that_no_worker_took_leads_to_the_upload_page(user: FlaskClient) -> None:
    response = user.post("/upload/share", data={"files": "x"})
    assert (response.status_code, response.location) == (303, "/upload?share=failed")
    assert "The shared files did not arrive" in user.get(response.location).text
    assert "No file was shared" in user.get("/upload?share=empty").text


@pytest.mark.parametrize(
    ("registration", "page"), [("open", "register"), ("invite", "login"), ("closed", "login"), (None, "register")]
)
def test_the_report_of_a_trial_leads_into_an_account(
    browser: FlaskClient, api: FakeApi, registration: str | None, page: str
) -> None:
    body = {"fileName": "a<b>.csv", "analysis": ANALYSIS}
    if registration:
        api.answers["instance"] = {"registration": registration}
    answer = browser.post(REPORT, json=body)
    assert answer.status_code == 200, answer.text
    assert "a&lt;b&gt;.csv" in answer.text
    assert "data-report" in answer.text
    assert f'data-keep="/{page}?next=/upload"' in answer.text


def test_an_owner_keeps_the_report_at_once(user: FlaskClient) -> None:
    answer = user.post(REPORT, json={"fileName": "a.csv", "analysis": ANALYSIS})
    assert 'data-keep="/upload"' in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"fileName": "a.csv", "analysis": {"overall": 1}}, 400),
        ({"fileName": "", "analysis": ANALYSIS}, 400),
        ({"fileName": "a.csv", "analysis": ANALYSIS, "more": 1}, 400),
    ],
)
def test_what_is_no_analysis_is_refused(browser: FlaskClient, body: dict[str, object], status: int) -> None:
    assert browser.post(REPORT, json=body).status_code == status


def test_a_form_of_another_site_renders_no_report(browser: FlaskClient) -> None:
    """Forms send neither JSON nor more than the limit."""
    assert browser.post(REPORT, data='{"fileName": "a"}', content_type="text/plain").status_code == 415
    large = b'{"fileName": "' + b"a" * (5 * 1024 * 1024) + b'"}'
    assert browser.post(REPORT, data=large, content_type="application/json").status_code == 413
