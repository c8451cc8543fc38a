"""A log without an account, in the browser: the report of an upload, and the way into an account."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from faplog.contracts.errors import ErrorCode, cause
from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import PASSWORD, Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]

TABLET = {"viewport": {"width": 768, "height": 1024}}
UPLOADED = ".upload[data-state=finished]"


def figures(page: Page) -> dict[str, Any]:
    """Return the analysis of a report, and its text without the parts that only its owner sees."""
    found: dict[str, Any] = page.evaluate(
        """() => {
            const report = document.querySelector("[data-report]").cloneNode(true);
            const others = "header, .downloads, .plots, .notice, .log-note, .answers";
            for (const part of report.querySelectorAll(others)) part.remove();
            const analysis = JSON.parse(report.querySelector("#analysis").textContent);
            report.querySelector("#analysis").remove();
            return {analysis, text: report.innerText.replace(/\\s+/g, " ")};
        }"""
    )
    return found


def test_the_report_is_that_of_an_upload_and_can_be_kept(visit: Visit, driver: Driver, drives: list[Path]) -> None:
    path = drives[1]  # the one that the driver uploaded as `regenerated`
    known = visit(driver.owner).page(f"/logs/{driver.regenerated}")
    known.locator("[data-drawn]").wait_for()
    expected = figures(known)

    watched = visit()
    page = watched.page("/")
    page.locator("#try-file").set_input_files(path)
    expect(page).to_have_url(re.compile("/try$"))
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=120_000)
    expect(page.locator("[data-tried]")).to_contain_text(path.name)
    assert figures(page) == expected
    assert page.locator(".uplot").count() == known.locator(".uplot").count()

    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page).to_have_url(re.compile(r"/register\?next=/upload"))
    page.get_by_label("E-mail").fill("kept@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Create account").click()
    expect(page.locator(UPLOADED)).to_contain_text(path.name, timeout=60_000)
    page.get_by_role("link", name="Open report").click()
    page.locator("[data-drawn]").wait_for()
    assert figures(page) == expected


def test_an_owner_keeps_it_at_once(visit: Visit, another: Callable[[], Owner], drives: list[Path]) -> None:
    owner = another()
    page = visit(owner).page("/try")
    page.locator("#try-file").set_input_files(drives[0])
    page.get_by_role("button", name="Keep it").click(timeout=120_000)
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    assert [log["fileName"] for log in owner.logs()["data"]] == [drives[0].name]


def test_nothing_stays_in_the_browser(visit: Visit, drives: list[Path]) -> None:
    watched = visit()
    page = watched.page("/try")
    page.locator("#try-file").set_input_files(drives[0])
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=120_000)
    page.reload()
    expect(page.locator("[data-try][data-ready]")).to_be_visible()
    expect(page.locator("[data-tried]")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("photo.jpg", b"\xff\xd8\xff" + bytes(100), "Only .csv files can be read here."),
        ("empty.csv", b"", "The file is empty."),
        ("large.csv", b"1" * (30 * 1024 * 1024), "The file is larger than 20 MB."),
        ("binary.csv", b"%PDF-1.7 \x00\x01", "This is not a text file."),
        ("other.csv", b"Date;Speed\n1;2\n", "The column “Time” is missing."),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(
    visit: Visit, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    watched = visit()
    watched.forgive("status of 4")
    page = watched.page("/try")
    file = tmp_path / name
    file.write_bytes(content)
    page.locator("#try-file").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.locator("#try-file")).to_be_focused()


def test_while_the_service_is_busy_it_waits_and_a_limit_is_told(visit: Visit, drives: list[Path]) -> None:
    watched = visit()
    watched.forgive("status of 503")
    watched.forgive("status of 429")
    answers = iter((("BUSY", 503, {}), ("TRIAL_RUNNING", 429, {"retry_after_sec": 1})))
    asked: list[str] = []

    def busy_twice(route: Any) -> None:
        answer = next(answers, None)
        if answer is None:
            route.continue_()
            return
        code, status, params = answer
        asked.append(code)
        body = asdict(cause(ErrorCode(code), **params))
        route.fulfill(status=status, json=body, headers={"Retry-After": "1"})

    watched.context.route("**/api/v1/try", busy_twice)
    page = watched.page("/try")
    page.locator("#try-file").set_input_files(drives[0])
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=120_000)
    assert asked == ["BUSY", "TRIAL_RUNNING"]

    limited = asdict(cause(ErrorCode.RATE_LIMITED, retry_after_sec=90))
    watched.context.unroute("**/api/v1/try")
    watched.context.route("**/api/v1/try", lambda route: route.fulfill(status=429, body=json.dumps(limited)))
    page.goto(watched.url + "/try")
    page.locator("#try-file").set_input_files(drives[0])
    expect(page.get_by_role("alert")).to_contain_text("Too many attempts. Please try again in 90 s.")


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=["desktop", "tablet", "phone"])
@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_it_fits_every_screen_in_every_language(
    visit: Visit, drives: list[Path], device: dict[str, Any], language: str
) -> None:
    watched = visit(**device, locale=language)
    width = device["viewport"]["width"]
    page = watched.page("/about")
    expect(page.locator("[data-try][data-ready]")).to_be_attached()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert axe(page) == []
    page.goto(watched.url + "/try")
    expect(page.locator("[data-try][data-ready]")).to_be_attached()
    assert axe(page) == []
    page.locator("#try-file").set_input_files(drives[0])
    expect(page.locator("[data-drawn]")).to_be_visible(timeout=120_000)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert axe(page) == []
