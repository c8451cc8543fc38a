"""A report shared by a link: made by its owner, read by somebody without an account, and ended."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Driver, Visit
from tests.browser.test_looks import SHIFTS, settled

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def opened(page: Page) -> Locator:
    """The dialog, once it says what there is."""
    page.locator("header").get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this report")
    expect(dialog.get_by_role("button", name=re.compile("Create link|New link"))).to_be_focused()
    return dialog


def shared(driver: Driver, log_id: str) -> str:
    """The path of a new link to a log, made through the API."""
    made = driver.owner.http.post(f"/api/v1/analyses/{log_id}/share")
    assert made.status_code == 201, made.text
    path: str = made.json()["path"]
    return path


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
    assert re.fullmatch(re.escape(owner.url) + r"/shared/[\w-]{43}", link)

    stranger = visit(**PHONE)
    stranger.forgive("404")
    reading = stranger.page(link.removeprefix(stranger.url))
    reading.locator("[data-drawn]").wait_for()
    expect(reading.get_by_role("heading", name="Regenerations")).to_be_visible()
    expect(reading.get_by_text("Shared with you")).to_be_visible()
    for owners in ("Delete", "Share", "Compare", "Original CSV"):
        expect(reading.get_by_text(owners, exact=True)).to_have_count(0)
    assert not stranger.context.cookies()

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

    dialog.get_by_role("button", name="Stop sharing").click()
    expect(dialog.get_by_text("The link no longer works.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Create link")).to_be_focused()
    reading.reload()
    expect(reading.get_by_role("heading", name="Ce lien ne fonctionne pas")).to_be_visible()
    expect(reading.get_by_role("link", name="Qu’est-ce que faplog")).to_be_visible()


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_shared_pages_are_readable_for_everybody(visit: Visit, driver: Driver, device: dict[str, object]) -> None:
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
