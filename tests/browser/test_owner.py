"""The way of an owner, on a desktop and on a phone: register, upload, history, report, delete, log out."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from faplog.contracts.errors import ErrorCode, cause
from faplog.contracts.log_rules import MAX_LOG_BYTES
from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Driver, Visit
from tests.browser.owner import PASSWORD, Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]

UPLOADED = ".upload[data-state=finished]"


def register(page: Page, email: str) -> None:
    """Fill in the form, and arrive at the logs."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


@pytest.mark.parametrize(("device", "name"), [(DESKTOP, "desktop"), (PHONE, "phone")])
def test_from_registration_to_logging_out(
    visit: Visit, drives: list[Path], tmp_path: Path, device: dict[str, object], name: str
) -> None:
    watched = visit(**device)
    page = watched.page("/register")
    register(page, f"way-{name}@example.org")

    archive = tmp_path / "more.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(drives[1], "phone/" + drives[1].name)
        file.writestr("notes.txt", "no log")
    bad = tmp_path / "broken.csv"
    bad.write_text("a;b\n1;2\n")
    wrong = tmp_path / "picture.png"
    wrong.write_bytes(b"\x89PNG")
    page.get_by_role("link", name="Upload your first log").click()
    page.locator("#files").set_input_files([drives[0], archive, bad, wrong])
    expect(page.locator(UPLOADED)).to_have_count(3, timeout=60_000)
    expect(page.locator(".upload", has_text="more.zip")).to_contain_text("notes.txt")
    expect(page.locator(".upload", has_text="broken.csv")).to_contain_text("It has no header line")
    expect(page.locator(".upload", has_text="picture.png")).to_contain_text("Only .csv and .zip")

    page.locator(".upload", has_text=drives[0].name).get_by_role("link", name="Open report").click()
    expect(page.locator(".uplot").first).to_be_visible()
    page.get_by_role("link", name="All logs").click()
    expect(page.locator(".row-log")).to_have_count(3)

    page.get_by_role("link", name="Account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto(watched.url + "/logs")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_what_was_not_sent_goes_on_after_coming_back(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    page = watched.page("/upload")
    watched.context.route("**/api/v1/analyses", lambda route: route.abort())
    watched.forgive("ERR_FAILED")
    page.locator("#files").set_input_files(drives[:2])
    expect(page.locator(".upload", has_text="No connection")).to_have_count(2)
    page.goto(watched.url + "/account")
    assert not owner.logs()["data"]
    watched.context.unroute("**/api/v1/analyses")
    page.goto(watched.url + "/upload")
    expect(page.locator(UPLOADED)).to_have_count(2, timeout=60_000)
    assert owner.logs()["pagination"]["totalItems"] == 2


def test_trying_again_is_offered_where_it_can_help(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], tmp_path: Path
) -> None:
    watched = visit(another())
    page = watched.page("/upload")
    again = page.get_by_role("button", name="Try again")
    watched.forgive("400")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"%PDF-1.7 \x00\x01")
    page.locator("#files").set_input_files(binary)
    refused = page.locator(".upload", has_text="binary.csv")
    expect(refused).to_contain_text("Please choose a CSV file written by the FAP app")
    expect(refused.get_by_role("button", name="Remove")).to_be_visible()
    expect(again).to_have_count(0)

    watched.forgive("413")
    full = asdict(cause(ErrorCode.QUOTA_EXCEEDED, kept=10_000, quota=10_000))
    watched.context.route("**/api/v1/analyses", lambda route: route.fulfill(status=413, json=full))
    page.locator("#files").set_input_files(drives[0])
    expect(page.locator(".upload", has_text=drives[0].name)).to_contain_text("You have 10,000 logs")
    watched.context.unroute("**/api/v1/analyses")
    again.click()
    expect(page.locator(UPLOADED)).to_have_count(1, timeout=60_000)

    refused.get_by_role("button", name="Remove").click()
    expect(page.locator(".upload")).to_have_count(1)
    expect(page.locator("#files")).to_be_focused()
    page.locator("#files").set_input_files(binary)
    expect(page.locator(".upload")).to_have_count(2)
    expect(refused).to_contain_text("Please choose a CSV file written by the FAP app")
    clear = page.get_by_role("button", name="Clear list")
    clear.click()
    expect(page.locator(".upload")).to_have_count(0)
    expect(clear).to_be_hidden()


def refusing(error: dict[str, object]) -> Callable[[Route], None]:
    """Return what answers every upload with this error."""
    return lambda route: route.fulfill(status=400, json=error)


def test_a_refusal_is_said_by_its_code_in_the_readers_language(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], tmp_path: Path
) -> None:
    """An unknown code, or none, is shown with the English message."""
    watched = visit(another(), locale="fr-FR")
    page = watched.page("/upload")
    watched.forgive("400")
    nested = {"file_name": "a.csv", "reason": asdict(cause(ErrorCode.UPLOAD_EMPTY))}
    answers: dict[str, dict[str, object]] = {
        "Le zip ne contient aucun relevé. a.csv : Le fichier est vide.": {"code": "ZIP_WITHOUT_LOGS", "params": nested},
        "It is Tuesday.": {"code": "OF_A_LATER_RELEASE", "params": {}, "message": "It is Tuesday."},
        "It is Wednesday.": {"message": "It is Wednesday."},
    }
    for path, (said, error) in zip(drives[:3], answers.items(), strict=True):
        watched.context.route("**/api/v1/analyses", refusing(error))
        page.locator("#files").set_input_files(path)
        expect(page.locator(".upload", has_text=path.name)).to_contain_text(said)
        watched.context.unroute("**/api/v1/analyses")
    large = tmp_path / "large.csv"
    large.write_bytes(b"1" * (MAX_LOG_BYTES + 1))
    page.locator("#files").set_input_files(large)
    expect(page.locator(".upload", has_text="large.csv")).to_contain_text("Le fichier dépasse 20 Mo.")


def test_the_history_shows_by_itself_that_a_log_is_done(
    visit: Visit, another: Callable[[], Owner], drives: list[Path]
) -> None:
    owner = another()
    watched = visit(owner)
    page = watched.page("/logs")
    for path in drives[:4]:
        owner.send(path.name, path.read_bytes())
    page.reload()
    expect(page.locator(".row-log[data-status=Success]")).to_have_count(4, timeout=60_000)


def test_search_filter_and_order(visit: Visit, driver: Driver) -> None:
    page = visit(driver.owner).page("/logs")
    rows = page.locator(".row-log")
    expect(rows).to_have_count(14)
    page.get_by_label("Search by file name").fill("20250302")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile("q=20250302"))
    page.get_by_label("Search by file name").fill("")
    page.get_by_label("Filter by result").select_option("failed")
    expect(rows).to_have_count(1)
    page.get_by_label("Filter by result").select_option("regen")
    expect(rows).to_have_count(3)
    page.get_by_label("Sort order").select_option("oldest")
    expect(rows.first).to_contain_text("20250302")


def test_an_expired_session_is_renewed_or_returns_to_where_one_was(visit: Visit, driver: Driver) -> None:
    watched = visit(driver.owner)
    watched.context.clear_cookies(name="faplog_access")
    page = watched.page("/summary?year=2025")
    expect(page.get_by_role("heading", name="Trends")).to_be_visible()
    watched.forgive("401")

    watched.context.clear_cookies(name="faplog_access")
    watched.context.clear_cookies(name="faplog_refresh")
    page.goto(watched.url + "/summary?year=2025")
    expect(page.get_by_text("Your session has expired")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/login\?ended=1&next=%2Fsummary%3Fyear%3D2025$"))
    page.get_by_label("E-mail").fill(driver.owner.email)
    page.get_by_label("Password").fill("wrong one")
    page.locator("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{watched.url}/summary?year=2025")
    expect(page.get_by_role("heading", name="Trends")).to_be_visible()


def test_two_users_do_not_see_each_other(visit: Visit, another: Callable[[], Owner], driver: Driver) -> None:
    watched = visit(another())
    watched.forgive("404")
    page = watched.page("/logs")
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()
    page.goto(f"{watched.url}/logs/{driver.regenerated}")
    expect(page.get_by_role("heading", name="Log not found")).to_be_visible()
    page.goto(f"{watched.url}/summary")
    expect(page.get_by_role("heading", name="No summary yet")).to_be_visible()


def test_deleting_the_account_needs_the_password_and_ends_everything(
    visit: Visit, another: Callable[[], Owner]
) -> None:
    owner = another()
    watched = visit(owner)
    watched.forgive("403")
    page = watched.page("/account")
    page.get_by_role("button", name="Delete account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password").fill("wrong one")
    dialog.get_by_role("button", name="Delete everything").click()
    expect(dialog.get_by_role("alert")).to_contain_text("wrong")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("link", name="Start for free")).to_be_visible()
    assert owner.http.get("/api/v1/account").status_code == 401
