"""The history in the browser: a range of days, the table of figures, several logs deleted at once, a log sent twice."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chromium import PHONE, Watched, axe
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def rows(page: Page) -> list[str]:
    page.locator(".row-log").first.wait_for()
    names: list[str] = page.locator(".row-log").evaluate_all("rows => rows.map(row => row.dataset.name)")
    return names


def test_a_range_of_days_and_its_table(visit: Visit, driver: Driver, drives: list[Path], tmp_path: Path) -> None:
    page = visit(driver.owner).page("/logs")
    page.get_by_label("From", exact=True).fill("2025-03-03")
    page.get_by_label("to", exact=True).fill("2025-03-05")
    expect(page.locator(".row-log")).to_have_count(3)
    wanted = [path.name for path in drives[2:5]]
    assert rows(page) == wanted[::-1]
    with page.expect_download() as table:
        page.get_by_role("link", name="Figures (CSV)").click()
    table.value.save_as(tmp_path / "table.csv")
    found = list(csv.DictReader(StringIO((tmp_path / "table.csv").read_text("utf-8"), newline="")))
    assert [row["fileName"] for row in found] == wanted
    assert all(float(row["overall.distance_km"]) > 0 for row in found)
    page.reload()
    assert rows(page) == wanted[::-1]


def test_a_row_says_why_and_a_report_knows_the_regeneration_before_it(
    visit: Visit, driver: Driver, drives: list[Path]
) -> None:
    page = visit(driver.owner).page("/logs")
    expect(page.locator(f'li[data-id="{driver.interrupted}"]')).to_contain_text("Interrupted regenerations in a row")
    page.locator(".row-log", has_text=drives[4].name).locator(".row-link").click()  # three days after it
    answer = page.locator(".answer", has_text="Did the last regeneration finish?")
    expect(answer).to_contain_text("Yes, it was completed")
    answer.get_by_role("link").click()
    page.wait_for_url(f"**/logs/{driver.regenerated}")
    expect(page.locator("#regens")).to_be_visible()
    expect(answer.get_by_role("link")).to_have_count(0)


def analysing(watched: Watched) -> None:
    """Have the page of logs, when it is opened, show the oldest log first and that one as being analysed.

    The next refresh finds it done, and at another place.
    """

    def answer(route: Route) -> None:
        response = route.fetch(url=f"{watched.url}/logs?sort=oldest")
        route.fulfill(
            response=response, body=response.text().replace('data-status="Success"', 'data-status="Processing"', 1)
        )

    watched.context.route(f"{watched.url}/logs", answer, times=1)


REFRESH: Final = "**/logs?fragment=1"


def test_a_selection_outlives_the_live_refresh(visit: Visit, another: Callable[[], Owner], drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:3])
    watched = visit(owner, **PHONE)
    analysing(watched)
    page = watched.page("/logs", stopped=True)
    before = rows(page)
    select = page.get_by_role("button", name="Select", exact=True)
    select.tap()
    for name in before[:2]:
        page.get_by_role("checkbox", name=f"Select {name}").check()
    page.evaluate("() => document.activeElement.blur()")  # Safari on a phone does not focus what is tapped
    with page.expect_response(REFRESH):
        page.clock.run_for(1_000)
    expect(page.locator("[data-status=Processing]")).to_have_count(0)
    expect(select).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-pick]:checked")).to_have_count(2)
    expect(page.locator("[data-delete-selected]")).to_have_text("Delete 2 logs")
    expect(page.get_by_role("button", name="Compare two")).to_be_enabled()
    select.tap()
    expect(page.locator(".row-log").first).to_have_attribute("data-name", before[-1])
    assert rows(page) == before[::-1]


def test_a_row_that_is_replaced_keeps_the_focus(visit: Visit, another: Callable[[], Owner], drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:2])
    watched = visit(owner)
    analysing(watched)
    page = watched.page("/logs", stopped=True)
    link = page.locator(".row-link").first
    link.focus()
    with page.expect_response(REFRESH):
        page.clock.run_for(1_000)
    expect(page.locator("[data-status=Processing]")).to_have_count(0)
    expect(link).to_be_focused()


def test_a_late_refresh_does_not_replace_the_list_of_a_newer_filter(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    owner.upload(*drives[:2])
    watched = visit(owner)
    analysing(watched)
    page = watched.page("/logs", stopped=True)
    page.locator("[data-status=Processing]").wait_for()
    held: list[Route] = []
    page.route(REFRESH, lambda route: held.append(route))
    with page.expect_request(REFRESH):
        page.clock.run_for(1_000)
    page.get_by_label("Filter by result").select_option("failed")
    page.clock.run_for(1)
    expect(page.get_by_role("heading", name="No logs found")).to_be_visible()
    with page.expect_response(REFRESH) as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("() => fetch('/health').then((response) => response.text())")  # answered after it
    expect(page.get_by_role("heading", name="No logs found")).to_be_visible()
    expect(page.locator(".row-log")).to_have_count(0)


def test_the_fields_follow_the_address_back(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page("/logs?show=regen&sort=oldest&q=2025")
    before = rows(page)
    page.evaluate("() => history.pushState(null, '', location.href)")  # as a link to another page of the list does
    page.get_by_label("Search by file name").fill("broken")
    page.get_by_label("Filter by result").select_option("")
    page.get_by_label("Sort order").select_option("name")
    page.get_by_label("From", exact=True).fill("2000-01-01")
    page.get_by_label("From", exact=True).fill("")
    expect(page.locator(".row-log")).to_have_count(1)
    page.go_back()
    expect(page.locator(".row-log")).to_have_count(len(before))
    expect(page.get_by_label("Search by file name")).to_have_value("2025")
    expect(page.get_by_label("Filter by result")).to_have_value("regen")
    expect(page.get_by_label("Sort order")).to_have_value("oldest")
    page.go_forward()
    expect(page.locator(".row-log")).to_have_count(1)
    expect(page.get_by_label("Filter by result")).to_have_value("")
    expect(page.get_by_label("Sort order")).to_have_value("name")


POLL: Final = """async (path) => {
  const { poll } = await import(path);
  window.calls = 0;
  window.stopPolling = poll(() => { window.calls += 1; return new Promise((done) => { window.answer = done; }); });
}"""


def test_polling_asks_once_at_a_time_and_ends_when_it_is_stopped(visit: Visit) -> None:
    page = visit().page("/about", stopped=True)
    page.evaluate(POLL, page.locator("link[rel=modulepreload][href*=fragment]").get_attribute("href"))
    page.clock.run_for(1_000)
    page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")  # the tab is shown again
    assert page.evaluate("window.calls") == 1
    page.evaluate("() => { window.answer('same'); }")
    page.clock.run_for(2_000)
    assert page.evaluate("window.calls") == 2
    page.evaluate("() => { window.stopPolling(); window.answer('same'); }")
    page.clock.run_for(60_000)
    assert page.evaluate("window.calls") == 2


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_several_logs_are_deleted_and_brought_back(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], device: dict[str, object]
) -> None:
    owner = another()
    owner.upload(*drives[:4])
    page = visit(owner, **device).page("/logs")
    before = rows(page)
    page.get_by_role("button", name="Select", exact=True).click()
    delete = page.locator("[data-delete-selected]")
    expect(delete).to_be_disabled()
    for name in before[1:3]:
        page.get_by_role("checkbox", name=f"Select {name}").check()
    assert not axe(page)
    expect(delete).to_have_text("Delete 2 logs")
    delete.click()
    expect(page.locator(".row-log")).to_have_count(2)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    assert len(owner.logs()["data"]) == 2
    undo.click()
    expect(page.locator(".row-log")).to_have_count(4)
    assert rows(page) == before
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="Select all").click()
    delete.click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


def test_the_same_log_twice_and_the_list_is_cleared(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], tmp_path: Path
) -> None:
    owner = another()
    owner.upload(drives[0])
    wrong = tmp_path / "photo.jpg"
    wrong.write_bytes(b"no log")
    page = visit(owner).page("/upload")
    page.locator("[data-ready]").wait_for()
    page.locator("#files").set_input_files([drives[0], drives[1], wrong])
    expect(page.locator(".upload", has_text=drives[0].name)).to_contain_text("You already have this log.")
    expect(page.locator(".upload", has_text=drives[1].name)).to_contain_text("Open report")
    expect(page.locator(".upload", has_text=drives[1].name)).not_to_contain_text("already")
    expect(page.locator(".upload[data-state=error]")).to_have_count(1)
    page.get_by_role("button", name="Clear list").click()
    expect(page.locator(".upload")).to_have_count(0)


def test_the_address_of_a_report_sent_by_mistake_explains_itself(visit: Visit, driver: Driver) -> None:
    watched = visit()
    watched.forgive("401")
    page = watched.page(f"/logs/{driver.regenerated}")
    expect(page.get_by_role("heading", name="This page belongs to an account")).to_be_visible()
    expect(page.get_by_text("ask for a share link")).to_be_visible()
    assert not axe(page)
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    page.get_by_label("E-mail address").fill(driver.owner.email)
    page.get_by_label("Password").fill("four unrelated plain words")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.locator("[data-report]")).to_be_visible()


def test_an_owner_who_comes_by_a_link_from_elsewhere_is_let_in(visit: Visit, driver: Driver) -> None:
    """The browser sends such a request without the strict cookies, and the access token may have expired."""
    watched = visit(driver.owner)
    watched.forgive("401")
    watched.forgive("elsewhere.example")
    watched.context.clear_cookies(name="faplog_access")
    page = watched.context.new_page()
    link = f'<a href="{watched.url}/logs/{driver.regenerated}">your report</a>'
    page.route("http://elsewhere.example/", lambda route: route.fulfill(content_type="text/html", body=link))
    page.goto("http://elsewhere.example/")
    with page.expect_response(f"**/logs/{driver.regenerated}") as first:
        page.get_by_role("link", name="your report").click()
    assert first.value.status == 401
    expect(page.locator("[data-report]")).to_be_visible()
