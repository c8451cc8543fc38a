"""A real Chromium: where it is, how it is started, and what a page in it must never do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

AXE: Final = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
PATIENCE_MS: Final = 30_000
"""How long anything may take on a busy machine before a test gives up."""
DESKTOP: Final[dict[str, Any]] = {"viewport": {"width": 1280, "height": 900}}
STEADY: Final[dict[str, Any]] = {"locale": "en-GB", "reduced_motion": "reduce"}
"""A page that still scrolls smoothly has moved by the time the mouse arrives."""
SPY: Final = """window.drawnTexts = [];
for (const [how, style] of [["fillText", "fillStyle"], ["strokeText", "strokeStyle"]]) {
  const draw = CanvasRenderingContext2D.prototype[how];
  CanvasRenderingContext2D.prototype[how] = function (text, ...at) {
    const { width, fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = this.measureText(text);
    const left = at[0] - { left: 0, start: 0, center: width / 2, right: width, end: width }[this.textAlign];
    const box = { left, right: left + width, top: at[1] - above, bottom: at[1] + below };
    const panel = this.canvas.closest("[data-panel]")?.dataset.panel;
    window.drawnTexts.push({ how, text, at, box, colour: this[style], panel });
    return draw.call(this, text, ...at);
  };
}"""
"""A script for a page that notes each text drawn on a canvas: how, where, and in which colour."""
_MORNING: Final = datetime(2025, 5, 1, 8, tzinfo=UTC)
_QUIET: Final = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable(*, headless_shell: bool = False) -> str | None:
    """Return the Chromium of this machine, if it has one; if asked for, rather its headless shell.

    The shell is the same engine without a window's frame: it takes a third less of the CPU, and tabs that lie behind
    another draw at full speed, where a whole Chromium draws them once a second.
    """
    names = (*(["chromium-headless-shell"] if headless_shell else []), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def arguments() -> list[str]:
    """Return what a Chromium is started with: quiet, and without the sandbox that root cannot have."""
    return [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


class NoChromium(RuntimeError):
    """This machine has no Chromium. The text says what to do."""


@contextmanager
def launched(*, headless_shell: bool = False) -> Iterator[Browser]:
    """Yield a running headless Chromium: the machine's, or else the one that Playwright downloaded.

    Raises:
        NoChromium: There is neither.
    """
    with sync_playwright() as playwright:
        path = executable(headless_shell=headless_shell)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=arguments())
        except Error as error:
            if path is None and "Executable doesn't exist" in str(error):
                raise NoChromium(
                    "there is no Chromium in PATH (Debian: apt-get install chromium-headless-shell), nor Playwright's"
                ) from None
            raise
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A browser's pages under watch: no error in the console, and no request that leaves this machine."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self.forgiven: list[str] = []
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(f"error in a page: {error.error}"))
        context.on("request", self._on_request)

    def page(self, path: str = "/", *, stopped: bool = False) -> Page:
        """Return a new page at this path. With its clock `stopped`, timers wait for `page.clock.run_for`."""
        page = self.context.new_page()
        if stopped:
            page.clock.install(time=_MORNING)
            page.clock.pause_at(_MORNING + timedelta(hours=1))
        page.goto(self.url + path)
        return page

    def forgive(self, part: str) -> None:
        """Complaints that contain this are what a test is about."""
        self.forgiven.append(part)

    def check(self) -> None:
        """Fail if there is anything to complain about."""
        left = [text for text in self.complaints if not any(part in text for part in self.forgiven)]
        assert not left, "\n".join(left)

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.url:
            self.complaints.append(f"left the machine: {request.url}")


def expect_printing(page: Page) -> None:
    """Expect that the page's button prints it."""
    page.evaluate("() => { window.print = () => { document.body.dataset.printing = 'yes'; }; }")
    page.get_by_role("button", name="Print").tap()
    expect(page.locator("body[data-printing]")).to_have_count(1)


def axe(page: Page, *rules: str) -> list[str]:
    """Return what axe-core finds serious or critical on a page, by all or only these rules: rule and element."""
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE.read_text('utf-8')} }} }}")
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
