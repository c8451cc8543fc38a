"""A report or a car shared by a link: made by its owner, read without an account, and ended."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, axe, expect_printing
from tests.browser.conftest import Driver, Visit
from tests.browser.test_looks import SHIFTS, settled
from tests.conftest import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def opened(page: Page) -> Locator:
    """Return the dialog, once it says what there is."""
    page.locator("header").get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this report")
    expect(dialog.get_by_role("button", name=re.compile("Create link|New link"))).to_be_focused()
    return dialog


def shared(driver: Driver, log_id: str) -> str:
    """Return the path of a new link to a log, made through the API."""
    made = driver.owner.http.post(f"/api/v1/analyses/{log_id}/share")
    assert made.status_code == 201, made.text
    path: str = made.json()["path"]
    return path


def shared_car(driver: Driver) -> str:
    """Return the path of a new link to the driver's car, made through the API."""
    (car,) = driver.owner.http.get("/api/v1/cars").json()["data"]
    made = driver.owner.http.post(f"/api/v1/cars/{car['id']}/share")
    assert made.status_code == 201, made.text
    path: str = made.json()["path"]
    return path


def in_french(page: Page) -> None:
    """Choose another language."""
    page.get_by_role("button", name="Language, units and theme").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Français").click()


def test_a_link_is_made_copied_read_renewed_and_ended(visit: Visit, driver: Driver) -> None:
    owner = visit(driver.owner, permissions=["clipboard-read", "clipboard-write"])
    page = owner.page(f"/logs/{driver.regenerated}")
    dialog = opened(page)
    dialog.get_by_label("Link valid for").select_option("7 days")
    dialog.get_by_role("button", name="Create link").click()
    field = dialog.get_by_label("Link", exact=True)
    expect(field).to_be_focused()
    expect(dialog).to_contain_text("A link is active until")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    link = field.input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    assert re.fullmatch(re.escape(owner.url) + r"/shared#[\w-]{43}", link)

    stranger = visit(**PHONE)
    stranger.forgive("404")
    reading = stranger.page(link.removeprefix(stranger.url))
    reading.locator("[data-drawn]").wait_for()
    expect(reading.get_by_role("heading", name="Regenerations")).to_be_visible()
    expect(reading.get_by_text("Shared with you")).to_be_visible()
    for owners in ("Delete", "Share", "Compare", "Original CSV"):
        expect(reading.get_by_text(owners, exact=True)).to_have_count(0)
    assert not stranger.context.cookies()
    with reading.expect_download() as picture:
        reading.get_by_role("button", name="Plots (PNG)").click()
    assert picture.value.suggested_filename.endswith(".png")

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    dialog = opened(page)
    expect(dialog.get_by_label("Link", exact=True)).to_be_hidden()
    dialog.get_by_role("button", name="New link").click()
    expect(field).to_be_focused()
    renewed = field.input_value()
    assert renewed != link
    reading.reload()
    expect(reading.get_by_role("heading", name="This link does not work")).to_be_visible()
    reading.goto(renewed)
    reading.locator("[data-drawn]").wait_for()
    reading.get_by_role("button", name="Language, units and theme").click()
    reading.get_by_role("button", name="Français").click()
    expect(reading.get_by_text("Rapport partagé avec vous")).to_be_visible()
    assert reading.url == renewed

    dialog.get_by_role("button", name="Stop sharing").click()
    expect(dialog.get_by_text("The link no longer works.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Create link")).to_be_focused()
    reading.reload()
    expect(reading.get_by_role("heading", name="Ce lien ne fonctionne pas")).to_be_visible()
    expect(reading.get_by_role("link", name="Qu’est-ce que faplog")).to_be_visible()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_shared_pages_are_accessible(visit: Visit, driver: Driver, device: dict[str, object]) -> None:
    """Nothing sideways, nothing that jumps; nothing axe finds serious in either theme, on the larger screen."""
    watched = visit(**device)
    watched.forgive("404")
    page = watched.page("/health")
    found: dict[str, list[str]] = {}

    def judge(one: Page, name: str) -> None:
        if device is not DESKTOP:
            return
        found[f"{name}, light"] = axe(one)
        one.emulate_media(color_scheme="dark")
        one.locator("html[data-bs-theme=dark]").wait_for()
        found[f"{name}, dark"] = axe(one, "color-contrast")

    for name, path, complete in (
        ("report", shared(driver, driver.regenerated), "[data-drawn]"),
        ("dead link", "/shared/dead", ".empty"),
        ("car", shared_car(driver), "#trends[data-drawn]"),
    ):
        page.emulate_media(color_scheme="light")
        page.goto(watched.url + path)
        page.locator(complete).first.wait_for()
        assert page.evaluate(SHIFTS) <= 0.05
        settled(page, complete)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        judge(page, name)

    owner = visit(driver.owner, **device).page(f"/logs/{driver.regenerated}")
    dialog = opened(owner)
    dialog.get_by_role("button", name="New link").click()
    expect(dialog.get_by_label("Link", exact=True)).to_be_focused()
    assert dialog.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    judge(owner, "dialog")
    assert not {name: problems for name, problems in found.items() if problems}


def test_a_car_is_shared_read_and_ended(visit: Visit, driver: Driver) -> None:
    owner = visit(driver.owner)
    page = owner.page("/summary")
    page.get_by_role("button", name="Share this car").click()
    dialog = page.get_by_role("dialog", name="Share this car")
    dialog.get_by_role("button", name=re.compile("Create link|New link")).click()
    field = dialog.get_by_label("Link", exact=True)
    expect(field).to_be_focused()
    link = field.input_value()

    stranger = visit(**PHONE)
    stranger.forgive("404")
    reading = stranger.page(link.removeprefix(stranger.url))
    reading.locator("#trends[data-drawn]").wait_for()
    for words in ("May I drive on?", "Trends", "Regeneration history", "Shared with you"):
        expect(reading.get_by_text(words).first).to_be_visible()
    expect_printing(reading)
    main = reading.locator("main")
    expect(main.locator("a[href^='/logs'], a[href^='/summary'], form")).to_have_count(0)
    trend = main.locator(".trend-plot").first
    trend.click()
    assert reading.url == link, "a point leads to no log"
    in_french(reading)
    reading.locator("#trends[data-drawn]").wait_for()
    assert reading.url == link
    expect(reading.get_by_text("dernier relevé du")).to_be_visible()
    assert {cookie["name"] for cookie in stranger.context.cookies()} == {"faplog_language"}

    dialog.get_by_role("button", name="Stop sharing").click()
    expect(dialog.get_by_text("The link no longer works.")).to_be_visible()
    reading.reload()
    expect(reading.get_by_role("heading", name="Ce lien ne fonctionne pas")).to_be_visible()


def test_no_request_and_no_line_of_a_log_has_the_token(visit: Visit, driver: Driver, stack: Stack) -> None:
    """Whatever a reader does on the page: the token stays in the browser's address and in headers."""
    stranger = visit()
    asked: list[str] = []
    stranger.context.on("request", lambda request: asked.append(request.url.partition("#")[0]))
    page = stranger.page("/health")
    links = (shared(driver, driver.regenerated), shared_car(driver))
    for link in links:
        page.goto("about:blank")
        page.goto(stranger.url + link)
        page.locator("[data-drawn]").wait_for()
        in_french(page)
        page.locator("[data-drawn]").wait_for()
        page.get_by_role("button", name="Langue, unités et thème").click()
        with page.expect_navigation():
            page.get_by_role("button", name="English").click()
        page.locator("[data-drawn]").wait_for()
        assert page.url == stranger.url + link
    page.goto(stranger.url + links[0].replace("#", "/"))
    page.locator("[data-drawn]").wait_for()
    old = asked.pop(next(i for i, url in enumerate(asked) if "/shared/" in url and "/api/" not in url))
    assert old == stranger.url + links[0].replace("#", "/"), "of an earlier release: this one request has it"

    tokens = [link.partition("#")[2] for link in links]
    assert any("/api/v1/shared/series" in url for url in asked)
    assert not [url for url in asked if any(token in url for token in tokens)]
    files = sorted((stack.state / "logs").glob("*.log*"))
    lines = "".join(file.read_text("utf-8", "replace") for file in files)
    assert "report shared by a link" in lines, "the API's log is among them"
    assert {"api.log", "edge.log", "ui.log"} <= {file.name for file in files}
    assert not [token for token in tokens if token in lines]


def test_a_link_of_an_earlier_release_still_opens(visit: Visit, driver: Driver) -> None:
    link = shared(driver, driver.interrupted)
    page = visit(**PHONE).page(link.replace("#", "/"))
    page.locator("[data-drawn]").wait_for()
    assert page.url.endswith(link)


def test_links_within_the_page_keep_its_key(visit: Visit, driver: Driver) -> None:
    link = shared(driver, driver.regenerated)
    stranger = visit()
    page = stranger.page(link)
    page.locator("[data-drawn]").wait_for()
    page.get_by_role("navigation", name="Sections of this report").get_by_role("link", name="Data quality").click()
    expect(page.locator("#quality")).to_be_in_viewport()
    expect(page.locator("#quality")).to_be_focused()
    assert page.url == stranger.url + link
    page.keyboard.press("Control+Home")
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url == stranger.url + link


@pytest.mark.parametrize("path", ["/reset#a-token", "/register#an-invite"])
def test_the_pages_of_other_links_keep_theirs(visit: Visit, path: str) -> None:
    stranger = visit()
    page = stranger.page(path)
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    in_french(page)
    assert page.url == stranger.url + path
    expect(page.locator("form[data-reset], [data-invited]").first).to_be_visible()


@pytest.mark.parametrize("fragment", ["", "#main", "#zu%20kurz"])
def test_an_incomplete_link_says_so(visit: Visit, fragment: str) -> None:
    stranger = visit()
    stranger.forgive("404")
    page = stranger.page(f"/shared{fragment}")
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_without_scripts_there_is_a_sentence(visit: Visit) -> None:
    page = visit(java_script_enabled=False).page("/shared#token")
    said = page.locator("noscript p")
    expect(said).to_be_visible()
    expect(said).to_have_text("These pages need JavaScript.")


def test_the_address_of_a_car_explains_itself(visit: Visit, driver: Driver) -> None:
    (car,) = driver.owner.http.get("/api/v1/cars").json()["data"]
    stranger = visit(**PHONE)
    stranger.forgive("401")
    page = stranger.page(f"/summary?car={car['id']}")
    expect(page.get_by_text("It is the page of a car, and only its owner can open it.")).to_be_visible()
    assert axe(page) == []


def test_a_link_is_ended_on_the_account_page(visit: Visit, driver: Driver) -> None:
    shared(driver, driver.interrupted)
    token = shared_car(driver).partition("#")[2]
    page = visit(driver.owner, **PHONE).page("/account")
    links = page.get_by_role("region", name="Shared links")
    row = links.locator("[data-link]", has=page.locator("[data-end^='/cars/']"))
    expect(links.locator("[data-link]").nth(1)).to_be_visible()
    row.get_by_role("button", name="End the link to").click()
    expect(page.get_by_text("The link no longer works.")).to_be_visible()
    expect(row).to_have_count(0)
    answer = httpx.get(
        f"{page.url.removesuffix('/account')}/api/v1/shared", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 404
