"""What the pages know of a car's life: timeline, regenerations, notes on logs, logs moved back, and the car of uploads.

By mouse, by keyboard and on a phone; in three languages and at three widths.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import Owner
from tests.browser.test_cars import START, cars, drawn, drive
from tests.conftest import until
from tests.unit.analyse.handmade import csv_log

pytestmark = [pytest.mark.stack, pytest.mark.browser]

WIDTHS: Final = (360, 768, 1440)
LANGUAGES: Final = ("en-GB", "fr-FR", "pl-PL")
SIDEWAYS: Final = """() => [document.documentElement, ...document.querySelectorAll("#body .table-scroll, dialog[open]")]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.className || one.tagName)"""


def sideways(page: Page) -> dict[int, Any]:
    """Return what scrolls sideways, by width."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if wide := page.evaluate(SIDEWAYS):
            found[width] = wide
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_timeline_and_regenerations_fit_everywhere(visit: Visit, driver: Driver, language: str) -> None:
    page = visit(driver.owner, **DESKTOP, locale=language).page("/summary")
    drawn(page)
    rows = page.locator("#regenerations tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator("#timeline .badge-v.is-good")).to_have_count(2)
    expect(page.locator("#timeline .badge-v.is-act")).to_have_count(1)
    expect(page.locator(".answer")).to_have_count(4)
    assert sideways(page) == {}
    assert axe(page) == []


def test_the_timeline_leads_to_a_log_by_keyboard(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner, **DESKTOP).page("/summary")
    drawn(page)
    page.locator("#timeline a").first.press("Enter")
    page.wait_for_url("**/logs/*")
    expect(page.locator("#regens")).to_be_visible()


def test_a_note_on_a_log_is_added_changed_and_deleted_with_undo(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, [(0, 10_000)])
    (log,) = owner.logs()["data"]
    watched = visit(owner, **DESKTOP)
    watched.forgive("404")
    page = watched.page(f"/logs/{log['id']}")
    page.locator("#log-note").get_by_role("button", name="Add note…").press("Enter")
    dialog = page.get_by_role("dialog", name="Note on this log")
    expect(dialog.get_by_label("Text")).to_be_focused()
    dialog.get_by_label("Text").fill("with trailer\n<b>uphill</b>")
    assert sideways(page) == {}
    assert axe(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("[data-log-note-text]")).to_have_text("with trailer\n<b>uphill</b>")
    expect(page.get_by_role("button", name="Edit note…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Text")).to_have_value("with trailer\n<b>uphill</b>")
    dialog.get_by_label("Text").fill("with caravan")
    page.keyboard.press("Escape")
    expect(page.locator("[data-log-note-text]")).to_contain_text("with trailer")
    page.get_by_role("button", name="Delete note").click()
    expect(page.locator("[data-log-note-text]")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-log-note-text]")).to_contain_text("with trailer")
    page.goto(page.url.rsplit("/", 1)[0])
    expect(page.locator(".row-note")).to_contain_text("with trailer <b>uphill</b>")
    assert sideways(page) == {}

    page.goto(f"{page.url}/{log['id']}")
    page.get_by_role("button", name="Edit note…").click()
    assert owner.http.delete(f"/api/v1/analyses/{log['id']}").status_code == 204
    dialog.get_by_label("Text").fill("written in vain?")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(dialog.get_by_label("Text")).to_have_value("written in vain?")


def test_logs_are_filtered_by_car_moved_and_moved_back(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, [(0, 10_000), (1, 154_000), (3, 10_120)])
    guessed = next(one["id"] for one in cars(owner) if one["guessed"])
    known = next(one["id"] for one in cars(owner) if not one["guessed"])
    page = visit(owner, **DESKTOP).page("/logs")
    rows, chooser = page.locator("li[data-id]"), page.get_by_label("Filter by car")
    expect(rows).to_have_count(3)
    chooser.select_option(guessed)
    expect(rows).to_have_count(1)
    page.get_by_label("From").fill("2025-01-08")
    expect(rows).to_have_count(0)
    page.get_by_label("From").fill("2025-01-06")
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)
    expect(chooser.locator("option:checked")).not_to_have_text("The chosen car")
    assert sideways(page) == {}
    assert axe(page) == []

    page.locator("[data-select]").click()
    page.locator("[data-pick]").check()
    page.locator("[data-move-selected]").click()
    dialog = page.get_by_role("dialog", name="Move the selected logs")
    dialog.get_by_label("Move to").select_option(known)
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    assert [(one["id"], one["logs"]) for one in cars(owner)] == [(known, 3)]
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 log moved back")).to_be_visible()
    expect(page.locator("[data-select]")).to_be_focused()
    assert {(one["id"], one["logs"]) for one in cars(owner)} == {(known, 2), (guessed, 1)}


def log_of(folder: Path, day: int) -> Path:
    """Return a log without counters."""
    path = folder / f"DCM62v2_202501{6 + day:02}.csv"
    path.write_bytes(csv_log({"Revs": [1500 + row for row in range(90)]}, date=f"{START:%Y.%m}.{6 + day:02}"))
    return path


def test_the_car_of_an_upload_is_chosen_and_may_be_gone(
    visit: Visit, another: Callable[[], Owner], tmp_path: Path
) -> None:
    owner = another()
    watched = visit(owner, **PHONE)
    watched.forgive("404")
    page = watched.page("/upload")
    page.locator("[data-ready]").wait_for()
    expect(page.locator("[data-upload-car]")).to_be_hidden()
    first, second = (owner.http.post("/api/v1/cars", json={"name": name}).json()["id"] for name in ("One", "Two"))
    page.reload()
    page.locator("[data-ready]").wait_for()
    chooser = page.get_by_label("Car of the next files")
    expect(chooser).to_have_value("")
    assert axe(page) == []
    chooser.select_option("Two")
    page.locator("#files").set_input_files(log_of(tmp_path, 0))
    expect(page.locator(".upload")).to_contain_text("for Two")
    page.locator(".upload[data-state=finished]").wait_for()
    assert {one["id"]: one["logs"] for one in cars(owner)} == {first: 0, second: 1}

    assert owner.http.delete(f"/api/v1/cars/{second}").status_code == 204
    page.locator("#files").set_input_files(log_of(tmp_path, 1))
    refused = page.locator(".upload[data-state=error]")
    expect(refused).to_contain_text("This car no longer exists")
    expect(page.locator("[data-upload-car]")).to_be_hidden()
    page.reload()  # the file stays in the list
    refused.get_by_role("button", name="Upload and detect the car automatically").click()
    expect(page.locator(".upload[data-state=finished]")).to_have_count(2)
    until(lambda: [one["logs"] for one in cars(owner)] == [1], 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_upload_and_history_of_several_cars_fit_everywhere(
    visit: Visit, another: Callable[[], Owner], language: str
) -> None:
    owner = another()
    for name in ("W" * 60, "Berlingo of the family, with the trailer"):
        assert owner.http.post("/api/v1/cars", json={"name": name}).status_code == 201
    watched = visit(owner, **DESKTOP, locale=language)
    page = watched.page("/upload")
    page.locator("[data-ready]").wait_for()
    expect(page.locator("[data-upload-car]")).to_be_visible()
    assert sideways(page) == {}
    page.goto(page.url.replace("/upload", "/logs"))
    expect(page.locator("[data-car-filter]")).to_be_visible()
    assert sideways(page) == {}
    assert axe(page) == []


def test_the_guessed_car_of_a_log_is_confirmed(visit: Visit, another: Callable[[], Owner], tmp_path: Path) -> None:
    owner = another()
    drive(owner, [(0, 10_000), (1, 154_000)])
    owner.upload(log_of(tmp_path, 2))
    (log,) = owner.logs(carGuessed="true")["data"]
    page = visit(owner, **DESKTOP).page(f"/logs/{log['id']}")
    asked = page.get_by_role("region", name="Which car is this log from?")
    other = next(one["id"] for one in cars(owner) if one["id"] != log["carId"])
    assert sideways(page) == {}
    assert axe(page) == []
    asked.get_by_label("Car").select_option(other)
    asked.get_by_role("button", name="Confirm").press("Enter")
    expect(asked).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()
    assert owner.logs(carGuessed="true")["data"] == []
    assert owner.logs(car=other)["pagination"]["totalItems"] == 2
