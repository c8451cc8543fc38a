"""Deleting a log and taking that back: with two tabs, after a reload, on another device, and by no link at all."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chromium import DESKTOP, PHONE, Watched, axe
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import PASSWORD, Owner
from tests.conftest import until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Another = Callable[[], Owner]


def kept(owner: Owner) -> set[str]:
    """Return the logs the API lists."""
    return {row["id"] for row in owner.logs()["data"]}


def delete_button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Delete {name}")


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name="Undo")


# Where it can be taken back


def test_undo_brings_the_log_back_whatever_another_tab_does(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    first, second = owner.upload(*drives[:2])
    watched = visit(owner)
    page, other = watched.page("/logs"), watched.page("/logs")
    delete_button(page, drives[0].name).click()
    expect(page.locator(".row-log")).to_have_count(1)
    assert kept(owner) == {second}
    other.reload()
    expect(other.locator(".row-log")).to_have_count(1)
    other.goto(watched.url + "/summary")
    undo(page).click()
    expect(page.locator(".row-log")).to_have_count(2)
    expect(page.locator(f".row-log[data-id='{first}'] a")).to_be_focused()
    assert kept(owner) == {first, second}
    other.goto(f"{watched.url}/logs/{first}")
    expect(other.locator("[data-drawn]")).to_be_visible()


def test_a_second_tab_may_delete_what_is_deleted(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:1])
    watched = visit(owner)
    watched.forgive("404")
    page, other = watched.page("/logs"), watched.page("/logs")
    delete_button(page, drives[0].name).click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()
    delete_button(other, drives[0].name).click()
    expect(other.get_by_role("heading", name="No logs yet")).to_be_visible()
    undo(other).click()
    expect(other.locator(".row-log")).to_have_count(1)
    undo(page).click()  # it is there already
    expect(page.locator(".row-log")).to_have_count(1)


def test_after_a_reload_it_is_restored_from_the_list(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    ids = owner.upload(*drives[:2])
    watched = visit(owner)
    page = watched.page("/logs")
    for drive in drives[:2]:
        delete_button(page, drive.name).click()
        expect(page.locator(f".row-log [data-delete][aria-label$='{drive.name}']")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()
    expect(undo(page)).to_have_count(0)
    page.get_by_role("link", name="Recently deleted").click()
    expect(page.locator(".row-log")).to_have_count(2)
    expect(page.locator(".row-log").first).to_contain_text(re.compile("(59|60) minutes left"))
    page.get_by_role("button", name=f"Restore {drives[0].name}").click()
    expect(page.locator(".row-log")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text=f"{drives[0].name} restored")).to_be_visible()
    expect(page.get_by_role("button", name=f"Restore {drives[1].name}")).to_be_focused()
    assert kept(owner) == {ids[0]}
    assert page.evaluate("Object.keys(localStorage)") == []


def test_another_device_restores_it(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    desktop, phone = visit(owner), visit(owner, **PHONE)
    page = desktop.page("/logs")
    delete_button(page, drives[0].name).click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()
    there = phone.page("/logs/deleted")
    for language in ("Français", "Polski", "English"):
        there.get_by_role("button", name=re.compile("Language|Langue|Język")).click()
        there.get_by_role("button", name=language).click()
        expect(there.get_by_role("button", name=language, include_hidden=True).first).to_have_attribute(
            "aria-pressed", "true"
        )
        there.locator(".row-log").wait_for()
        assert there.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        assert axe(there) == []
    there.get_by_role("button", name="Restore").click()
    expect(there.get_by_role("heading", name="No deleted logs")).to_be_visible()
    page.reload()
    expect(page.locator(".row-log")).to_have_count(1)
    assert kept(owner) == {analysis_id}


@pytest.mark.parametrize("way", ["Undo", "Restore"])
def test_the_report_page_offers_the_way_back(visit: Visit, another: Another, drives: list[Path], way: str) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    page = visit(owner).page(f"/logs/{analysis_id}")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="This log was deleted")).to_be_visible()
    expect(undo(page)).to_be_focused()
    expect(page).to_have_url(re.compile(f"/logs/{analysis_id}$"))
    assert kept(owner) == set()
    if way == "Restore":
        page.reload()
        expect(page.get_by_text(re.compile("You can restore it for (59|60) more minutes"))).to_be_visible()
    page.get_by_role("button", name=way).click()
    expect(page.locator("[data-drawn]")).to_be_visible()
    assert kept(owner) == {analysis_id}


def test_a_deletion_that_fails_deletes_nothing_and_says_so(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:1])
    watched = visit(owner)
    watched.forgive("ERR_FAILED")
    page = watched.page("/logs")
    page.route("**/api/v1/analyses/*", lambda route: route.abort())
    delete_button(page, drives[0].name).click()
    expect(page.get_by_role("status").filter(has_text="not available")).to_be_visible()
    expect(page.locator(".row-log:visible")).to_have_count(1)
    page.unroute("**/api/v1/analyses/*")
    delete_button(page, drives[0].name).click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


def test_leaving_at_once_deletes_it_all_the_same(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:1])
    watched = visit(owner)
    page = watched.page("/logs")
    with page.expect_request(lambda request: request.method == "DELETE"):
        delete_button(page, drives[0].name).click()
    page.goto(watched.url + "/account")
    until(lambda: kept(owner) == set(), what="it is deleted")


# The offer to undo


def test_the_offer_has_the_focus_and_waits_while_it_has_it(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    owner.upload(*drives[:3])
    page = visit(owner).page("/logs", stopped=True)
    delete_button(page, drives[0].name).click()
    expect(undo(page)).to_be_focused()
    page.clock.run_for(600_000)
    expect(undo(page)).to_be_focused()
    page.locator("#q").focus()
    page.clock.run_for(7_000)
    expect(undo(page)).to_be_visible()
    page.clock.run_for(1_500)
    expect(undo(page)).to_have_count(0)

    delete_button(page, drives[1].name).click()
    expect(undo(page)).to_be_focused()
    page.locator(".toast-f").hover()
    page.locator("#q").focus()
    page.clock.run_for(600_000)
    expect(undo(page)).to_be_visible()
    page.locator("h1").hover()
    page.clock.run_for(8_500)
    expect(undo(page)).to_have_count(0)


def test_the_offer_is_dismissed_by_escape_and_the_focus_goes_on(
    visit: Visit, another: Another, drives: list[Path]
) -> None:
    owner = another()
    owner.upload(*drives[:2])
    page = visit(owner).page("/logs")
    delete_button(page, drives[1].name).press("Enter")
    expect(page.locator(".row-log")).to_have_count(1)
    expect(undo(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(undo(page)).to_have_count(0)
    expect(delete_button(page, drives[0].name)).to_be_focused()


# Nothing is deleted by an address


class Foreign(BaseHTTPRequestHandler):
    """Another site, with one link to the address in its path."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>x</title><link rel=icon href=data:,><a href='%s'>A link</a>" % self.server.target)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def foreign_site(target: str) -> Iterator[str]:
    """Yield the address of another origin with a link to the target."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    server.target = target.encode()  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("hidden", ["{id}", "{id}&name=x", "../account", "../analyses/{id}", "%2e%2e/account"])
def test_a_link_of_a_foreign_site_deletes_nothing(
    visit: Visit, another: Another, drives: list[Path], hidden: str
) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    watched = visit(owner)
    changing: list[str] = []
    watched.context.on("request", lambda one: changing.append(one.url) if one.method not in ("GET", "HEAD") else None)
    with foreign_site(f"{watched.url}/logs#undo={hidden.format(id=analysis_id)}") as address:
        watched.forgive(address)
        page = watched.context.new_page()
        page.clock.install()
        page.goto(address)
        page.get_by_role("link", name="A link").click()
        expect(page.locator(".row-log:visible")).to_have_count(1)
        page.clock.run_for(60_000)
        expect(undo(page)).to_have_count(0)
        for path in ("/summary", f"/logs/{analysis_id}", "/logs"):
            page.goto(watched.url + path)
            page.clock.run_for(60_000)
        expect(page.locator(".row-log:visible")).to_have_count(1)
    assert [url for url in changing if not url.endswith("/auth/refresh")] == []
    assert kept(owner) == {analysis_id}
    assert owner.http.get("/api/v1/account").status_code == 200


def test_what_an_older_release_noted_in_the_browser_deletes_nothing(
    visit: Visit, another: Another, drives: list[Path]
) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    watched = visit(owner)
    page = watched.page("/about")
    note = "ids => localStorage.setItem('faplog-deletions', JSON.stringify(ids))"
    page.evaluate(note, [analysis_id, "../account", str(uuid4())])
    for path in ("/logs", "/summary", "/logs"):
        page.goto(watched.url + path)
        page.wait_for_load_state("networkidle")
    assert kept(owner) == {analysis_id}
    assert page.evaluate("localStorage.length") == 0


# Buttons that can be seen before their scripts are there


@contextmanager
def scripts_held(watched: Watched, page: Page, path: str, script: str) -> Iterator[None]:
    """Open a page whose script does not come until the block ends."""
    held: list[Route] = []
    page.route(f"**/js/{script}", lambda route: held.append(route))
    with page.expect_request(f"**/js/{script}"):
        page.goto(watched.url + path, wait_until="commit")
    yield
    for route in held:
        route.continue_()
    page.unroute(f"**/js/{script}")


@pytest.mark.parametrize("script", ["history.js", "app.js", "http.js"])
def test_an_early_click_on_delete_in_the_list_counts(
    visit: Visit, another: Another, drives: list[Path], script: str
) -> None:
    owner = another()
    owner.upload(*drives[:2])
    watched = visit(owner)
    page = watched.context.new_page()
    deletions: list[str] = []
    page.on("request", lambda request: deletions.append(request.url) if request.method == "DELETE" else None)
    with scripts_held(watched, page, "/logs", script):
        delete_button(page, drives[0].name).click()
        assert deletions == []
    expect(page.locator(".row-log")).to_have_count(1)
    expect(undo(page)).to_be_focused()
    assert len(deletions) == 1


@pytest.mark.parametrize("script", ["log.js", "share.js", "app.js"])
def test_early_clicks_on_the_report_count(visit: Visit, another: Another, drives: list[Path], script: str) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    watched = visit(owner)
    page = watched.context.new_page()
    with scripts_held(watched, page, f"/logs/{analysis_id}", script):
        page.locator("header").get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this report")
    expect(dialog.get_by_role("button", name="Create link")).to_be_focused()
    watched.forgive(f"/analyses/{analysis_id}/series")  # deleted while its plots load
    with scripts_held(watched, page, f"/logs/{analysis_id}?again", script):
        page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="This log was deleted")).to_be_visible()
    assert kept(owner) == set()


@pytest.mark.parametrize("script", ["account_tokens.js", "app.js"])
def test_an_early_click_on_create_token_counts(visit: Visit, another: Another, script: str) -> None:
    watched = visit(another())
    page = watched.context.new_page()
    with scripts_held(watched, page, "/account", script):
        page.get_by_role("button", name="Create token…").click()
    expect(page.get_by_role("dialog", name="Create API token").get_by_label("Name")).to_be_focused()


def test_an_early_download_that_is_refused_stays_on_the_page(
    visit: Visit, another: Another, drives: list[Path]
) -> None:
    owner = another()
    (analysis_id,) = owner.upload(*drives[:1])
    watched = visit(owner)
    watched.forgive(f"/analyses/{analysis_id}/")
    page = watched.context.new_page()
    with scripts_held(watched, page, f"/logs/{analysis_id}", "app.js"):
        link = page.get_by_role("link", name="Original CSV")
        link.wait_for()
        assert owner.http.delete(f"/api/v1/analyses/{analysis_id}").status_code == 204
        link.click()
    expect(page.get_by_text("This log does not exist, or it has been deleted.")).to_be_visible()
    expect(page.locator("[data-report]")).to_be_visible()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_early_choice_in_the_comparison_counts(visit: Visit, driver: Driver, device: dict[str, object]) -> None:
    watched = visit(driver.owner, **device)
    page = watched.context.new_page()
    path = f"/compare?a={driver.regenerated}&b={driver.interrupted}"
    with scripts_held(watched, page, path, "compare.js"):
        page.get_by_role("button", name="by time").click()
    expect(page.get_by_role("button", name="by time")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-drawn]")).to_be_visible()


def test_an_early_search_and_an_early_login_count(visit: Visit, driver: Driver) -> None:
    watched = visit(driver.owner)
    page = watched.context.new_page()
    with scripts_held(watched, page, "/logs", "history.js"):
        page.get_by_label("Filter by result").select_option("failed")
    expect(page.locator(".row-log")).to_have_count(1)

    stranger = visit()
    page = stranger.context.new_page()
    with scripts_held(stranger, page, "/login?next=/account", "auth.js"):
        page.get_by_label("E-mail").fill(driver.owner.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/account$"))
    expect(page.locator("[data-email]")).to_have_text(driver.owner.email)


def test_early_files_are_uploaded(visit: Visit, another: Another, drives: list[Path]) -> None:
    owner = another()
    watched = visit(owner)
    page = watched.context.new_page()
    with scripts_held(watched, page, "/upload", "upload.js"):
        page.locator("#files").set_input_files(drives[0])
    expect(page.locator(".upload[data-state=finished]")).to_have_count(1, timeout=60_000)
