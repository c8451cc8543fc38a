"""The load times of the pages of a running system in a real browser, and their weight.

It uses a system of its own and an account with one log of 10,000 rows. Measured are the time to the first byte of each
page, the time until the plots of the log are drawn, and the bytes of each page over the wire with an empty cache.
"""

import statistics
import time
from typing import Final

import httpx
from playwright.sync_api import Browser, BrowserContext

from bench.flow import one_log
from bench.report import Reference, Row, row
from bench.running import system
from faplog import synthetic
from faplog.synthetic import BYTES_PER_ROW
from tests.browser.chromium import DESKTOP, NoChromium, launched
from tests.e2e.account import Account

ROWS: Final = 10_000
VISITS: Final = 7
MAX_FIRST_BYTE: Final = 150
MAX_PLOT: Final = 1_500
"""Both in replies of a bare Flask application."""
MAX_KILOBYTES: Final = 200

FLASK: Final = Reference.FLASK_REPLY
PAGES: Final = {
    "history": "/logs",
    "log": "/logs/{id}",
    "summary": "/summary",
    "upload": "/upload",
    "landing": "/about",
}

_DRAWN: Final = """() => new Promise(done => {
  const look = () => document.querySelector('[data-drawn]') ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""


def run() -> list[Row]:
    """Measure each page's first byte and weight, then the plots."""
    try:
        return _run()
    except NoChromium as error:
        raise SystemExit(f"The section pages did not run: {error}.") from None


def _run() -> list[Row]:
    with launched() as browser, system() as stack:
        account = Account(stack)
        log_id = one_log(account, synthetic.log_of_size(int(ROWS * BYTES_PER_ROW["DCM62v2"]))[0])
        token = account.access_token
        return _measure(browser, stack.url, token, log_id)


def _measure(browser: Browser, url: str, token: str, log_id: str) -> list[Row]:
    rows: list[Row] = []
    for name, path in PAGES.items():
        address = url + path.format(id=log_id)
        first_byte = statistics.median(_first_byte(address, token) for _ in range(VISITS))
        rows.append(row(f"{name}: first byte, ms", first_byte * 1000, MAX_FIRST_BYTE, reference=FLASK))
        weight, series = _weight(_context(browser, url, token), address)
        detail = f"and {series / 1000:.0f} kB of plot series" if series else ""
        rows.append(row(f"{name}: kB over the wire, empty cache", weight / 1000, MAX_KILOBYTES, detail=detail))
    plots = [_plots(_context(browser, url, token), f"{url}/logs/{log_id}") for _ in range(VISITS)]
    detail = f"{ROWS} rows, empty cache; slowest of {VISITS}: {max(plots):.0f} ms"
    drawn = statistics.median(plots)
    rows.append(row("log: navigation to plots drawn, ms", drawn, MAX_PLOT, detail=detail, reference=FLASK))
    return rows


def _context(browser: Browser, url: str, token: str) -> BrowserContext:
    context = browser.new_context(**DESKTOP)
    context.add_cookies([{"name": "faplog_access", "value": token, "url": url}])
    return context


def _first_byte(address: str, token: str) -> float:
    began = time.perf_counter()
    with httpx.stream("GET", address, headers={"Cookie": f"faplog_access={token}"}) as response:
        response.raise_for_status()
        return time.perf_counter() - began


def _weight(context: BrowserContext, address: str) -> tuple[int, int]:
    """Return the bytes of everything a page loads, headers included, without and with the plot series."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on(
        "Network.loadingFinished", lambda event: sizes.update({event["requestId"]: int(event["encodedDataLength"])})
    )
    page.goto(address, wait_until="networkidle")
    context.close()
    series = sum(size for request, size in sizes.items() if urls.get(request, "").endswith("/series"))
    return sum(sizes.values()) - series, series


def _plots(context: BrowserContext, address: str) -> float:
    page = context.new_page()
    page.goto(address, wait_until="commit")
    drawn = float(page.evaluate(_DRAWN))
    context.close()
    return drawn
