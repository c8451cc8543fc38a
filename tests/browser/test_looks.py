"""Every page in both themes and on a phone: accessible, nothing cut off, nothing jumps."""

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Driver, Visit

pytestmark = [pytest.mark.stack, pytest.mark.browser]

SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value; })
    .observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => setTimeout(() => done(sum), 50));
})"""


def places(driver: Driver) -> dict[str, tuple[str, str]]:
    """Return every page by name: its address, and what shows that it is complete."""
    log, other = driver.regenerated, driver.interrupted
    return {
        "landing": ("/about", ".promises"),
        "sample": ("/sample", "[data-drawn]"),
        "history": ("/logs", ".row-log"),
        "deleted": ("/logs/deleted", ".empty, .row-log"),
        "nothing found": ("/logs?q=nothing", ".empty"),
        "upload": ("/upload", "[data-upload][data-ready]"),
        "log": (f"/logs/{log}", "[data-drawn]"),
        "failed log": (f"/logs/{driver.failed}", ".reason"),
        "summary": ("/summary", "[data-drawn]"),
        "empty period": ("/summary?year=1999", ".empty"),
        "compare": (f"/compare?a={log}&b={other}", "[data-drawn]"),
        "cars": ("/cars", ".row-car"),
        "account": ("/account", "text=@example.org"),
        "not found": ("/nothing-here", ".empty"),
    }


WORDY = ("history", "log", "summary", "account")
ENTRANCES = {"landing": ("/", ".hero"), "login": ("/login", "main form"), "register": ("/register", "main form")}


def settled(page: Page, complete: str) -> None:
    """Wait for the page to be complete and open all that is folded away."""
    page.locator(complete).first.wait_for()
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")


@pytest.mark.timeout(900)  # thirty looks of axe, and often the start of the whole system before them
def test_axe_finds_nothing_serious_in_either_theme(visit: Visit, driver: Driver) -> None:
    """Every rule in the light theme; in the dark one those that depend on colours."""
    watched, stranger = visit(driver.owner), visit()
    watched.forgive("404")
    mine, theirs = watched.page("/health"), stranger.page("/health")  # one tab each: a tab behind draws once a second
    pages = [(mine, place) for place in places(driver).items()] + [(theirs, place) for place in ENTRANCES.items()]
    found = {}
    for page, (name, (path, complete)) in pages:
        page.emulate_media(color_scheme="light")
        page.goto(watched.url + path)
        settled(page, complete)
        found[f"{name}, light"] = axe(page)
        page.emulate_media(color_scheme="dark")
        page.locator("html[data-bs-theme=dark]").wait_for()
        found[f"{name}, dark"] = axe(page, "color-contrast")
    assert not {name: problems for name, problems in found.items() if problems}


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_a_phone_of_360_px_shows_everything_without_scrolling_sideways(
    visit: Visit, driver: Driver, language: str
) -> None:
    watched = visit(driver.owner, **PHONE, locale=language)
    watched.forgive("404")
    page = watched.page("/health")
    stranger = visit(**PHONE, locale=language).page("/health")
    pages = [(page, place) for place in places(driver).items() if language == "en-GB" or place[0] in WORDY]
    pages.append((page, ("long verdicts", (f"/compare?a={driver.interrupted}&b={driver.interrupted}", "[data-drawn]"))))
    pages += [(stranger, place) for place in ENTRANCES.items()]
    wide = {}
    for one, (name, (path, complete)) in pages:
        one.goto(watched.url + path)
        settled(one, complete)
        extra = one.evaluate("() => document.documentElement.scrollWidth - 360")
        cut = one.evaluate(
            """() => [...document.querySelectorAll('.top a, .top button')].filter(e => {
              const r = e.getBoundingClientRect(); return r.width && (r.right > 360 || r.left < 0); }).length"""
        )
        if extra > 0 or cut:
            wide[name] = (extra, cut)
    assert not wide


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_jumps_while_a_page_loads(visit: Visit, driver: Driver, device: dict[str, object]) -> None:
    watched = visit(driver.owner, **device)
    page = watched.page("/health")
    jumped = {}
    for name in ("history", "log", "summary", "upload"):
        path, complete = places(driver)[name]
        page.goto(watched.url + path)
        page.locator(complete).first.wait_for()
        shift = page.evaluate(SHIFTS)
        if shift > 0.05:
            jumped[name] = shift
    assert not jumped


def test_a_page_is_light_besides_its_data(visit: Visit, driver: Driver) -> None:
    """Under 200 kB over the wire with nothing in the browser's cache."""
    heavy = {}
    for name in ("history", "log", "summary", "compare", "upload"):
        watched = visit(driver.owner)
        page = watched.context.new_page()
        path, complete = places(driver)[name]
        session = watched.context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: dict[str, tuple[str, int]] = {}
        session.on("Network.responseReceived", lambda e, s=sizes: s.update({e["requestId"]: (e["response"]["url"], 0)}))
        session.on(
            "Network.loadingFinished",
            lambda e, s=sizes: s.update(
                {e["requestId"]: (s.get(e["requestId"], ("",))[0], int(e["encodedDataLength"]))}
            ),
        )
        page.goto(watched.url + path, wait_until="networkidle")
        page.locator(complete).first.wait_for()
        total = sum(size for url, size in sizes.values() if not url.endswith("/series"))
        assert total > 10_000
        if total > 200_000:
            heavy[name] = total
    assert not heavy
