"""Dialogs in the browser: how they are left, and that nothing typed and nothing on its way is lost by it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import Visit
from tests.browser.owner import Owner, new_owner
from tests.conftest import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser]

Point = tuple[float, float]


@pytest.fixture(scope="module")
def owner(stack: Stack, drives: list[Path]) -> Iterator[Owner]:
    """With two logs, two cars more and a token."""
    made = new_owner(stack.url)
    made.upload(*drives[:2])
    for name in ("C5", "Berlingo"):
        assert made.http.post("/api/v1/cars", json={"name": name}).status_code == 201
    token = {"name": "Cron", "scopes": ["read"], "days": 30}
    assert made.http.post("/api/v1/account/tokens", json=token).status_code == 201
    yield made
    made.http.close()


def padding_and_beside(dialog: Locator) -> tuple[Point, Point]:
    """A point in the padding of a dialog, and one above it."""
    box = dialog.bounding_box()
    assert box
    assert dialog.evaluate("dialog => parseFloat(getComputedStyle(dialog).paddingLeft)") > 10
    return (box["x"] + 6, box["y"] + box["height"] / 2), (box["x"] + box["width"] / 2, box["y"] - 20)


def press(page: Page, begin: Point, end: Point) -> None:
    """Press the button of the mouse at a point, and release it at another one."""
    page.mouse.move(*begin)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def expect_left_only_beside(page: Page, dialog: Locator) -> None:
    """Only a press that begins and ends beside the dialog closes it."""
    expect(dialog).to_be_visible()
    padding, beside = padding_and_beside(dialog)
    for begin, end in ((padding, padding), (padding, beside), (beside, padding)):
        press(page, begin, end)
        expect(dialog).to_be_visible()
    press(page, beside, beside)
    expect(dialog).to_be_hidden()


def test_a_press_in_a_dialog_does_not_close_it(visit: Visit, owner: Owner) -> None:
    (log, *_) = [log["id"] for log in owner.logs()["data"]]
    page = visit(owner).page("/cars")
    for name in ("Rename… C5", "Merge… C5"):
        page.get_by_role("button", name=name).click()
        expect_left_only_beside(page, page.locator("dialog[open]"))

    page.goto(re.sub("/cars$", "/account", page.url))
    for name in ("Delete account…", "Create token…", "Revoke Cron"):
        page.get_by_role("button", name=name).click()
        expect_left_only_beside(page, page.locator("dialog[open]"))

    page.goto(re.sub("/account$", f"/logs/{log}", page.url))
    page.get_by_role("button", name="Add note…").click()
    expect_left_only_beside(page, page.locator("dialog[open]"))

    page.goto(re.sub("/logs/.*", "/logs", page.url))
    select_logs(page)
    page.locator("[data-move-selected]").click()
    expect_left_only_beside(page, page.locator("dialog[open]"))


def test_a_tap_in_the_padding_keeps_what_was_typed(visit: Visit, owner: Owner) -> None:
    page = visit(owner, **PHONE).page("/cars")
    page.get_by_role("button", name="Rename… C5").tap()
    dialog = page.get_by_role("dialog", name="Rename the car")
    dialog.get_by_label("Name").fill("C5 of the family")
    padding, beside = padding_and_beside(dialog)
    page.touchscreen.tap(*padding)
    expect(dialog.get_by_label("Name")).to_have_value("C5 of the family")
    expect(dialog).to_be_visible()
    page.touchscreen.tap(*beside)
    expect(dialog).to_be_hidden()


def test_a_link_that_is_shown_only_once_is_not_pressed_away(visit: Visit, owner: Owner) -> None:
    (log, *_) = [log["id"] for log in owner.logs()["data"]]
    page = visit(owner).page(f"/logs/{log}")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this report")
    expect(dialog.get_by_role("button", name="Create link")).to_be_focused()
    expect_left_only_beside(page, dialog)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog.get_by_role("button", name="Create link").click()
    expect(dialog.get_by_label("Link", exact=True)).to_be_focused()
    _, beside = padding_and_beside(dialog)
    press(page, beside, beside)
    expect(dialog.get_by_label("Link", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def select_logs(page: Page) -> None:
    """Select every log of the history, once the cars to move them to are known."""
    with page.expect_response("**/cars/choices*"):
        page.locator("[data-select]").click()
    page.get_by_role("button", name="Select all").click()
