"""The pages as an app: installable, a share lands in the upload queue whatever happens, nothing private is cached."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import PHONE, Watched, axe
from tests.browser.conftest import Visit
from tests.browser.icons import FOLDER, ICONS, drawn
from tests.browser.owner import PASSWORD, Owner
from tests.browser.pwa import as_installed, controlled, csv, expect_rows, profile, queue, share
from tests.conftest import Stack, until

pytestmark = [pytest.mark.stack, pytest.mark.browser]

UPLOADED = ".upload[data-state=finished]"
COMPARE = """
async ([svg, png, pixels]) => {
    const read = async (type, data) => {
        const image = new Image(pixels, pixels);
        image.src = `data:${type};base64,${data}`;
        await image.decode();
        const canvas = new OffscreenCanvas(pixels, pixels);
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0, pixels, pixels);
        return {data: context.getImageData(0, 0, pixels, pixels).data, width: image.naturalWidth};
    };
    const [a, b] = [await read("image/png", svg), await read("image/png", png)];
    let worst = 0;
    for (let i = 0; i < a.data.length; i += 1) worst = Math.max(worst, Math.abs(a.data[i] - b.data[i]));
    return [b.width, worst];
}
"""


def ready(watched: Watched, path: str = "/upload") -> Page:
    """Return a page under the control of the service worker."""
    return controlled(watched.page(path))


def test_the_site_is_installable(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    """In a profile of its own: Chromium installs nothing from a private window."""
    with profile(chromium, tmp_path) as context:
        watched = Watched(context, stack.url)
        page = ready(watched, "/about")
        session = context.new_cdp_session(page)
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert manifest["url"].endswith("/manifest.webmanifest")
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        watched.check()


def test_the_icons_are_drawn_from_their_svgs(chromium: Browser) -> None:
    page = chromium.new_page()
    for name, (_, pixels) in ICONS.items():
        images = [base64.b64encode(data).decode() for data in (drawn(chromium, name), (FOLDER / name).read_bytes())]
        width, worst = page.evaluate(COMPARE, [*images, pixels])
        assert width == pixels
        assert worst <= 8, name  # another release of Chromium may draw edges a little differently
    page.close()


@pytest.mark.parametrize("count", [1, 3])
def test_shared_files_are_uploaded(visit: Visit, another: Callable[[], Owner], drives: list[Path], count: int) -> None:
    owner = another()
    page = ready(visit(owner), "/account")
    share(page, *(csv(path.name, path.read_text()) for path in drives[:count]))
    expect(page).to_have_url(re.compile("/upload$"))
    expect(page.locator(UPLOADED)).to_have_count(count, timeout=60_000)
    assert {log["fileName"] for log in owner.logs()["data"]} == {path.name for path in drives[:count]}


def test_a_page_that_is_open_uploads_what_another_one_received(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """The first page holds the lock of uploads; both show what happens."""
    owner = another()
    watched = visit(owner)
    first = ready(watched)
    second = ready(watched, "/account")
    share(second, csv(drives[0].name, drives[0].read_text()))
    for page in (first, second):
        expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    first.close()
    share(second, csv(drives[1].name, drives[1].read_text()))
    expect(second.locator(UPLOADED)).to_have_count(2, timeout=60_000)
    assert owner.logs()["pagination"]["totalItems"] == 2


def test_with_the_app_closed_a_share_of_the_device_needs_no_question(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """No page of the site is open, and as with a share of the device there is no referrer."""
    owner = another()
    watched = visit(owner)
    as_installed(watched.context)
    ready(watched).close()
    page = watched.context.new_page()
    share(page, csv(drives[0].name, drives[0].read_text()), url=watched.url)
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    assert owner.logs()["pagination"]["totalItems"] == 1


def test_a_page_of_another_site_cannot_upload_without_a_question(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    ready(watched).close()
    page = watched.context.new_page()  # about:blank, of no site
    share(page, *(csv(path.name, path.read_text()) for path in drives[:2]), url=watched.url)
    asking = page.locator(".upload[data-state=asks]")
    expect(asking).to_have_count(2)
    expect(asking.first).to_contain_text("Another page or app handed over this file. Upload it?")
    assert axe(page) == []
    page.reload()
    expect(asking).to_have_count(2)
    asking.first.get_by_role("button", name="Upload").press("Enter")
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    asking.get_by_role("button", name="Remove").click()
    expect_rows(page, 1)
    assert owner.logs()["pagination"]["totalItems"] == 1


def test_offline_a_share_waits_and_a_second_one_too(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    watched.forgive("ERR_INTERNET_DISCONNECTED")
    page = ready(watched, "/account")
    watched.context.set_offline(True)
    share(page, csv(drives[0].name, drives[0].read_text()))
    expect(page.get_by_role("heading", name="The service cannot be reached")).to_be_visible()
    expect(page.locator("main [data-files]:visible")).to_contain_text("Files waiting on this device: 1")
    assert axe(page) == []
    share(page, csv(drives[1].name, drives[1].read_text()))
    expect(page.locator("main [data-files]:visible")).to_contain_text("Files waiting on this device: 2")
    assert [entry["state"] for entry in queue(page)] == ["waiting", "waiting"]
    watched.context.set_offline(False)
    expect(page.locator(UPLOADED)).to_have_count(2, timeout=60_000)
    assert owner.logs()["pagination"]["totalItems"] == 2


def test_a_second_share_while_the_first_is_not_answered(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    watched.forgive("ERR_FAILED")
    watched.context.route("**/api/v1/analyses", lambda route: route.abort())
    page = ready(watched, "/account")
    share(page, csv(drives[0].name, drives[0].read_text()))
    expect(page.locator(".upload", has_text="No connection")).to_have_count(1)
    share(page, csv(drives[1].name, drives[1].read_text()))
    expect(page.locator(".upload", has_text="No connection")).to_have_count(2)
    watched.context.unroute("**/api/v1/analyses")
    expect(page.locator(UPLOADED)).to_have_count(2, timeout=60_000)
    assert owner.logs()["pagination"]["totalItems"] == 2


def test_without_a_session_files_wait_through_the_login(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """Also where the account before was another one: what that one left is removed, the shared file is not."""
    before, owner = another(), another()
    watched = visit()
    page = ready(watched, "/login?next=/account")
    log_in(page, before)
    watched.forgive("ERR_FAILED")
    watched.context.route("**/api/v1/analyses", lambda route: route.abort())
    page.goto(watched.url + "/upload")
    page.locator("#files").set_input_files(drives[1])
    expect_rows(page, 1)
    watched.context.clear_cookies()
    page.goto(watched.url + "/about")
    watched.context.unroute("**/api/v1/analyses")
    share(page, csv(drives[0].name, drives[0].read_text()))
    expect(page).to_have_url(re.compile(r"/login\?next=/upload"))
    log_in(page, owner)
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    assert [log["fileName"] for log in owner.logs()["data"]] == [drives[0].name]
    assert before.logs()["data"] == []


def log_in(page: Page, owner: Owner) -> None:
    """Fill in the form."""
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def test_bad_files_are_each_told_in_a_sentence(visit: Visit, another: Callable[[], Owner]) -> None:
    page = ready(visit(another()), "/account")
    share(
        page,
        ("photo.jpg", "image/jpeg", None, 2000),
        ("empty.csv", "text/csv", "", 0),
        ("large.csv", "text/csv", None, 30 * 1024 * 1024),
    )
    for name, sentence in {
        "photo.jpg": "Only .csv and .zip files can be read.",
        "empty.csv": "The file is empty.",
        "large.csv": "The file is larger than 20 MB.",
    }.items():
        expect(page.locator(".upload[data-state=error]", has_text=name)).to_contain_text(sentence)
    share(page)
    expect(page.get_by_role("alert").filter(has_text="No file was shared.")).to_be_visible()


def test_a_file_without_extension_is_taken_by_its_type(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    page = ready(visit(another()), "/account")
    share(page, ("DCM62v2_20250203", "text/csv", drives[0].read_text(), 0))
    expect(page.locator(UPLOADED)).to_contain_text("DCM62v2_20250203.csv", timeout=60_000)


def test_twenty_files_at_once_all_arrive(visit: Visit, another: Callable[[], Owner], drives: list[Path]) -> None:
    owner = another()
    lines = drives[0].read_text().splitlines()
    page = ready(visit(owner), "/account")
    share(page, *(csv(f"DCM62v2_{number}.csv", "\n".join(lines[: 40 + number])) for number in range(20)))
    expect(page.locator(UPLOADED)).to_have_count(20, timeout=240_000)
    assert owner.logs()["pagination"]["totalItems"] == 20


def test_without_the_worker_the_page_says_that_nothing_arrived(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another(), service_workers="block")
    watched.forgive("registration blocked by Playwright")
    page = watched.page("/account")
    share(page, csv("a.csv", "Date;Time\n"))
    expect(page.get_by_role("alert").filter(has_text="The shared files did not arrive")).to_be_visible()


def test_no_private_page_is_cached(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another())
    page = ready(watched, "/logs")
    for path in ("/account", "/summary", "/upload"):
        page.goto(watched.url + path)
    cached = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys()) found.push(new URL(request.url).pathname);
            return found;
        }"""
    )
    assert "/offline" in cached
    assert not [path for path in cached if path != "/offline" and not path.startswith("/assets/")]


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "The service cannot be reached"),
        ("fr", "Le service est inaccessible"),
        ("pl", "Brak połączenia z usługą"),
    ],
)
def test_the_offline_page_speaks_the_chosen_language(visit: Visit, language: str, heading: str) -> None:
    watched = visit(**PHONE)
    watched.forgive("ERR_INTERNET_DISCONNECTED")
    page = ready(watched, "/about")
    page.get_by_role("button", name="Language, units and theme").click()
    page.locator(f"button[name=language][value={language}]").click()
    page.locator(f"html[lang={language}]").wait_for()
    kept = "() => caches.match('/offline').then(page => page?.headers.get('Content-Language'))"
    until(lambda: page.evaluate(kept) == language, what=f"the offline page is kept in {language}")
    watched.context.set_offline(True)
    page.goto(watched.url + "/logs")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    watched.context.set_offline(False)
    expect(page).to_have_url(re.compile("/login"))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en-GB", "because this page was opened over plain HTTP (faplog.lan"),
        ("fr-FR", "car cette page a été ouverte en HTTP simple (faplog.lan"),
        ("pl-PL", "ponieważ tę stronę otwarto przez zwykłe HTTP (faplog.lan"),
    ],
)
def test_plain_http_says_why_it_cannot_be_installed(
    stack: Stack, chromium: Browser, another: Callable[[], Owner], tmp_path: Path, language: str, sentence: str
) -> None:
    """Under a name as on a local network, which leads to this machine."""
    url = stack.url.replace("127.0.0.1", "faplog.lan")
    rule = "--host-resolver-rules=MAP faplog.lan 127.0.0.1"
    with profile(chromium, tmp_path, rule, locale=language, viewport=PHONE["viewport"]) as context:
        session = {"email": another().email, "password": PASSWORD}
        with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as http:
            assert http.post("/api/v1/auth/login", json=session, headers={"Origin": stack.url}).status_code == 200
            context.add_cookies([{"name": name, "value": value, "url": url} for name, value in http.cookies.items()])
        watched = Watched(context, url)
        watched.forgive("Cross-Origin-Opener-Policy header has been ignored")  # because of plain HTTP
        page = watched.page("/upload")
        assert not page.evaluate("() => isSecureContext")
        expect(page.locator("[data-install-case]:visible")).to_have_count(1)
        expect(page.locator("[data-install]")).to_contain_text(sentence)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        assert axe(page) == []
        watched.check()
