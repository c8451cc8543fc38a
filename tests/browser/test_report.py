"""A report in the browser: plots that follow findings, keys and fingers; downloads; print; comparison; summary."""

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE, SPY
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import Owner
from tests.conftest import Stack
from tests.e2e.faults import held

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def drawn(page: Page) -> None:
    """Wait for the plots."""
    page.locator("[data-drawn]").wait_for()


def test_a_finding_jumps_to_its_rows_in_the_plot(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page(f"/logs/{driver.interrupted}")
    drawn(page)
    whole = page.get_by_role("button", name="Whole log")
    expect(whole).to_be_disabled()
    page.locator("#regens").get_by_role("button", name="Show in plot").click()
    expect(page.locator("[data-panel=soot] .plot-canvas")).to_be_focused()
    expect(page.locator("[data-panel=soot]")).to_be_in_viewport()
    expect(whole).to_be_enabled()
    page.keyboard.press("Escape")
    expect(whole).to_be_disabled()


def test_plots_are_read_and_zoomed_by_keyboard_and_mouse(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page(f"/logs/{driver.regenerated}")
    drawn(page)
    canvas = page.locator("[data-panel=pressure] .plot-canvas")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    for panel in ("soot", "pressure", "temp"):  # one cursor for all
        expect(page.locator(f"[data-panel={panel}] .plot-readout b").first).to_be_visible()
    page.keyboard.press("+")
    whole = page.get_by_role("button", name="Whole log")
    expect(whole).to_be_enabled()
    whole.click()
    expect(whole).to_be_disabled()
    plot = page.locator("[data-panel=soot] .u-over")
    plot.drag_to(plot, source_position={"x": 100, "y": 50}, target_position={"x": 300, "y": 50})
    expect(whole).to_be_enabled()


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_the_names_of_limits_never_overlap(visit: Visit, driver: Driver, language: str) -> None:
    """Two limits close to each other, as those of coolant and oil, in the longest words and on a narrow screen."""
    watched = visit(driver.owner, **PHONE, locale=language)
    watched.context.add_init_script(SPY)
    page = watched.page(f"/logs/{driver.regenerated}")
    drawn(page)
    page.evaluate("() => { window.drawnTexts = []; }")
    page.locator("[data-panel=coolant] [tabindex]").press("+")
    named = """() => window.drawnTexts.filter(one => one.how === 'fillText' && one.panel === 'coolant')
        .filter(one => one.text.includes('°C'))"""
    page.wait_for_function(f"() => ({named})().length > 1")
    found = page.evaluate(named)
    boxes = {one["text"]: one["box"] for one in found}
    assert len(boxes) >= 2
    assert min(box["left"] for box in boxes.values()) > 0
    for one, other in combinations(boxes.values(), 2):
        beside = one["left"] >= other["right"] or other["left"] >= one["right"]
        assert beside or one["top"] >= other["bottom"] or other["top"] >= one["bottom"], boxes


def test_a_finger_reads_values_off(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner, **PHONE).page(f"/logs/{driver.regenerated}")
    drawn(page)
    plot = page.locator("[data-panel=soot] .u-over")
    plot.scroll_into_view_if_needed()
    plot.tap()  # the headless shell has a mouse even here, which then leaves the plot for 0, 0
    expect(page.locator("[data-panel=temp] .plot-readout b").first).to_be_visible()


def test_downloads(visit: Visit, driver: Driver, drives: list[Path], tmp_path: Path) -> None:
    page = visit(driver.owner).page(f"/logs/{driver.regenerated}")
    drawn(page)
    with page.expect_download() as csv:
        page.get_by_role("link", name="Original CSV").click()
    csv.value.save_as(tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_bytes() == drives[1].read_bytes()
    assert csv.value.suggested_filename == drives[1].name
    with page.expect_download() as analysis:
        page.get_by_role("button", name="Analysis (JSON)").click()
    analysis.value.save_as(tmp_path / "log.json")
    assert json.loads((tmp_path / "log.json").read_text("utf-8"))["regens"][0]["outcome"] == "complete"
    with page.expect_download() as picture:
        page.get_by_role("button", name="Plots (PNG)").click()
    picture.value.save_as(tmp_path / "log.png")
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "log.png").stat().st_size > 20_000


def test_a_refused_download_says_why_on_the_page(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    (log_id,) = owner.upload(drives[0])
    watched = visit(owner)
    watched.forgive(f"/analyses/{log_id}/file")
    page = watched.page(f"/logs/{log_id}")
    drawn(page)
    link = page.get_by_role("link", name="Original CSV")
    error = {"message": "…", "code": "FILE_NOT_STORED", "params": {}}
    page.route("**/file", lambda route: route.fulfill(status=404, json=error), times=1)
    link.click()
    expect(page.get_by_text("The file of this log is not stored. Please upload it again.")).to_be_visible()
    assert owner.http.delete(f"/api/v1/analyses/{log_id}").status_code == 204
    link.click()
    expect(page.get_by_text("This log does not exist, or it has been deleted.")).to_be_visible()
    expect(page.locator("[data-report]")).to_be_visible()
    assert page.url.endswith(f"/logs/{log_id}")


def test_the_download_of_everything_is_recorded_once(
    visit: Visit, another: Callable[[], Owner], tmp_path: Path
) -> None:
    owner = another()
    page = visit(owner).page("/account")
    with page.expect_download() as export:
        page.get_by_role("link", name="Download everything").click()
    export.value.save_as(tmp_path / "export.zip")
    with ZipFile(tmp_path / "export.zip") as archive:
        account = json.loads(archive.read("account.json"))
    assert [one["event"] for one in account["events"]].count("exported") == 1


def test_a_download_that_is_refused_at_last_does_not_replace_the_page(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """The log is deleted between the question and the download."""
    owner = another()
    (log_id,) = owner.upload(drives[0])
    watched = visit(owner)
    page = watched.page(f"/logs/{log_id}")
    drawn(page)
    page.route("**/file", lambda route: route.fulfill(status=206, body="D"), times=1)
    assert owner.http.delete(f"/api/v1/analyses/{log_id}").status_code == 204
    with page.expect_download() as refused:
        page.get_by_role("link", name="Original CSV").click()
    assert refused.value.failure()
    expect(page.locator("[data-report]")).to_be_visible()
    assert page.url.endswith(f"/logs/{log_id}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("which", ["regenerated", "interrupted"])
def test_a_report_prints_on_two_light_pages(visit: Visit, driver: Driver, theme: str, which: str) -> None:
    page = visit(driver.owner, color_scheme=theme).page(f"/logs/{getattr(driver, which)}")
    drawn(page)
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") in (1, 2)
    expect(page.locator(".plot-paper")).to_have_count(0)  # the screen is as it was
    page.emulate_media(media="print", color_scheme=theme)  # type: ignore[arg-type]
    page.evaluate("() => { document.querySelectorAll('.finding details').forEach(one => { one.open = false; }); }")
    page.evaluate("() => { dispatchEvent(new Event('beforeprint')); }")
    expect(page.locator(".plot-paper canvas")).to_have_count(5)
    white = "rgb(255, 255, 255)"
    for place in ("body", ".answers", "#plots"):
        expect(page.locator(place)).to_have_css("background-color", white)
    expect(page.locator("h1")).to_have_css("color", "rgb(0, 0, 0)")
    expect(page.locator(".paper-head")).to_contain_text("faplog")
    expect(page.locator("[data-printed]")).to_contain_text("20")
    expect(page.locator(".report-sub")).to_contain_text("filter at")
    for name in (".btn", ".top", ".plot-canvas"):
        expect(page.locator(f"{name}:visible")).to_have_count(0)
    for advice in page.locator(".finding-text > p:first-of-type").all():
        expect(advice).to_be_visible()


def test_the_picture_of_the_plots_is_the_same_from_every_screen(visit: Visit, driver: Driver, tmp_path: Path) -> None:
    """As wide from a phone as from a desktop, and light from a dark page."""
    made = {}
    for name, options in {"light": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}.items():
        page = visit(driver.owner, **options).page(f"/logs/{driver.interrupted}")
        drawn(page)
        with page.expect_download() as picture:
            page.get_by_role("button", name="Plots (PNG)").click()
        picture.value.save_as(tmp_path / name)
        made[name] = (tmp_path / name).read_bytes()
    sizes = {name: (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) for name, png in made.items()}
    assert {width for width, _height in sizes.values()} == {1600}
    assert len(set(sizes.values())) == 1
    assert made["dark"] == made["light"]


def test_nothing_is_cut_off_in_the_picture(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], tmp_path: Path
) -> None:
    """A name longer than the picture is wide stands in it, on several lines."""
    owner = another()
    long = tmp_path / f"{drives[0].stem}_{'long' * 50}.csv"
    long.write_bytes(drives[0].read_bytes())
    (analysis_id,) = owner.upload(long)
    watched = visit(owner)
    watched.context.add_init_script(SPY)
    page = watched.page(f"/logs/{analysis_id}")
    drawn(page)
    with page.expect_download():
        page.get_by_role("button", name="Plots (PNG)").click()
    lines = page.evaluate("() => window.drawnTexts.filter(one => /longlong|\\.csv$/.test(one.text))")
    assert long.name in "".join(line["text"] for line in lines)
    assert all(line["box"]["right"] <= 800 - 20 for line in lines)
    assert len({line["at"][1] for line in lines}) == len(lines) > 1


def test_time_is_labelled_at_round_moments_and_no_label_is_cut(visit: Visit, driver: Driver) -> None:
    """For stretches from a minute to a day and plots from 250 to 1,300 pixels, with a gap of nine hours."""
    page = visit(driver.owner).page(f"/logs/{driver.interrupted}")
    drawn(page)
    wrong = page.evaluate(
        """async () => {
          const base = document.querySelector('script[src$="/log.js"]').src;
          const { timeTicks } = await import(new URL("ticks.js", base));
          const { folding } = await import(new URL("gaps.js", base));
          const wrong = [];
          for (const span of [60, 600, 3600, 20000, 86400]) for (const width of [250, 700, 1300]) {
            const ends = [25637, 25637 + span + 32400];
            const quiet = [[25637 + span / 3, 25637 + span / 3 + 32400]];
            const folded = folding(quiet, ends);
            const [low, high] = ends.map(folded.fold);
            const found = timeTicks(low, high, width, { apart: 64, edge: 22, folded });
            const x = found.map(at => (at - low) * width / (high - low));
            const moments = found.map(at => Math.round(folded.unfold(at)));
            const say = what => wrong.push([what, span, width, moments]);
            if (!found.length) say("none");
            if (x.some(one => one < 0 || one > width - 22)) say("cut");
            if (x.some((one, i) => i && one - x[i - 1] < 57)) say("close");
            if (moments.some(one => one % (span > 600 ? 60 : 5))) say("not round");
            if (moments.some(one => one > quiet[0][0] && one < quiet[0][1])) say("in the gap");
          }
          return wrong;
        }"""
    )
    assert wrong == []


def test_the_sample_needs_no_account(visit: Visit) -> None:
    page = visit().page("/sample")
    drawn(page)
    expect(page.get_by_role("heading", name="Keep an eye on it")).to_be_visible()


def test_compare_by_distance_and_time(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page(f"/compare?a={driver.regenerated}&b={driver.interrupted}")
    drawn(page)
    expect(page.locator(".uplot").first).to_be_visible()
    page.get_by_role("button", name="by time").click()
    expect(page.get_by_role("button", name="by time")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("rowheader", name="Distance km", exact=True).first).to_be_visible()


def test_compared_plots_are_read_by_keyboard(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page(f"/compare?a={driver.regenerated}&b={driver.interrupted}")
    drawn(page)
    soot = page.locator(".plot", has_text="Soot")
    soot.locator(".plot-canvas").focus()
    page.keyboard.press("ArrowRight")
    for name in ("Soot", "Speed"):  # one cursor for all
        expect(page.locator(".plot", has_text=name).locator(".plot-readout")).to_contain_text("km:")
    expect(soot.locator(".plot-readout")).to_have_attribute("aria-live", "polite")


def test_trends_are_walked_by_keyboard_and_open_a_log(visit: Visit, driver: Driver) -> None:
    watched = visit(driver.owner)
    page = watched.page("/summary")
    drawn(page)
    trend = page.get_by_role("slider", name="Soot build-up")
    page.keyboard.press("Tab")  # from now on it is the keyboard that moves the focus
    trend.focus()
    last = trend.get_attribute("aria-valuetext")
    assert last
    expect(page.locator(".trend", has=trend).locator(".plot-readout")).to_have_text(last)
    page.keyboard.press("Home")
    expect(trend).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("ArrowRight")
    expect(trend).to_have_attribute("aria-valuenow", "2")
    expect(trend).to_have_attribute("aria-valuetext", re.compile(r"^2 Mar 2025: [\d.]+\sg/L"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"^{re.escape(watched.url)}/logs/[0-9a-f-]{{36}}$"))
    expect(page.locator("[data-report]")).to_have_attribute("data-name", re.compile("20250302"))


def test_a_month_in_the_summary(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page("/summary")
    page.get_by_role("link", name="2025", exact=True).click()
    page.get_by_role("link", name="March 2025").click()
    drawn(page)
    expect(page.get_by_role("heading", name="Summary")).to_contain_text("March 2025")
    expect(page.locator(".stat", has_text="Logs").first).to_contain_text("13")
    expect(page.get_by_role("table").first).to_contain_text("interrupted")


def test_language_units_and_theme_are_switched_and_remembered(visit: Visit, driver: Driver) -> None:
    watched = visit(driver.owner)
    page = watched.page(f"/logs/{driver.regenerated}")
    page.get_by_role("button", name="Language, units and theme").click()
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Tout va bien")).to_be_visible()
    expect(page).to_have_url(f"{watched.url}/logs/{driver.regenerated}")
    page.get_by_role("button", name="Langue, unités et thème").click()
    page.get_by_role("button", name="mi · mpg").click()
    expect(page.locator(".stats")).to_contain_text("mpg")
    page.get_by_role("button", name="Langue, unités et thème").click()
    page.get_by_role("button", name="Sombre").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    other = watched.page("/summary")
    expect(other.locator("html[lang=fr][data-bs-theme=dark]")).to_be_attached()
    expect(other.locator(".stats")).to_contain_text("mpg")


def test_the_theme_follows_the_device(visit: Visit) -> None:
    page = visit(color_scheme="dark").page()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")


def test_a_slow_api_shows_a_skeleton_and_then_the_page(visit: Visit, stack: Stack, driver: Driver) -> None:
    watched = visit(driver.owner)
    page = watched.page("/upload")
    with held(stack, "api"):
        page.goto(watched.url + "/logs", wait_until="commit")
        expect(page.locator(".skeleton")).to_be_visible()
    expect(page.locator(".row-log").first).to_be_visible()


def test_an_api_that_is_away_is_said_and_tried_again(visit: Visit, driver: Driver) -> None:
    watched = visit(driver.owner)
    watched.context.clear_cookies(name="faplog_access")
    watched.context.route("**/api/v1/auth/refresh", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    watched.forgive("401")
    watched.forgive("502")
    page = watched.page("/logs", stopped=True)  # it would try again by itself
    expect(page.get_by_role("heading", name="The service is not available")).to_be_visible()
    watched.context.unroute("**/api/v1/auth/refresh")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".row-log").first).to_be_visible()


def test_the_pages_are_walked_by_keyboard_alone(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page("/logs")
    page.locator(".row-log").first.wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("main").get_by_role("link", name="Upload")).to_be_focused()


def test_the_menu_of_a_phone_covers_nothing_that_has_the_focus(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner, **PHONE).page("/account")
    page.locator("[data-notifications][data-ready]").wait_for()
    focused = """menu => {
      const one = document.activeElement;
      if (one === document.body) return null;
      const covered = !menu.contains(one) && one.getBoundingClientRect().bottom > menu.getBoundingClientRect().top;
      return [one.textContent.trim(), covered];
    }"""
    menu = page.locator(".tabs")
    stops: list[list[Any]] = []
    for _ in range(100):
        page.keyboard.press("Tab")
        if (stop := menu.evaluate(focused)) is None:
            break
        stops.append(stop)
    assert len(stops) > 20
    assert [name for name, covered in stops if covered] == []
