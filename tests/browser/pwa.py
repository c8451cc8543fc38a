"""What tests of the installed app have in common: shares as a phone sends them, and the queue in the browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import arguments, executable

SHARE: Final = "/upload/share"

SUBMIT: Final = """
([action, files]) => {
    const form = document.createElement("form");
    Object.assign(form, {action, method: "POST", enctype: "multipart/form-data"});
    const input = document.createElement("input");
    Object.assign(input, {type: "file", name: "files", multiple: true});
    const transfer = new DataTransfer();
    for (const [name, type, text, size] of files)
        transfer.items.add(new File([text ?? new Uint8Array(size).fill(49)], name, {type}));
    input.files = transfer.files;
    form.append(input);
    document.body.append(form);
    form.submit();
}
"""

QUEUE: Final = """
() => new Promise(done => {
    const asked = indexedDB.open("faplog", 1);
    asked.onsuccess = () => {
        const all = asked.result.transaction("uploads").objectStore("uploads").getAll();
        all.onsuccess = () => {
            asked.result.close();
            done(all.result.map(({name, state, size}) => ({name, state, size})));
        };
    };
})
"""

OWNER: Final = """
change => new Promise(done => {
    const asked = indexedDB.open("faplog", 1);
    asked.onsuccess = () => {
        const transaction = asked.result.transaction("owner", "readwrite");
        const store = transaction.objectStore("owner");
        for (const [key, value] of Object.entries(change)) store.put(value, key);
        const [keys, values] = [store.getAllKeys(), store.getAll()];
        transaction.oncomplete = () => {
            asked.result.close();
            done(Object.fromEntries(keys.result.map((key, number) => [key, values.result[number]])));
        };
    };
})
"""

File = tuple[str, str, str | None, int]
"""Name, type, and text or else the number of bytes."""


def csv(name: str, text: str) -> File:
    """Return a CSV file to share."""
    return name, "text/csv", text, 0


def share(page: Page, *files: File, url: str = "") -> None:
    """Navigate as a share does: a POST of a multipart form to the share target."""
    with page.expect_navigation(wait_until="commit"):
        page.evaluate(SUBMIT, [url + SHARE, [list(file) for file in files]])


def queue(page: Page) -> list[dict[str, Any]]:
    """Return the entries of the upload queue: name, state and size."""
    found: list[dict[str, Any]] = page.evaluate(QUEUE)
    return found


def stored_owner(page: Page, **change: str) -> dict[str, Any]:
    """Return what the browser knows of the queue's owner, changed by these values first."""
    found: dict[str, Any] = page.evaluate(OWNER, change)
    return found


def controlled(page: Page) -> Page:
    """Return the page, once the service worker controls it."""
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")
    return page


def as_installed(context: BrowserContext) -> None:
    """Let every page say that it is in the window of the installed app; Playwright cannot emulate that display mode."""
    context.add_init_script(
        """const real = window.matchMedia.bind(window);
        window.matchMedia = (query) => query === "(display-mode: standalone)" ? {matches: true} : real(query);"""
    )


def expect_rows(page: Page, count: int) -> None:
    """Wait until the upload page shows so many files."""
    expect(page.locator(".upload")).to_have_count(count)


@contextmanager
def profile(chromium: Browser, folder: Path, *more: str, **options: Any) -> Iterator[BrowserContext]:
    """Yield a Chromium with a profile of its own in this folder, started with more arguments."""
    context = chromium.browser_type.launch_persistent_context(
        folder, executable_path=executable(headless_shell=True), args=[*arguments(), *more], **options
    )
    yield context
    context.close()
