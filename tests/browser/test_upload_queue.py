"""Files that wait in the browser: whose they are, what a login and a logout do to them, and how one is removed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Watched
from tests.browser.conftest import Visit
from tests.browser.owner import PASSWORD, Owner
from tests.browser.pwa import queue, stored_owner

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
    """The upload page with a file that cannot be sent, after a login with this address."""
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
