"""The list of cars: renamed, confirmed, merged, deleted and brought back; and logs moved to another car."""

from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, axe
from tests.browser.conftest import Visit
from tests.browser.owner import Owner
from tests.browser.test_cars import WIDTHS, cars, drive

pytestmark = [pytest.mark.stack, pytest.mark.browser]

TWO: Final = [(0, 10_000), (1, 154_000), (3, 10_120)]
"""The logs of two cars with the same control unit: day and kilometres of the filter."""

OVERLAPPING: Final = """rows => rows.filter(row => {
  const parts = [...row.children].filter(part => part.childElementCount).map(part => part.getBoundingClientRect());
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  return parts.some((one, n) => parts.slice(n + 1).some(other => !apart(one, other)));
}).map(row => row.textContent)"""
"""The cars whose name, badges and buttons are on top of each other."""


def names(owner: Owner) -> dict[str | None, int]:
    """Return the number of logs of each car, by its name."""
    return {one["name"]: one["logs"] for one in cars(owner)}


def rename(page: Page, label: str, name: str) -> None:
    """Rename a car by keyboard."""
    page.get_by_role("button", name=f"Rename… {label}").press("Enter")
    dialog = page.get_by_role("dialog", name="Rename the car")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=f"Rename… {name}")).to_be_focused()


def test_cars_are_confirmed_renamed_deleted_restored_and_merged(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, TWO)
    watched = visit(owner, **DESKTOP)
    page = watched.page("/summary")
    page.get_by_role("link", name="Manage cars").click()
    rows = page.locator("[data-car]")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="guessed")).to_have_count(1)
    assert not axe(page)

    guessed = next(one["id"] for one in cars(owner) if one["guessed"])
    page.locator(f"[data-car='{guessed}'] [data-confirm]").press("Enter")
    expect(rows.filter(has_text="guessed")).to_have_count(0)
    expect(page.locator(f"[data-car='{guessed}'] [data-rename]")).to_be_focused()
    assert not any(one["guessed"] for one in cars(owner))

    rename(page, "DCM62v2, no. 1", "Berlingo")
    rename(page, "DCM62v2", "C5")
    assert names(owner) == {"Berlingo": 2, "C5": 1}

    page.get_by_role("button", name="Delete C5").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(rows).to_have_count(1)
    expect(page.locator("[data-car] [data-delete]")).to_have_count(0)
    assert names(owner) == {"Berlingo": 2}
    undo.press("Enter")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Delete C5").click()
    expect(rows).to_have_count(1)
    page.reload()
    page.get_by_role("button", name="Restore C5").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("heading", name="Recently deleted")).to_have_count(0)
    assert names(owner) == {"Berlingo": 2, "C5": 1}

    page.get_by_role("button", name="Merge… C5").click()
    question = page.get_by_role("dialog", name="Merge “C5” into another car?")
    assert not axe(page)
    question.get_by_role("button", name="Cancel").click()
    assert len(cars(owner)) == 2
    page.get_by_role("button", name="Merge… C5").click()
    expect(question.get_by_label("Merge into").get_by_role("option")).to_have_text(["Berlingo"])
    question.get_by_role("button", name="Merge", exact=True).click()
    expect(rows).to_have_count(1)
    expect(page.get_by_role("button", name="Rename… Berlingo")).to_be_focused()
    assert names(owner) == {"Berlingo": 3}


def test_a_car_that_is_gone_is_said_to_be_and_nothing_is_lost(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    first, second = (owner.http.post("/api/v1/cars", json={"name": name}).json()["id"] for name in ("One", "Two"))
    watched = visit(owner, **DESKTOP)
    watched.forgive("404")
    watched.forgive("409")
    page = watched.page("/cars")
    rows = page.locator("[data-car]")
    expect(rows).to_have_count(2)
    assert owner.http.post(f"/api/v1/cars/{second}/merge", json={"into": first}).status_code == 200
    page.get_by_role("button", name="Rename… Two").click()
    dialog = page.get_by_role("dialog", name="Rename the car")
    dialog.get_by_label("Name").fill("Three")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("no longer exists")
    expect(dialog.get_by_label("Name")).to_have_value("Three")
    dialog.get_by_role("button", name="Cancel").click()
    expect(rows).to_have_count(1)
    assert names(owner) == {"One": 0}


def test_selected_logs_are_moved_to_another_car(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, TWO[::2])
    page = visit(owner, **DESKTOP).page("/logs")
    select, move = page.locator("[data-select]"), page.locator("[data-move-selected]")
    with page.expect_response("**/cars/choices*"):
        select.click()
    expect(page.locator("[data-delete-selected]")).to_be_visible()
    expect(move).to_be_hidden()

    assert owner.http.post("/api/v1/cars", json={"name": "C5"}).status_code == 201
    page.reload()
    select.click()
    expect(move).to_be_disabled()
    page.get_by_role("checkbox", name="Select DCM62v2_20250106.csv").check()
    move.click()
    dialog = page.get_by_role("dialog", name="Move the selected logs")
    dialog.get_by_label("Move to").select_option("C5")
    assert not axe(page)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("1 log moved")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Escape")
    expect(select).to_be_focused()
    assert names(owner) == {None: 1, "C5": 1}


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_the_list_fits_every_width(visit: Visit, another: Callable[[], Owner], language: str) -> None:
    owner = another()
    drive(owner, TWO[:2])
    for name in ("W" * 60, "Berlingo of the family, with the trailer", "C5"):
        made = owner.http.post("/api/v1/cars", json={"name": name})
        assert made.status_code == 201, made.text
    assert owner.http.delete(f"/api/v1/cars/{made.json()['id']}").status_code == 204
    page = visit(owner, **DESKTOP, locale=language).page("/cars")
    expect(page.locator("[data-car]")).to_have_count(4)
    expect(page.locator("[data-confirm]")).to_have_count(1)
    expect(page.locator("[data-restore]")).to_have_count(1)
    assert not axe(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        assert page.locator(".row-car").evaluate_all(OVERLAPPING) == []
