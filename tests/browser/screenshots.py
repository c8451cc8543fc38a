"""`make screenshots`: every page on a desktop, on a phone and in the dark, of a system started for it.

All of them go to `screenshots/` as PNG for looking at; the few the README shows go to `docs/screenshots/` as JPEG.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from playwright.sync_api import Browser, Page

from faplog.synthetic.__main__ import main as synthetic
from tests.browser.chromium import DESKTOP, PHONE, STEADY, launched
from tests.browser.owner import PASSWORD, Owner, new_owner
from tests.conftest import running_stack

ROOT: Final = Path(__file__).parents[2]
EVERY: Final = ROOT / "screenshots"
README: Final = ROOT / "docs" / "screenshots"

DEVICES: Final[dict[str, dict[str, Any]]] = {
    "desktop": DESKTOP,
    "phone": PHONE,
    "dark": DESKTOP | {"color_scheme": "dark"},
    "phone-dark": PHONE | {"color_scheme": "dark"},
}
IN_README: Final = {("log", "desktop"), ("log", "phone"), ("history", "desktop"), ("summary", "dark")}


def main() -> int:
    """Take them all."""
    EVERY.mkdir(exist_ok=True)
    README.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, launched() as browser, running_stack(Path(temporary) / "state") as stack:
        url, folder = stack.url, Path(temporary) / "drives"
        synthetic(["--days", "30", "--seed", "7", str(folder)])
        broken = folder / "broken.csv"
        broken.write_text("a;b;c\n1;2;3\n")
        drives = sorted(folder.glob("DCM*.csv"))
        owner = new_owner(url)
        ids = dict(zip((path.name for path in [*drives, broken]), owner.upload(*drives, broken), strict=True))
        owner.average()
        stranger = new_owner(url)
        regenerated, other = ids[drives[12].name], ids[drives[1].name]
        places = {
            "history": ("/logs", ".row-log"),
            "upload": ("/upload", "[data-ready]"),
            "log": (f"/logs/{regenerated}", "[data-drawn]"),
            "failed": (f"/logs/{ids[broken.name]}", ".reason"),
            "summary": ("/summary", "[data-drawn]"),
            "compare": (f"/compare?a={other}&b={regenerated}", "[data-drawn]"),
            "account": ("/account", "text=@example.org"),
            "not-found": ("/nothing-here", ".empty"),
            "log-without-regeneration": (f"/logs/{ids[drives[16].name]}", "[data-drawn]"),
            "days": ("/logs?from=2025-03-10&to=2025-03-14", ".row-log"),
            "deleted": ("/logs/deleted", ".empty"),
        }
        shared = owner.http.post(f"/api/v1/analyses/{regenerated}/share", json={"days": 7}).json()["path"]
        entrances = {
            "landing": ("/", ".hero"),
            "login": ("/login", "main form"),
            "register": ("/register", "main form"),
            "sample": ("/sample", "[data-drawn]"),
            "shared": (shared, "[data-drawn]"),
            "private": (f"/logs/{regenerated}", ".empty"),
        }
        for device, options in DEVICES.items():
            _take(browser, url, None, device, options, entrances)
            _take(browser, url, owner, device, options, places)
            _take(browser, url, stranger, device, options, {"empty-history": ("/logs", ".empty")})
    print(f"{sum(1 for _ in EVERY.glob('*.png'))} screenshots in {EVERY}, those of the README in {README}")
    return 0


def _take(
    browser: Browser,
    url: str,
    owner: Owner | None,
    device: str,
    options: dict[str, Any],
    places: dict[str, tuple[str, str]],
) -> None:
    context = browser.new_context(**options, **STEADY)
    if owner:
        body = {"email": owner.email, "password": PASSWORD}
        context.request.post(f"{url}/api/v1/auth/login", data=body, headers={"Origin": url})
    page = context.new_page()
    for name, (path, complete) in places.items():
        page.goto(url + path)
        page.locator(complete).first.wait_for()
        _shoot(page, name, device)
    if owner and "history" in places:
        _shoot_selection(page, url, device)
        _print(page, url, places["log"], device)
    context.close()


def _shoot_selection(page: Page, url: str, device: str) -> None:
    """Shoot the history while logs are selected."""
    page.goto(f"{url}/logs")
    page.get_by_role("button", name="Select", exact=True).click()
    for box in page.get_by_role("checkbox").all()[1:3]:
        box.check()
    _shoot(page, "selection", device)


def _print(page: Page, url: str, place: tuple[str, str], device: str) -> None:
    """Print the report as PDF."""
    page.goto(url + place[0])
    page.locator(place[1]).first.wait_for()
    page.pdf(path=EVERY / f"print-{device}.pdf", prefer_css_page_size=True)


def _shoot(page: Page, name: str, device: str) -> None:
    if (name, device) in IN_README:
        page.screenshot(path=README / f"{name}-{device}.jpg", type="jpeg", quality=82)
    # A bar fixed to the bottom would stand in the middle of a picture of the whole page.
    height = min(int(page.evaluate("() => document.documentElement.scrollHeight")), 9_000)
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": height})
    page.screenshot(path=EVERY / f"{name}-{device}.png")
    page.set_viewport_size(size)


if __name__ == "__main__":
    sys.exit(main())
