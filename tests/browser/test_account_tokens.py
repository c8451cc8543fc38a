"""API tokens in the browser: made, shown once, copied, used by a script and revoked; by keyboard, and on a phone."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Visit
from tests.browser.owner import Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]

TABLET: dict[str, Any] = {"viewport": {"width": 768, "height": 1024}, "has_touch": True}
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


def section(page: Page) -> Locator:
    """Return the section, once its list is there."""
    found = page.locator("#tokens")
    expect(found.locator("[data-count]")).to_be_visible()
    return found


def add(owner: Owner, name: str, **more: Any) -> str:
    """Return a token made by the API."""
    made = owner.http.post("/api/v1/account/tokens", json={"name": name, "scopes": ["read"]} | more)
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def status_of(url: str, token: str) -> int:
    """Return what a script with this token gets for the list of logs."""
    return httpx.get(f"{url}/api/v1/analyses", headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code


def test_a_token_is_made_copied_used_and_revoked(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another(), permissions=["clipboard-read", "clipboard-write"])
    page = watched.page("/account")
    tokens = section(page)
    expect(tokens).to_contain_text("You have no API tokens.")
    tokens.get_by_role("button", name="Create token…").click()
    dialog = page.get_by_role("dialog", name="Create API token")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("Garage NAS")
    dialog.get_by_label("reading logs, analyses and averages").check()
    dialog.get_by_label("Valid for").select_option("30 days")
    dialog.get_by_role("button", name="Create token").click()
    field = dialog.get_by_label("Your new token")
    expect(field).to_be_focused()
    token = field.input_value()
    assert re.fullmatch(r"faplog_[\w-]{43}", token)
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert status_of(watched.url, token) == 200

    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()
    expect(tokens.get_by_role("button", name="Create token…")).to_be_focused()
    assert page.locator("#token-secret").input_value() == "", "it is nowhere in the page any more"
    row = tokens.get_by_role("row", name="Garage NAS")
    expect(row).to_contain_text("reading")
    page.reload()
    expect(row).to_contain_text("reading")
    expect(row).not_to_contain_text("never")

    row.get_by_role("button", name="Revoke Garage NAS").click()
    question = page.get_by_role("dialog", name="Revoke “Garage NAS”?")
    question.get_by_role("button", name="Cancel").click()
    assert status_of(watched.url, token) == 200
    row.get_by_role("button", name="Revoke Garage NAS").click()
    question.get_by_role("button", name="Revoke", exact=True).click()
    expect(tokens).to_contain_text("Revoked. Requests with this token are refused from now on.")
    expect(tokens).to_contain_text("You have no API tokens.")
    expect(tokens.get_by_role("button", name="Create token…")).to_be_focused()
    assert status_of(watched.url, token) == 401


def test_by_keyboard_alone(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another())
    page = watched.page("/account")
    tokens = section(page)
    tokens.get_by_role("button", name="Create token…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Create API token")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Please enter a name.")
    page.keyboard.type("Cron")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("Please choose what the token allows.")
    expect(dialog.get_by_label("uploading logs")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Your new token")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row = tokens.get_by_role("row", name="Cron")
    expect(row).to_contain_text("uploading")
    expect(row).to_contain_text("never")
    row.get_by_role("button", name="Revoke Cron").press("Enter")
    expect(page.get_by_role("dialog", name="Revoke “Cron”?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row.get_by_role("button", name="Revoke Cron")).to_be_focused()


def test_what_the_api_refuses_is_said_in_the_dialog_and_nothing_is_lost(
    visit: Visit, another: Callable[[], Owner]
) -> None:
    owner = another()
    for number in range(50):
        add(owner, f"number {number}")
    watched = visit(owner, locale="fr-FR")
    watched.forgive("409")
    watched.forgive("ERR_FAILED")
    page = watched.page("/account")
    tokens = section(page)
    tokens.get_by_role("button", name="Créer un jeton…").click()
    dialog = page.get_by_role("dialog", name="Créer un jeton d’API")
    dialog.get_by_label("Nom").fill("Un de trop")
    dialog.get_by_label("l’envoi de relevés").check()
    make = dialog.get_by_role("button", name="Créer le jeton")
    make.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Vous avez 50 jetons d’API, le maximum.")
    watched.context.route("**/api/v1/account/tokens", lambda route: route.abort())
    make.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Le service est indisponible")
    watched.context.unroute("**/api/v1/account/tokens")
    expect(dialog.get_by_label("Nom")).to_have_value("Un de trop")
    expect(dialog.get_by_label("l’envoi de relevés")).to_be_checked()
    dialog.get_by_role("button", name="Annuler").click()

    tokens.get_by_role("button", name="Tout révoquer…").click()
    page.get_by_role("dialog", name="Révoquer tous").get_by_role("button", name="Révoquer", exact=True).click()
    expect(tokens).to_contain_text("Tous les jetons sont révoqués.")
    expect(tokens.get_by_role("button", name="Tout révoquer…")).to_be_hidden()


def test_while_the_service_is_away_the_list_is_tried_again(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another())
    watched.forgive("503")
    watched.context.route("**/account/tokens?fragment=1", lambda route: route.fulfill(status=503, body=""))
    page = watched.page("/account")
    again = page.locator("#tokens").get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    watched.context.unroute("**/account/tokens?fragment=1")
    again.click()
    expect(page.locator("#tokens")).to_contain_text("You have no API tokens.")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
@pytest.mark.parametrize("device", [PHONE, TABLET, WIDE], ids=["360", "768", "1440"])
def test_nothing_is_cut_off(visit: Visit, another: Callable[[], Owner], device: dict[str, Any], language: str) -> None:
    """Neither in the list, with the longest name, nor in the dialogs."""
    owner = another()
    add(owner, "N" * 100, scopes=["read", "upload"], days=30)
    add(owner, "a quite ordinary name")
    page = visit(owner, **device, locale=language).page("/account")
    tokens = section(page)
    width = device["viewport"]["width"]
    assert tokens.evaluate("one => one.getBoundingClientRect().right") <= width
    assert tokens.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    for button in tokens.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= width)
    tokens.locator("[data-token-new]").click()
    dialog = page.locator("#token-dialog")
    page.locator("#token-name").fill("x")
    for one in dialog.get_by_role("checkbox").all():
        one.check()
    assert dialog.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    dialog.locator("[data-token-make]").click()
    expect(page.locator("#token-secret")).to_be_focused()
    assert dialog.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    page.keyboard.press("Escape")
    tokens.locator("[data-token-revoke]").last.click()
    assert page.locator("#revoke-dialog").evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_axe_finds_nothing_serious(visit: Visit, another: Callable[[], Owner]) -> None:
    """In the list and the dialogs, in both themes."""
    owner = another()
    add(owner, "one", days=30)
    add(owner, "two")
    page = visit(owner, **DESKTOP).page("/account")
    found: dict[str, list[str]] = {}

    def judge(name: str) -> None:
        page.emulate_media(color_scheme="light")
        page.locator("html[data-bs-theme=light]").wait_for()
        found[f"{name}, light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        page.locator("html[data-bs-theme=dark]").wait_for()
        found[f"{name}, dark"] = axe(page, "color-contrast")

    tokens = section(page)
    judge("list")
    tokens.locator("[data-token-new]").click()
    page.locator("#token-dialog [data-token-make]").click()
    expect(page.locator("#token-dialog [role=alert]")).to_be_visible()
    judge("dialog with an error")
    page.locator("#token-name").fill("x")
    page.locator("#token-dialog").get_by_role("checkbox").first.check()
    page.locator("#token-dialog [data-token-make]").click()
    expect(page.locator("#token-secret")).to_be_focused()
    judge("dialog with the secret")
    page.keyboard.press("Escape")
    tokens.locator("[data-token-revoke]").first.click()
    judge("question")
    assert not {name: problems for name, problems in found.items() if problems}
