"""Files that wait in the browser: whose they are, what a login and a logout do to them, and how one is removed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.browser.chromium import Watched
from tests.browser.conftest import Visit
from tests.browser.owner import PASSWORD, Owner
from tests.browser.pwa import expect_rows, queue, stored_owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]

UPLOADED = ".upload[data-state=finished]"
UPLOADS = "**/api/v1/analyses"


def log_in(page: Page, email: str) -> None:
    """Fill in the form."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def with_waiting_file(watched: Watched, email: str, path: Path) -> Page:
    """Return the upload page with a file that cannot be sent, after a login with this address."""
    watched.forgive("ERR_FAILED")
    page = watched.page("/login?next=/upload")
    log_in(page, email)
    watched.context.route(UPLOADS, lambda route: route.abort())
    page.locator("[data-ready]").wait_for()
    page.locator("#files").set_input_files(path)
    expect(page.locator(".upload", has_text="No connection")).to_have_count(1)
    return page


@pytest.mark.parametrize("before_this_release", [False, True])
def test_files_wait_through_a_login_with_other_capitals(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], before_this_release: bool
) -> None:
    owner = another()
    watched = visit()
    page = with_waiting_file(watched, owner.email.capitalize(), drives[0])
    assert stored_owner(page) == {"email": owner.email}
    if before_this_release:
        stored_owner(page, email=owner.email.capitalize())
    watched.context.clear_cookies()
    page.goto(f"{watched.url}/login?next=/upload")
    watched.context.unroute(UPLOADS)
    log_in(page, owner.email.upper())
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)
    assert [log["fileName"] for log in owner.logs()["data"]] == [drives[0].name]
    assert stored_owner(page) == {"email": owner.email}


def test_a_changed_address_is_compared_without_capitals_too(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    page = visit(owner).page("/account")
    page.get_by_text("Change the e-mail address").click()
    form = page.locator("form[data-change='/account/email']")
    form.get_by_label("New e-mail address").fill(f"New-{owner.email.upper()}")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button").click()
    expect(page.get_by_text(f"Logged in as new-{owner.email}")).to_be_visible()
    assert stored_owner(page) == {"email": f"new-{owner.email}"}


@pytest.mark.parametrize("deleted", [False, True], ids=["logged-out", "deleted"])
def test_nothing_stays_after_a_logout_or_the_deletion_of_the_account(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], deleted: bool
) -> None:
    """Neither a file that waits, nor the address, nor a log on its way to the trial page."""
    owner = another()
    watched = visit()
    page = with_waiting_file(watched, owner.email, drives[0])
    page.goto(f"{watched.url}/account")
    assert set(stored_owner(page, trial="a log")) == {"email", "trial"}
    assert len(queue(page)) == 1
    if deleted:
        page.get_by_role("button", name="Delete account…").click()
        page.get_by_role("dialog").get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Delete everything").click()
    else:
        page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{watched.url}/about")
    assert stored_owner(page) == {}
    assert queue(page) == []


def test_a_logout_that_is_refused_is_said_and_forgets_nothing(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit()
    page = with_waiting_file(watched, owner.email, drives[0])
    page.goto(f"{watched.url}/account")
    watched.forgive("503")
    page.route("**/api/v1/auth/logout", lambda route: route.fulfill(status=503, body="away"))
    page.get_by_role("button", name="Log out").click()
    expect(page.locator(".toast-f")).to_be_visible()
    expect(page).to_have_url(f"{watched.url}/account")
    assert len(queue(page)) == 1
    page.unroute("**/api/v1/auth/logout")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{watched.url}/about")


def upload_page(watched: Watched, *, stopped: bool = False) -> Page:
    """Return the upload page, once it takes files."""
    page = watched.page("/upload", stopped=stopped)
    page.locator("[data-ready]").wait_for()
    return page


def remove(page: Page, name: str) -> None:
    """Press the button in the row of a file."""
    page.locator(".upload", has_text=name).get_by_role("button", name="Remove").click()


class HeldAnswers:
    """Has the API take a page's uploads, but holds its answers back."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.ids: list[str] = []
        self.session.on("Fetch.requestPaused", self._on_paused)
        patterns = [{"urlPattern": "*/api/v1/analyses", "requestStage": "Response"}]
        self.session.send("Fetch.enable", {"patterns": patterns})

    def _on_paused(self, event: dict[str, Any]) -> None:
        self.ids.append(event["requestId"])

    def wait(self) -> None:
        """Wait until there is an answer."""
        while not self.ids:
            self.page.wait_for_timeout(50)

    def lose(self) -> None:
        """Let the connection break instead of answering."""
        self.session.send("Fetch.failRequest", {"requestId": self.ids.pop(), "errorReason": "ConnectionReset"})


def test_files_that_are_removed_on_their_way_do_not_hold_up_the_others(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    page = upload_page(watched)
    held: list[Route] = []
    ended: list[str | None] = []
    page.on("requestfailed", lambda request: ended.append(request.failure))
    page.route(UPLOADS, lambda route: held.append(route) if len(held) < 2 else route.continue_())
    page.locator("#files").set_input_files(drives[:3])
    expect_rows(page, 3)
    for path in drives[:2]:
        remove(page, path.name)
    expect_rows(page, 1)
    expect(page.locator(UPLOADED)).to_contain_text(drives[2].name, timeout=60_000)
    assert ended == ["net::ERR_ABORTED"] * 2
    assert [log["fileName"] for log in owner.logs()["data"]] == [drives[2].name]
    expect(page.get_by_text("may have been uploaded already")).to_have_count(0)


def test_removed_in_a_pause_a_file_does_not_hold_up_the_others(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """Of three files two failed, and the third one waits for them: the page's clock stands still."""
    watched = visit(another())
    watched.forgive("ERR_FAILED")
    page = upload_page(watched, stopped=True)
    page.route(UPLOADS, lambda route: route.abort())
    page.locator("#files").set_input_files(drives[:3])
    expect(page.locator(".upload", has_text="No connection")).to_have_count(2)
    page.unroute(UPLOADS)
    with page.expect_response(UPLOADS):
        for path in drives[:2]:
            remove(page, path.name)
    expect_rows(page, 1)


def test_a_removed_file_that_may_have_arrived_is_told(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    """The API has it, but its answer was lost."""
    owner = another()
    watched = visit(owner)
    watched.forgive("ERR_CONNECTION_RESET")
    page = upload_page(watched)
    answers = HeldAnswers(page)
    page.locator("#files").set_input_files(drives[0])
    answers.wait()
    expect(page.locator(".upload").get_by_role("button")).to_have_count(0)
    answers.lose()
    expect(page.locator(".upload", has_text="No connection")).to_have_count(1)
    remove(page, drives[0].name)
    expect(page.get_by_text(f"{drives[0].name} may have been uploaded already.")).to_be_visible()
    expect_rows(page, 0)
    assert queue(page) == []
    assert owner.logs()["pagination"]["totalItems"] == 1


def test_what_another_page_removed_is_ended_and_stays_removed(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    watched = visit(another())
    first = upload_page(watched)
    answers = HeldAnswers(first)
    first.locator("#files").set_input_files(drives[0])
    answers.wait()
    second = upload_page(watched)
    remove(second, drives[0].name)
    expect_rows(first, 0)
    expect(first.get_by_text(f"{drives[0].name} may have been uploaded already.")).to_be_visible()
    answers.session.detach()
    first.locator("#files").set_input_files(drives[1])
    expect(first.locator(UPLOADED)).to_contain_text(drives[1].name, timeout=60_000)
    assert [entry["name"] for entry in queue(first)] == [drives[1].name]
