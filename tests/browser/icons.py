"""`python -m tests.browser.icons`: draw the PNG icons of the installed app from their SVGs, with Chromium."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser

from tests.browser.chromium import launched

FOLDER: Final = Path(__file__).parents[2] / "ui" / "static" / "img"
ICONS: Final = {
    "icon-192.png": ("icon.svg", 192),
    "icon-512.png": ("icon.svg", 512),
    "maskable-512.png": ("maskable.svg", 512),
}
"""Each PNG, its SVG, and its width and height in pixels."""


def drawn(browser: Browser, name: str) -> bytes:
    """Return the PNG that Chromium draws from the icon's SVG, transparent where the SVG is."""
    source, pixels = ICONS[name]
    page = browser.new_page(viewport={"width": pixels, "height": pixels})
    svg = (FOLDER / source).read_text("utf-8")
    page.set_content(f"<style>* {{ margin: 0 }} svg {{ display: block; width: {pixels}px }}</style>{svg}")
    picture = page.screenshot(omit_background=True)
    page.close()
    return picture


def main() -> int:
    """Write them all."""
    with launched() as browser:
        for name in ICONS:
            (FOLDER / name).write_bytes(drawn(browser, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
