"""The page of a car: two cars uploaded mixed, the question about a counter that fell, notes and reminders.

By mouse, by keyboard and on a phone; in three languages and at three widths.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, SPY, axe
from tests.browser.conftest import Visit
from tests.browser.owner import Owner, new_owner
from tests.conftest import Stack, until
from tests.unit.analyse.handmade import csv_log

pytestmark = [pytest.mark.stack, pytest.mark.browser]

START: Final = date(2025, 1, 6)
MIXED: Final = [(0, 10_000), (1, 154_000), (3, 10_120), (4, 154_200), (9, 10_400), (40, 156_000)]
"""The logs of two cars with the same control unit: day and kilometres of the filter."""

WIDTHS: Final = (360, 768, 1440)


def drive(owner: Owner, drives: Iterable[tuple[int, int]]) -> None:
    """Upload the logs of these days, until their averages are there."""
    for day, life_km in drives:
        when = START + timedelta(days=day)
        content = csv_log(
            {
                "Speed": [20 + (day + row) % 60 for row in range(90)],
                "Revs": [1500 + row for row in range(90)],
                "FAP life": [life_km] * 90,
                "FAPAdditiveVol": [1260] * 90,
                "FAPAdditiveRemain": [900 - day] * 90,
            },
            date=f"{when:%Y.%m.%d}",
        )
        owner.send(f"DCM62v2_{when:%Y%m%d}.csv", content)
        until(lambda: not owner.logs(status="Processing")["data"], 240)
    for one in cars(owner):
        until(partial(average_of, owner, one["id"]), 240)


def cars(owner: Owner) -> list[dict[str, Any]]:
    """Return the owner's cars, that of the newest log first."""
    found: list[dict[str, Any]] = owner.http.get("/api/v1/cars").json()["data"]
    return found


def average_of(owner: Owner, car: str) -> bool:
    """Return whether the average of a car is up to date."""
    response = owner.http.get("/api/v1/average", params={"car": car})
    return response.status_code == 200 and response.json()["status"] == "SUCCESS"


def notes(owner: Owner, car: str) -> list[dict[str, Any]]:
    """Return the notes of a car."""
    found: list[dict[str, Any]] = owner.http.get(f"/api/v1/cars/{car}/notes").json()["data"]
    return found


def drawn(page: Page) -> Locator:
    """Return the page's body, once its plots are there."""
    page.locator("#trends[data-drawn]").wait_for()
    return page.locator("#body")


def test_two_cars_uploaded_mixed_are_picked_and_confirmed(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, MIXED)
    newest, other = cars(owner)
    page = visit(owner, **DESKTOP).page("/summary")
    picker = drawn(page).locator("[data-cars]")
    expect(picker.get_by_role("link")).to_have_count(2)
    expect(picker.locator("[aria-current]")).to_have_attribute("href", f"/summary?car={newest['id']}")
    assert [one["guessed"] for one in (newest, other)].count(True) == 1
    guessed = next(one for one in (newest, other) if one["guessed"])
    page.goto(f"{page.url.split('?')[0]}?car={guessed['id']}")
    drawn(page).get_by_role("button", name="Confirm").press("Enter")
    expect(page.locator("[data-guessed]")).to_have_count(0)
    assert [one["guessed"] for one in cars(owner)] == [False, False]

    page.locator(f"[data-cars] a[href='/summary?car={other['id']}']").click()
    expect(page.locator("[data-cars] [aria-current]")).to_have_attribute("href", f"/summary?car={other['id']}")
    page.get_by_role("link", name="2025", exact=True).click()
    expect(page.locator("h1")).to_contain_text("2025")
    expect(page.locator("[data-cars] [aria-current]")).to_have_attribute("href", f"/summary?car={other['id']}")
    expect(page.locator(".stats")).to_contain_text("3")


def test_a_new_filter_is_answered_by_keyboard(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, [(0, 154_000), (2, 154_200), (9, 15)])
    page = visit(owner, **DESKTOP).page("/summary")
    asked = page.get_by_role("region", name="Another car, or a new filter?")
    expect(asked).to_contain_text("fell from 154,200")
    asked.get_by_label("What was done").focus()
    page.keyboard.press("f")  # from “Filter replaced” to the next kind with this letter
    expect(asked.get_by_label("What was done")).to_have_value("filter_cleaned")
    page.keyboard.press("Tab")
    expect(asked.get_by_role("button", name="Same car, after maintenance")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Filter cleaned")
    expect(asked).to_have_count(0)
    expect(page.locator("[data-cars]")).to_have_count(0)
    (car,) = cars(owner)
    assert [(one["kind"], one["onDate"]) for one in notes(owner, car["id"])] == [("filter_cleaned", "2025-01-15")]
    page.reload()
    expect(page.locator("#notes")).to_contain_text("Filter cleaned")
    expect(page.locator("[data-question]")).to_have_count(0)


def test_another_car_is_answered_on_a_phone(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, [(0, 154_000), (2, 154_200), (9, 15)])
    page = visit(owner, **PHONE).page("/summary")
    page.get_by_role("button", name="It is another car").tap()
    expect(page.locator("[data-question]")).to_have_count(0)
    expect(page.locator("[data-cars] a")).to_have_count(2)
    expect(page.locator("[data-guessed]")).to_have_count(0)
    assert [(one["guessed"], one["question"]) for one in cars(owner)] == [(False, None)] * 2


def test_notes_are_added_done_changed_and_deleted(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    drive(owner, [(0, 10_000), (3, 10_120), (9, 10_400)])
    (car,) = cars(owner)
    watched = visit(owner, **DESKTOP)
    watched.forgive("400")
    page = watched.page("/summary")
    drawn(page).get_by_role("button", name="Add note…").click()
    dialog = page.get_by_role("dialog", name="Add a note")
    expect(dialog.get_by_label("What was done")).to_be_focused()
    dialog.get_by_label("What was done").select_option("Filter replaced")
    dialog.get_by_label("Text").fill("Garage Martin")
    save = dialog.get_by_role("button", name="Save")
    save.click()
    expect(dialog.get_by_role("alert")).to_have_text("A note needs a date or a number of kilometres.")
    dialog.get_by_label("Date").fill("3000-01-01")
    save.click()
    expect(dialog.get_by_role("alert")).to_contain_text("The date of a note must be between")
    dialog.get_by_label("Date").fill("2025-01-08")
    dialog.get_by_label("Counter of the filter (km)").fill("-1")
    save.click()
    expect(dialog.get_by_role("alert")).to_contain_text("must be between 0 and")
    dialog.get_by_label("Counter of the filter (km)").fill("10.5")
    save.click()
    expect(dialog.get_by_role("alert")).to_have_text("Please enter a complete date and a whole number.")
    assert notes(owner, car["id"]) == []
    dialog.get_by_label("Counter of the filter (km)").fill("10100")
    save.click()
    expect(dialog).to_be_hidden()
    section = page.locator("#notes")
    expect(section).to_contain_text("Garage Martin")
    (made,) = notes(owner, car["id"])
    assert (made["kind"], made["onDate"], made["km"], made["done"]) == ("filter_replaced", "2025-01-08", 10_100, True)
    until(lambda: average_of(owner, car["id"]), 240)
    expect(page.locator("[data-waiting]")).to_have_count(0)
    page.locator("#trends[data-drawn]").wait_for()
    plot = page.locator(".trend[data-key=additive_ml] .trend-plot")
    expect(plot).to_have_attribute("aria-label", re.compile("8 Jan 2025: Filter replaced"))

    section.get_by_role("button", name="Add note…").click()
    dialog.get_by_label("What was done").select_option("Oil changed")
    dialog.get_by_label("Counter of the filter (km)").fill("10300")
    save.click()
    due = page.locator("[data-due]")
    expect(due).to_contain_text("Reminder: Oil changed")
    due.get_by_role("button", name="Done: Oil changed").click()
    expect(due).to_have_count(0)
    expect(section).not_to_contain_text("due")
    assert all(one["done"] for one in notes(owner, car["id"]))

    section.get_by_role("button", name="Edit: Filter replaced").click()
    change = page.get_by_role("dialog", name="Change the note")
    expect(change.get_by_label("Text")).to_have_value("Garage Martin")
    expect(change.get_by_label("Date")).to_have_value("2025-01-08")
    change.get_by_label("Text").fill("Garage Dupont")
    change.get_by_role("button", name="Save").click()
    expect(section).to_contain_text("Garage Dupont")
    expect(section.get_by_role("button", name="Edit: Filter replaced")).to_be_focused()

    section.get_by_role("button", name="Delete: Filter replaced").click()
    question = page.get_by_role("dialog", name="Delete “Filter replaced”?")
    question.get_by_role("button", name="Cancel").click()
    assert len(notes(owner, car["id"])) == 2
    section.get_by_role("button", name="Delete: Filter replaced").click()
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(section).not_to_contain_text("Garage Dupont")
    assert [one["kind"] for one in notes(owner, car["id"])] == ["oil_changed"]


@pytest.fixture(scope="module")
def busy(stack: Stack) -> Iterator[Owner]:
    """Yield an owner of two cars with an open question, notes and a due reminder."""
    owner = new_owner(stack.url)
    drive(owner, [(0, 154_000), (2, 154_200), (9, 15), (12, 300)])
    for one in cars(owner):
        for body in (
            {"kind": "filter_cleaned", "onDate": "2025-01-16", "text": "W" * 300},
            {"kind": "additive_refilled", "onDate": "2025-01-17"},
            {"kind": "oil_changed", "km": 10, "text": "5W30 " * 20},
            {"kind": "egr", "onDate": "2035-01-16"},
        ):
            assert owner.http.post(f"/api/v1/cars/{one['id']}/notes", json=body).status_code == 201
    owner.average()
    yield owner
    owner.http.close()


def test_due_reminders_stand_apart(visit: Visit, busy: Owner) -> None:
    page = visit(busy, **PHONE).page("/summary")
    drawn(page)
    gap = page.locator("[data-due]").evaluate(
        """one => {
          const next = one.nextElementSibling;
          next.before(one.cloneNode(true));
          return one.nextElementSibling.getBoundingClientRect().top - one.getBoundingClientRect().bottom;
        }"""
    )
    assert gap >= 8


def spied_summary(visit: Visit, owner: Owner) -> Page:
    """Return the summary, which has kept what it wrote into its plots."""
    watched = visit(owner, **DESKTOP)
    watched.context.add_init_script(SPY)
    page = watched.page("/summary")
    drawn(page)
    return page


def test_no_line_runs_through_the_name_of_work_in_a_trend(visit: Visit, busy: Owner) -> None:
    """Its rim is drawn before it, in the colour of the card."""
    page = spied_summary(visit, busy)
    names = page.evaluate("() => window.drawnTexts.filter(one => one.text === 'Additive refilled')")
    card = page.evaluate("() => getComputedStyle(document.documentElement).getPropertyValue('--fl-card').trim()")
    assert names
    for rim, name in zip(names[::2], names[1::2], strict=True):
        assert (rim["how"], rim["colour"], name["how"]) == ("strokeText", card, "fillText")
        assert rim["at"] == name["at"]


def test_the_work_after_which_a_trend_starts_over_is_named(visit: Visit, busy: Owner) -> None:
    """Whatever was done shortly before: there is no room for two names."""
    page = spied_summary(visit, busy)
    trend = page.evaluate("() => window.drawnTexts.filter(one => one.how === 'fillText').map(one => one.text)")
    assert "Additive refilled" in trend
    assert "Filter cleaned" not in trend


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_nothing_is_cut_off_and_axe_finds_nothing(visit: Visit, busy: Owner, language: str) -> None:
    """With everything that the page of a car can show, and its dialogs."""
    page = visit(busy, **DESKTOP, locale=language).page("/summary")
    drawn(page)
    expect(page.locator("[data-question]")).to_have_count(1)
    expect(page.locator("[data-due]")).to_have_count(1)
    wrong: dict[str, Any] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if extra := page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"):
            wrong[f"page at {width}"] = extra
        page.locator("[data-note-new]").click()
        if extra := page.locator("#note-dialog").evaluate("one => one.scrollWidth - one.clientWidth"):
            wrong[f"dialog at {width}"] = extra
        if width == WIDTHS[0]:
            wrong |= {f"dialog: {problem}": "axe" for problem in axe(page)}
        page.keyboard.press("Escape")
    page.emulate_media(color_scheme="light")
    page.locator("html[data-bs-theme=light]").wait_for()
    wrong |= {f"light: {problem}": "axe" for problem in axe(page)}
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-bs-theme=dark]").wait_for()
    wrong |= {f"dark: {problem}": "axe" for problem in axe(page, "color-contrast")}
    assert not wrong
