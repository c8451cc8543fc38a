"""Dialogs in the browser: how they are left, and that nothing typed and nothing on its way is lost by it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import Visit
from tests.browser.owner import PASSWORD, Owner, new_owner
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
    """Return a point in the padding of a dialog, and one above it."""
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
    log = owner.logs()["data"][0]["id"]
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
    log = owner.logs()["data"][0]["id"]
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


class Held:
    """Holds the requests of a method to a part of the API back, until they are released."""

    def __init__(self, page: Page, path: str, method: str) -> None:
        self.page = page
        self.method = method
        self.routes: list[Route] = []
        self.released = False
        page.route(f"**/api/v1{path}", self._on_request)

    def _on_request(self, route: Route) -> None:
        if self.released or route.request.method != self.method:
            route.continue_()
        else:
            self.routes.append(route)

    def wait(self) -> None:
        """Wait until there is one."""
        while not self.routes:
            self.page.wait_for_timeout(50)

    def release(self) -> None:
        """Let them go, and all that follow."""
        self.released = True
        for route in self.routes:
            route.continue_()


def try_to_leave(page: Page, dialog: Locator) -> None:
    """Escape, twice, and a press beside the dialog; it stays."""
    _, beside = padding_and_beside(dialog)
    for _ in range(2):
        page.keyboard.press("Escape")
    press(page, beside, beside)
    expect(dialog).to_be_visible()
    for button in dialog.get_by_role("button").all():
        expect(button).to_be_disabled()


def moving(page: Page) -> tuple[Locator, Held]:
    """Return the dialog that moves all logs to the C5, while the first request is on its way."""
    held = Held(page, "/analyses/*", "PATCH")
    select_logs(page)
    page.locator("[data-move-selected]").click()
    dialog = page.get_by_role("dialog", name="Move the selected logs")
    dialog.get_by_label("Move to").select_option("C5")
    dialog.get_by_role("button", name="Move", exact=True).click()
    held.wait()
    return dialog, held


def logs_of(owner: Owner) -> dict[str | None, int]:
    """Return the number of logs of each car that has some, by its name."""
    return {car["name"]: car["logs"] for car in owner.http.get("/api/v1/cars").json()["data"] if car["logs"]}


@pytest.mark.parametrize("closed", [False, True], ids=["held", "closed-all-the-same"])
def test_all_logs_that_were_moved_are_moved_back(visit: Visit, owner: Owner, closed: bool) -> None:
    """The dialog cannot be left while it moves logs; where a browser closes it, nothing is forgotten."""
    before = logs_of(owner)
    page = visit(owner).page("/logs")
    dialog, held = moving(page)
    if closed:
        dialog.evaluate("dialog => dialog.close()")
        expect(dialog).to_be_hidden()
    else:
        try_to_leave(page, dialog)
    held.release()
    expect(page.get_by_text("2 logs moved")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert logs_of(owner) == {"C5": 2}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 logs moved back")).to_be_visible()
    assert logs_of(owner) == before


def test_a_secret_on_its_way_is_shown(visit: Visit, owner: Owner) -> None:
    """A token and a link are shown only once, so their dialogs wait for them."""
    log = owner.logs()["data"][0]["id"]
    page = visit(owner).page("/account")
    held = Held(page, "/account/tokens", "POST")
    page.get_by_role("button", name="Create token…").click()
    dialog = page.get_by_role("dialog", name="Create API token")
    dialog.get_by_label("Name").fill("Laptop")
    dialog.get_by_label("uploading logs").check()
    dialog.get_by_role("button", name="Create token").click()
    held.wait()
    try_to_leave(page, dialog)
    held.release()
    expect(dialog.get_by_label("Your new token")).not_to_have_value("")

    page.goto(re.sub("/account$", f"/logs/{log}", page.url))
    held = Held(page, "/analyses/*/share", "POST")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this report")
    dialog.get_by_role("button", name=re.compile("Create link|New link")).click()
    held.wait()
    try_to_leave(page, dialog)
    held.release()
    expect(dialog.get_by_label("Link", exact=True)).to_be_focused()
    expect(dialog.get_by_role("button", name="Close")).to_be_enabled()


def test_an_account_is_not_deleted_behind_a_closed_dialog(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another())
    page = watched.page("/account")
    held = Held(page, "/account", "DELETE")
    page.get_by_role("button", name="Delete account…").click()
    dialog = page.get_by_role("dialog", name="Delete everything?")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Delete everything").click()
    held.wait()
    try_to_leave(page, dialog)
    held.release()
    expect(page).to_have_url(f"{watched.url}/about")
