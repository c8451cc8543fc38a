"""The pages in Chromium: register with an invite, upload, open the report; nothing in the console."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target

PART: Final = "pages"
PLAIN_HTTP: Final = "header has been ignored, because the URL's origin was untrustworthy"
"""Chromium's message about Cross-Origin-Opener-Policy at an address without TLS, as `local` has."""

OWN_NETWORK: Final = "ERR_NETWORK_CHANGED"
"""Chromium's message about its own machine: on a node each pod that comes or goes changes the network interfaces."""

PATIENCE_MS: Final = 60_000
PASSWORD: Final = "four unrelated plain words"  # noqa: S105  (of an account that lives for a minute)


def executable() -> str | None:
    """Return the Chromium of this machine, if it has one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


def run(target: Target) -> Iterator[Row]:
    """Walk through the pages as a new user."""
    email = accounts.some_email()
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=executable(), args=options)
        try:
            yield from _walk(browser, target, email)
        finally:
            browser.close()
            accounts.forget(target, email)


def _walk(browser: Browser, target: Target, email: str) -> Iterator[Row]:
    complaints: list[str] = []
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", ignore_https_errors=False)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    page.on("console", lambda message: complaints.extend(complaint(message.type, message.text)))
    page.on("pageerror", lambda error: complaints.append(f"error in a page: {error}"))
    page.on("requestfailed", lambda request: complaints.extend(_failed(request)))
    page.on("request", lambda request: complaints.extend(foreign(request.url, target.address)))
    steps = (("register with an invite", _register), ("upload a log and open its report", _upload))
    for what, step in steps:
        began = now()
        try:
            step(page, target, email)
        except (Error, AssertionError) as error:
            yield proof(PART, what, str(error).strip().splitlines()[0], holds=False)
            return
        yield proof(PART, what, f"{now() - began:.1f} s, Chromium {browser.version}", holds=True)
    yield proof(PART, "console, failed requests, other hosts", "; ".join(complaints) or "nothing", holds=not complaints)


def _register(page: Page, target: Target, email: str) -> None:
    page.goto(accounts.invite(target))
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


def _upload(page: Page, target: Target, email: str) -> None:  # noqa: ARG001  (all steps take the same)
    [(name, content)] = accounts.logs(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        page.goto(f"{target.address}/upload")
        page.locator("#files").set_input_files(path)
        page.locator(".upload", has_text=name).get_by_role("link", name="Open report").click()
        expect(page.locator(".uplot").first).to_be_visible()


def complaint(kind: str, text: str) -> list[str]:
    """Return the complaint about a message of the console, or None."""
    known = PLAIN_HTTP in text or OWN_NETWORK in text
    return [f"console: {text}"] if kind in ("error", "warning") and not known else []


def _failed(request: Any) -> list[str]:
    # A page that is left ends the requests that are under way.
    failure = request.failure or ""
    return [] if "ERR_ABORTED" in failure or OWN_NETWORK in failure else [f"{failure}: {request.url}"]


def foreign(url: str, address: str) -> list[str]:
    """Return a complaint if an address is not of this system."""
    parts = urlsplit(url)
    ours = urlsplit(address)
    if parts.scheme not in ("http", "https", "ws", "wss") or parts.netloc == ours.netloc:
        return []
    return [f"asked {parts.netloc}"]
