"""Before and after in the browser: from a note of the car, from two logs that are picked; and the car on paper."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chromium import DESKTOP, PHONE, axe, expect_printing
from tests.browser.conftest import Visit
from tests.browser.owner import Owner, new_owner
from tests.browser.test_cars import average_of, cars, drawn
from tests.browser.test_widths import CUT, OUTSIDE, WIDER
from tests.conftest import Stack, until
from tests.unit.analyse.handmade import csv_log

pytestmark = [pytest.mark.stack, pytest.mark.browser]

START: Final = date(2025, 1, 6)
WIDTHS: Final = (360, 768, 1440)
A4: Final = b"/MediaBox [0 0 594.95996 841.91998]"
SMALL: Final = """() => [...document.querySelectorAll('#body *')]
  .filter(one => one.getClientRects().length && !one.closest('svg'))
  .filter(one => [...one.childNodes].some(text => text.nodeType === 3 && text.data.trim()))
  .filter(one => parseFloat(getComputedStyle(one).fontSize) < 9)
  .map(one => one.className + ': ' + one.textContent.trim().slice(0, 40))"""
DARK: Final = """one => {
  const { data } = one.getContext('2d').getImageData(0, 0, one.width / 5, one.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 128 && data[i] + data[i + 1] + data[i + 2] < 420) count += 1;
  }
  return count;
}"""
"""How many pixels in the left fifth of a canvas are dark: the numbers of its axis."""
CROWDED: Final = """() => [...document.querySelectorAll('#changes tr > *')]
  .filter(one => one.getClientRects().length && one.scrollWidth > one.clientWidth)
  .map(one => one.closest('tr').dataset.key + ': ' + one.textContent.trim())"""
"""The values of a comparison that reach into the next one."""
NOTES: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "filter_cleaned", "onDate": "2025-01-14", "km": 10_300},
    {"kind": "oil_changed", "onDate": "2025-01-20"},
    {"kind": "additive_refilled", "km": 90_000, "text": "Garage Martin"},
)


def drive(day: int, idle_mbar: float, additive_ml: int) -> bytes:
    """Return a log with this back pressure at idle."""
    return csv_log(
        {
            "Speed": [0] * 60 + [30 + day] * 60,
            "Revs": [850] * 60 + [1800 + day] * 60,
            "FAPpressure": [idle_mbar] * 60 + [60 + day] * 60,
            "FAPtemp": [200 + day] * 120,
            "Coolant": [85] * 120,
            "Battery": [14.0 + day / 100] * 120,
            "FAP life": [10_000 + 40 * day] * 120,
            "FAPlifeLeft": [180_000 - 40 * day] * 120,
            "FAPAdditiveVol": [1260] * 120,
            "FAPAdditiveRemain": [additive_ml] * 120,
        },
        date=f"{START + timedelta(days=day):%Y.%m.%d}",
    )


@pytest.fixture(scope="module")
def cleaned(stack: Stack) -> Iterator[Owner]:
    """Yield an owner whose filter was cleaned between the fourth and the fifth log, a reminder and another note."""
    owner = new_owner(stack.url)
    for number, day in enumerate([0, 2, 4, 6, 9, 11, 13, 15]):
        when = START + timedelta(days=day)
        owner.send(f"DCM62v2_{when:%Y%m%d}.csv", drive(day, 40 - number % 2 if day < 8 else 10 + number % 2, 900 - day))
    until(lambda: not owner.logs(status="Processing")["data"], 240)
    (car,) = cars(owner)
    for note in NOTES:
        assert owner.http.post(f"/api/v1/cars/{car['id']}/notes", json=note).status_code == 201
    until(partial(average_of, owner, car["id"]), 240)
    yield owner
    owner.http.close()


def address(owner: Owner, kind: str = "filter_cleaned") -> str:
    """Return the comparison around the note of a kind."""
    (car,) = cars(owner)
    notes = owner.http.get(f"/api/v1/cars/{car['id']}/notes").json()["data"]
    note = next(one for one in notes if one["kind"] == kind)
    return f"/compare?car={car['id']}&note={note['id']}"


def test_a_note_leads_to_before_and_after_by_keyboard(visit: Visit, cleaned: Owner) -> None:
    page = visit(cleaned, **DESKTOP).page("/summary")
    notes = drawn(page).locator("#notes")
    expect(notes.get_by_role("link", name=re.compile("^Compare before and after: "))).to_have_count(
        2
    )  # not the reminder
    notes.get_by_role("link", name="Compare before and after: Filter cleaned").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Compare before and after")).to_be_visible()
    first = page.locator("#changes tbody tr").first
    expect(first.get_by_role("rowheader")).to_contain_text("Back pressure at idle")
    expect(first).to_contain_text("better")
    expect(page.locator(".duel")).to_contain_text("4 logs")
    expect(page.locator("#changes")).to_contain_text("Additive left")
    expect(page.locator("tr[data-key='driving.speed.avg_kmh']")).to_contain_text("no judgement")

    chooser = page.get_by_label("Maintenance")
    chooser.select_option(label="20 Jan 2025 · Oil changed")
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page.locator("[data-few]")).to_contain_text("Too few logs to tell better from worse")
    expect(page.locator(".duel")).to_contain_text("7 logs")
    expect(page.locator("#changes .badge-v")).to_have_count(0)
    page.get_by_role("link", name=re.compile("DCM62v2")).click()
    expect(page).to_have_url(re.compile(r"/summary\?car="))


def test_two_logs_are_picked_in_the_list(visit: Visit, cleaned: Owner) -> None:
    page = visit(cleaned, **PHONE).page("/logs")
    page.get_by_role("button", name="Select", exact=True).tap()
    compare = page.get_by_role("button", name="Compare two")
    boxes = page.locator("[data-pick]")
    expect(compare).to_be_disabled()
    boxes.nth(0).check()
    expect(compare).to_be_disabled()
    boxes.nth(7).check()
    expect(compare).to_be_enabled()
    boxes.nth(3).check()
    expect(compare).to_be_disabled()
    boxes.nth(3).uncheck()
    ids = [page.locator("li[data-id]").nth(number).get_attribute("data-id") for number in (7, 0)]
    compare.tap()
    expect(page).to_have_url(re.compile(rf"/compare\?a={ids[0]}&b={ids[1]}"))  # the older one first
    row = page.locator("tr[data-key='fap.pressure_idle.avg_mbar']")
    expect(row).to_contain_text("40.0")
    expect(row).to_contain_text("11.0")
    expect(row).to_contain_text("−29.0")


def two_logs(owner: Owner) -> tuple[str, str]:
    """Return the ids of the newest log and the one before it."""
    newest, older = owner.logs()["data"][:2]
    return newest["id"], older["id"]


@pytest.mark.parametrize("failure", [429, 503, None], ids=["429", "503", "no connection"])
def test_plots_that_could_not_be_loaded_can_be_asked_for_again(
    visit: Visit, cleaned: Owner, failure: int | None
) -> None:
    a, b = two_logs(cleaned)
    watched = visit(cleaned, **DESKTOP)
    watched.forgive(f"/analyses/{b}/series")

    def refuse(route: Route) -> None:
        if failure is None:
            route.abort()
        else:
            route.fulfill(status=failure, json={"message": "…", "code": "RATE_LIMITED", "params": {}})

    watched.context.route(f"**/analyses/{b}/series", refuse)
    page = watched.page(f"/compare?a={a}&b={b}")
    plots = page.locator("#plots")
    expect(plots).to_contain_text("The plots could not be loaded.")
    expect(plots.locator(".plot-list")).not_to_have_attribute("aria-busy", "true")
    expect(plots.locator("canvas")).to_have_count(0)
    watched.context.unroute(f"**/analyses/{b}/series")
    plots.get_by_role("button", name="Try again").click()
    expect(plots.locator("canvas").first).to_be_visible()
    expect(plots).not_to_contain_text("could not be loaded")


def test_the_second_log_is_chosen_by_the_arrow_keys(visit: Visit, cleaned: Owner) -> None:
    """Nothing is loaded before the button: each log on the way would be compared, and the list would lose the focus."""
    a, b = two_logs(cleaned)
    page = visit(cleaned, **DESKTOP).page(f"/compare?a={a}&b={b}")
    page.locator("[data-drawn]").wait_for()
    page.evaluate("() => { window.sent = 0; addEventListener('submit', () => { window.sent += 1; }); }")
    chooser = page.get_by_label("Second log")
    chooser.focus()
    chooser.press("ArrowDown")
    chooser.press("ArrowDown")
    assert page.evaluate("window.sent") == 0
    expect(chooser).to_be_focused()
    chosen = chooser.input_value()
    assert chosen not in (a, b)
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page).to_have_url(re.compile(f"b={chosen}"))
    page.locator("[data-drawn]").wait_for()


def test_the_page_of_comparisons_offers_work_and_refuses_the_same_log(visit: Visit, cleaned: Owner) -> None:
    page = visit(cleaned, **DESKTOP).page("/compare")
    expect(page.locator("#works a")).to_have_count(2)
    page.locator("#works a", has_text="Filter cleaned").click()
    expect(page.locator("#changes tbody tr").first).to_contain_text("better")
    log = cleaned.logs()["data"][0]["id"]
    page.goto(f"{page.url.split('/compare')[0]}/compare?a={log}&b={log}")
    expect(page.locator("#changes")).to_contain_text("Please choose two different logs.")


def test_what_cannot_be_compared_is_a_sentence(visit: Visit, cleaned: Owner, another: Any) -> None:
    stranger = another()
    watched = visit(stranger, **DESKTOP)
    watched.forgive("400")
    page = watched.page(address(cleaned))
    expect(page.locator("#body")).to_contain_text("car")
    expect(page.locator("#changes")).to_have_count(0)
    own = visit(cleaned, **DESKTOP)
    own.forgive("400")
    page = own.page(address(cleaned, "additive_refilled"))
    expect(page.locator("#body")).to_contain_text("not done yet")


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_nothing_is_cut_off_and_axe_finds_nothing(visit: Visit, cleaned: Owner, language: str) -> None:
    page = visit(cleaned, **DESKTOP, locale=language).page("/health")
    base = page.url.removesuffix("/health")
    wrong: dict[str, Any] = {}
    newest, older = two_logs(cleaned)
    places = (
        (address(cleaned), "#changes"),
        (f"/compare?a={older}&b={newest}", "[data-drawn]"),
        ("/compare", "#works"),
    )
    for path, complete in places:
        page.emulate_media(color_scheme="light")
        page.goto(base + path)
        page.locator(complete).wait_for()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # plots follow their column one frame later
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found = (page.evaluate(WIDER), page.evaluate(CUT), page.evaluate(OUTSIDE), page.evaluate(CROWDED))
            if found != (0, [], [], []):
                wrong[f"{path} at {width}"] = found
        wrong |= {f"light: {problem}": "axe" for problem in axe(page)}
        page.emulate_media(color_scheme="dark")
        page.locator("html[data-bs-theme=dark]").wait_for()
        wrong |= {f"dark: {problem}": "axe" for problem in axe(page, "color-contrast")}
    assert not wrong


def worn_drive(day: int) -> bytes:
    """Return a log in which nearly everything asks for attention."""
    rows = 400
    return csv_log(
        {
            "Speed": [0] * 200 + [30 + day] * 200,
            "Revs": [0] * 5 + [850] * 195 + [2500 + day] * 200,
            "FAPpressure": [0] * 5 + [72 + day % 3] * 195 + [425] * 200,
            "FAPtemp": [200 + day] * rows,
            "Coolant": [111] * rows,
            "OilTemp": [126] * rows,
            "Battery": [11.4] * 5 + [12.7] * 395,
            "OilDilution": [8] * rows,
            "Errors": [2] * rows,
            "FAPcinder": [101] * rows,
            "FAP life": [150_000 + 120 * day] * rows,
            "FAPAdditiveVol": [3000] * rows,
            "FAPAdditiveRemain": [95 - day] * rows,
            **{f"Inj.{number}FlowCorr": [1.3 + day / 100] * rows for number in range(1, 5)},
        },
        date=f"{START + timedelta(days=day):%Y.%m.%d}",
    )


@pytest.fixture(scope="module")
def worn(stack: Stack) -> Iterator[Owner]:
    """Yield an owner of a worn car with a name, and far more notes than two pages hold."""
    owner = new_owner(stack.url)
    for day in range(0, 16, 2):
        owner.send(f"DCM62v2_{START + timedelta(days=day):%Y%m%d}.csv", worn_drive(day))
    until(lambda: not owner.logs(status="Processing")["data"], 240)
    (car,) = cars(owner)
    for number in range(40):
        written = f"2025-01-{7 + number % 12:02}"
        note = {"kind": "other", "onDate": written, "km": 60_000 + number, "text": "Garage Martin, invoice 4711. " * 8}
        assert owner.http.post(f"/api/v1/cars/{car['id']}/notes", json=note).status_code == 201
    name = {"name": "Blue 508 of the family"}
    assert owner.http.patch(f"/api/v1/cars/{car['id']}", json=name).status_code == 200
    until(partial(average_of, owner, car["id"]), 240)
    yield owner
    owner.http.close()


@pytest.fixture(scope="module")
def usual(stack: Stack, drives: list[Path]) -> Iterator[Owner]:
    """Yield an owner with two weeks of drives, regenerations among them, and as many notes as the paper shows."""
    owner = new_owner(stack.url)
    owner.upload(*drives)
    (car,) = cars(owner)
    for number in range(9):
        note = {"kind": "other", "onDate": f"2025-03-{1 + number:02}", "text": "Garage Martin, invoice 4711. " * 8}
        assert owner.http.post(f"/api/v1/cars/{car['id']}/notes", json=note).status_code == 201
    until(partial(average_of, owner, car["id"]), 240)
    yield owner
    owner.http.close()


def pages_of(page: Page) -> int:
    """Return how many pages it prints on, all of them A4."""
    paper = page.pdf(prefer_css_page_size=True)
    count = paper.count(b"/Type /Page\n")
    assert paper.count(A4) == count
    return count


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_a_car_with_little_to_say_shows_its_averages_on_two_pages(visit: Visit, usual: Owner, language: str) -> None:
    page = visit(usual, locale=language).page("/summary")
    drawn(page)
    assert pages_of(page) in (1, 2)
    on_paper(page, "light")
    expect(page.locator("section:has(> .facts)")).to_be_visible()
    expect(page.locator("section:has(> .bands)")).to_be_hidden()
    expect(page.locator("#notes li:visible")).to_have_count(8)
    expect(page.locator(".table-f tbody tr:visible")).to_have_count(3)


def on_paper(page: Page, theme: str) -> None:
    """Lay the page out as the browser does before it prints."""
    page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]
    page.evaluate("() => { document.querySelectorAll('.finding details').forEach(one => { one.open = false; }); }")
    page.evaluate("() => { dispatchEvent(new Event('beforeprint')); }")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "pl-PL"])
def test_a_car_prints_on_two_light_pages(visit: Visit, worn: Owner, theme: str, language: str) -> None:
    page = visit(worn, color_scheme=theme, locale=language).page("/summary")
    drawn(page)
    trends = page.locator(".trend").count()
    assert pages_of(page) in (1, 2)
    expect(page.locator(".plot-paper")).to_have_count(0)  # the screen is as it was
    on_paper(page, theme)
    expect(page.locator(".trend .plot-paper canvas")).to_have_count(trends)
    white = "rgb(255, 255, 255)"
    for place in ("body", ".answers", "#trends"):
        expect(page.locator(place)).to_have_css("background-color", white)
    expect(page.locator("#trends h4").first).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator(".paper-head")).to_contain_text("faplog")
    expect(page.locator("[data-printed]")).to_contain_text("20")
    head = page.locator(".paper-car")
    for known in ("Blue 508 of the family", "DCM62v2", "km", "8", "2025"):
        expect(head).to_contain_text(known)
    expect(page.locator(".paper-legend")).to_be_visible()
    expect(page.locator("#notes h3").first).to_be_visible()
    for name in (".btn", ".top", ".tabs", ".trend-plot", ".periods"):
        expect(page.locator(f"{name}:visible")).to_have_count(0)
    advices = page.locator(".finding-text > p:first-of-type")
    assert advices.count() >= 8
    for advice in advices.all():
        expect(advice).to_be_visible()
    small = page.evaluate(SMALL)
    assert small == [], "smaller than 7 points"


def test_the_axes_of_a_printed_trend_are_dark_on_white(visit: Visit, usual: Owner) -> None:
    """The same picture from a dark screen and a light one, with ink at its axis of values."""
    made = {}
    for theme in ("light", "dark"):
        page = visit(usual, color_scheme=theme).page("/summary")
        drawn(page)
        on_paper(page, theme)
        canvas = page.locator(".trend[data-key=additive_ml] .plot-paper canvas")
        canvas.wait_for()
        made[theme] = canvas.evaluate("one => one.toDataURL()")
        dark = canvas.evaluate(DARK)
        assert dark > 50, "numbers at the axis"
    assert made["dark"] == made["light"]


def test_the_button_prints(visit: Visit, cleaned: Owner) -> None:
    page = visit(cleaned, **PHONE).page("/summary")
    drawn(page)
    expect_printing(page)
