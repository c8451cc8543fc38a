"""No page scrolls sideways, from a small phone to a desktop, in any language; no badge is cut."""

from typing import Final

import pytest

from tests.browser.chromium import DESKTOP
from tests.browser.conftest import Driver, Visit
from tests.browser.test_looks import ENTRANCES, places, settled
from tests.browser.test_sharing import shared_car

pytestmark = [pytest.mark.stack, pytest.mark.browser]

WIDTHS: Final = (360, 768, 1024, 1440)

WIDER: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT: Final = """() => [...document.querySelectorAll('.badge-v, .chip, .legend-chip, .jump a, .btn, .answer, .tabs a')]
  .filter(one => one.getClientRects().length && one.scrollWidth > one.clientWidth + 1)
  .map(one => one.className + ': ' + one.textContent.trim())"""
OUTSIDE: Final = """() => [...document.querySelectorAll('.badge-v, .chip, .legend-chip, .top a, .top button')]
  .filter(one => one.getClientRects().length && !one.closest('.table-scroll'))
  .filter(one => { const r = one.getBoundingClientRect(); return r.left < 0 || r.right > innerWidth; })
  .map(one => one.className + ': ' + one.textContent.trim())"""


@pytest.mark.timeout(900)  # thirteen pages at four widths, and often the start of the whole system before them
@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_every_page_fits_every_width(visit: Visit, driver: Driver, language: str) -> None:
    token = driver.owner.http.post(f"/api/v1/analyses/{driver.interrupted}/share", json={"days": 7})
    watched, stranger = visit(driver.owner, **DESKTOP, locale=language), visit(**DESKTOP, locale=language)
    for one in (watched, stranger):
        one.forgive("404")
        one.forgive("401")
    entrances = ENTRANCES | {
        "shared": (token.json()["path"], "[data-drawn]"),
        "sample": ("/sample", "[data-drawn]"),
        "private": (f"/logs/{driver.interrupted}", ".empty"),
        "shared car": (shared_car(driver), "#trends[data-drawn]"),
        "private car": ("/summary", ".empty"),
    }
    own = places(driver) | {"interrupted": (f"/logs/{driver.interrupted}", "[data-drawn]")}
    mine, theirs = watched.page("/health"), stranger.page("/health")  # one tab each: a tab behind draws once a second
    pages = [(mine, place) for place in own.items()] + [(theirs, place) for place in entrances.items()]
    wrong = {}
    for page, (name, (path, complete)) in pages:
        page.goto(watched.url + path)
        settled(page, complete)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            # plots follow their column one frame later
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found = (page.evaluate(WIDER), page.evaluate(CUT), page.evaluate(OUTSIDE))
            if found != (0, [], []):
                wrong[name, width] = found
    assert not wrong
