"""Accounts in a real browser: password, address, sessions, a forgotten password by mail, invites, who runs it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, STEADY, Watched, axe
from tests.browser.conftest import Visit
from tests.browser.owner import PASSWORD, Owner
from tests.conftest import ROOT, Stack, running_stack
from tests.smtp_server import Mailbox, smtp_server

pytestmark = [pytest.mark.stack, pytest.mark.browser]

NEW = "five other unrelated plain words"
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
TABLET: dict[str, Any] = {"viewport": {"width": 768, "height": 1024}}


def admin(stack: Stack, *arguments: str) -> str:
    """Return what the operator's command prints."""
    command = [sys.executable, "-m", "standalone.admin", "--state", str(stack.state), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def link_in(said: str) -> str:
    """Return the link in a mail or in what the command printed."""
    found = re.search(r"http://\S+#\S+", said)
    assert found
    return found[0]


@dataclass(frozen=True)
class Instance:
    """A system that sends mail and wants invites, and a browser in front of it."""

    stack: Stack
    mailbox: Mailbox
    chromium: Browser
    opened: list[Watched]

    def visit(self, **options: Any) -> Watched:
        """Return a browser of its own, watched to the end."""
        context = self.chromium.new_context(**(DESKTOP | STEADY | options))
        self.opened.append(Watched(context, self.stack.url))
        return self.opened[-1]

    def invite(self) -> str:
        return link_in(admin(self.stack, "invite"))


@pytest.fixture(scope="module")
def mailing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Mailbox]]:
    """Yield a system with a mail server, where registration needs an invite."""
    with smtp_server() as mailbox, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAPLOG_SMTP_URL", mailbox.url)
        patch.setenv("FAPLOG_MAIL_FROM", "faplog <noreply@example.org>")
        patch.setenv("FAPLOG_REGISTRATION", "invite")
        patch.setenv("FAPLOG_OPERATOR_NAME", "A. Garage")
        patch.setenv("FAPLOG_OPERATOR_CONTACT", "help@example.org")
        patch.setenv("FAPLOG_OPERATOR_LOCATION", "a server in Lyon, France")
        with running_stack(tmp_path_factory.mktemp("mailing")) as stack:
            yield stack, mailbox


@pytest.fixture
def instance(mailing: tuple[Stack, Mailbox], chromium: Browser) -> Iterator[Instance]:
    made = Instance(*mailing, chromium, [])
    yield made
    for watched in made.opened:
        watched.context.close()
    for watched in made.opened:
        watched.check()


def log_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Log in").click()


def register(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Create account").click()


def test_the_password_is_changed_and_other_sessions_end(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    here, phone = visit(owner), visit(owner)
    for status in ("400", "403"):
        here.forgive(status)
    phone.forgive("401")
    page, other = here.page("/account"), phone.page("/logs")
    expect(other.get_by_role("heading", name="No logs yet")).to_be_visible()

    page.get_by_text("Change the password", exact=True).first.click()
    form = page.locator("form[data-change='/account/password']")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_have_text("Please enter your password.")
    form.get_by_label("Current password").fill("wrong one")
    form.get_by_label("New password").fill("short")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("8 to 128 characters")
    form.get_by_label("New password").fill(NEW)
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_have_text("The password is wrong.")
    expect(form.get_by_role("button")).to_be_focused()
    form.get_by_label("Current password").fill(PASSWORD)
    form.get_by_label("New password").fill("password123")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("easy to guess")
    form.get_by_label("New password").fill(NEW)
    form.get_by_role("button").click()
    expect(page.get_by_text("Your password was changed. All other sessions have ended.")).to_be_visible()
    expect(page.locator("summary", has_text="Change the password")).to_be_focused()

    other.goto(f"{phone.url}/logs")
    expect(other).to_have_url(re.compile(r"/login\?ended=1"))
    log_in(other, owner.email, PASSWORD)
    expect(other.get_by_role("alert")).to_contain_text("wrong")
    expect(other.locator("main").get_by_role("button", name="Log in")).to_be_focused()
    log_in(other, owner.email, NEW)
    expect(other.get_by_role("heading", name="No logs yet")).to_be_visible()


def test_the_address_is_changed_with_the_password(visit: Visit, another: Callable[[], Owner]) -> None:
    owner, taken = another(), another()
    watched = visit(owner)
    for status in ("400", "409"):
        watched.forgive(status)
    page = watched.page("/account")
    page.get_by_text("Change the e-mail address").click()
    form = page.locator("form[data-change='/account/email']")
    for email, said in ((taken.email, "already an account"), ("no address", "does not look like an e-mail")):
        form.get_by_label("New e-mail address").fill(email)
        form.get_by_label("Password").fill(PASSWORD)
        form.get_by_role("button").click()
        expect(form.get_by_role("alert")).to_contain_text(said)
    form.get_by_label("New e-mail address").fill(f"new-{owner.email}")
    form.get_by_role("button").click()
    expect(page.get_by_text(f"Logged in as new-{owner.email}")).to_be_visible()
    expect(page.locator("summary", has_text="Change the e-mail address")).to_be_focused()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto(f"{watched.url}/login")
    log_in(page, f"new-{owner.email}", PASSWORD)
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


def test_sessions_are_seen_and_ended(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    here, phone = visit(owner), visit(owner, user_agent="Mozilla/5.0 (Android 14; Mobile; rv:133.0) Firefox/133.0")
    phone.forgive("401")
    other = phone.page("/logs")
    page = here.page("/account")
    rows = page.locator("[data-session]")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="this session").get_by_role("button")).to_have_count(0)
    rows.filter(has_text="Firefox on Android").get_by_role("button").click()
    expect(page.get_by_text("The session has ended.")).to_be_visible()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("heading", name="Sessions")).to_be_focused()
    other.goto(f"{phone.url}/logs")
    expect(other).to_have_url(re.compile(r"/login\?ended=1"))
    page.get_by_role("button", name="End all other sessions").click()
    expect(page.get_by_text("All other sessions have ended.")).to_be_visible()
    expect(rows).to_have_count(1)
    assert owner.http.get("/api/v1/account").status_code == 401


def test_without_mail_a_forgotten_password_is_the_operators_to_help(
    visit: Visit, another: Callable[[], Owner], stack: Stack
) -> None:
    owner = another()
    watched = visit()
    watched.forgive("401")
    page = watched.page("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.locator("[data-ask-operator]")).to_contain_text("make admin")
    link = link_in(admin(stack, "reset-password", owner.email))
    assert link.startswith(f"{stack.url}/reset#")
    page.goto(link)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    log_in(page, owner.email, NEW)
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


@pytest.mark.parametrize(("device", "name"), [(WIDE, "desktop"), (TABLET, "tablet"), (PHONE, "phone")])
def test_from_an_invite_to_a_forgotten_password_and_back(instance: Instance, device: dict[str, Any], name: str) -> None:
    email = f"{name}@example.org"
    watched = instance.visit(**device)
    for status in ("400", "401", "403", "404"):
        watched.forgive(status)
    sent: list[str] = []
    watched.context.on("request", lambda request: sent.append(f"{request.url} {json.dumps(request.headers)}"))
    page = watched.page("/register")
    expect(page.get_by_role("heading", name="You need an invite")).to_be_visible()
    expect(page.get_by_text("A. Garage · help@example.org")).to_be_visible()
    expect(page.locator("form[data-auth]")).to_be_hidden()
    page.goto(f"{watched.url}/register#wrong")
    register(page, email)
    expect(page.get_by_role("alert")).to_contain_text("This invite does not work")
    invite = instance.invite()
    page.goto(invite)
    page.reload()  # the same page, with another fragment
    expect(page.get_by_text("You are invited.")).to_be_visible()
    register(page, email)
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()
    page.goto(f"{watched.url}/account")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{watched.url}/about")

    page.goto(f"{watched.url}/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("alert")).to_have_text("Please enter your e-mail address.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your inbox")).to_be_visible()
    link = link_in(instance.mailbox.wait_for(email).get_content())
    page.goto(link)
    page.get_by_label("New password").fill("password123")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("easy to guess")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your new password is set.")).to_be_visible()
    log_in(page, email, PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    log_in(page, email, NEW)
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()

    page.goto(link)
    page.get_by_label("New password").fill(f"{NEW} again")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("This link does not work")
    tokens = [one.partition("#")[2] for one in (invite, link)]
    assert not [request for request in sent for token in tokens if token in request], (
        "no address or Referer has a token"
    )
    logs = "".join(
        path.read_text("utf-8", "replace") for path in (instance.stack.state / "logs").rglob("*") if path.is_file()
    )
    assert "api" in logs
    assert not [token for token in tokens if token in logs]
    assert email not in logs


def test_an_account_whose_first_login_failed_is_logged_in_by_the_next_press(instance: Instance) -> None:
    """It is there by then, and its invite is used up: neither is said to be wrong."""
    watched = instance.visit()
    for part in ("ERR_FAILED", "401"):
        watched.forgive(part)
    page = watched.page(instance.invite().removeprefix(watched.url))
    page.route("**/api/v1/auth/login", lambda route: route.abort(), times=1)
    register(page, "cut-off@example.org")
    expect(page.get_by_role("alert")).to_contain_text("not available right now")
    register(page, "Cut-Off@example.org", NEW)
    expect(page.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    register(page, "Cut-Off@example.org")
    expect(page.get_by_role("heading", name="No logs yet")).to_be_visible()


def test_a_link_without_its_token_says_so(instance: Instance) -> None:
    page = instance.visit().page("/reset")
    expect(page.get_by_text("This link is incomplete.")).to_be_visible()
    expect(page.locator("form[data-reset]")).to_be_hidden()


def test_privacy_says_who_runs_it(instance: Instance) -> None:
    page = instance.visit().page("/about")
    page.get_by_role("link", name="Privacy").click()
    expect(page.get_by_role("heading", name="Who runs this faplog")).to_be_visible()
    for said in ("A. Garage", "help@example.org", "a server in Lyon, France", "30 days", "180 days"):
        expect(page.locator("main")).to_contain_text(said)


PLACES = {"invite": "/register", "forgot": "/forgot", "reset": "/reset#token", "privacy": "/privacy"}


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_the_pages_fit_and_are_readable_in_every_language(instance: Instance, language: str) -> None:
    wrong: dict[str, object] = {}
    for width, device in ((360, PHONE), (768, TABLET), (1440, WIDE)):
        page = instance.visit(**device, locale=language).page("/health")
        for name, path in PLACES.items():
            page.goto(instance.stack.url + path)
            page.locator("main h1").wait_for()
            if page.evaluate("() => document.documentElement.scrollWidth") > width:
                wrong[f"{name} at {width}"] = "scrolls sideways"
            if found := axe(page):
                wrong[f"{name} at {width}"] = found
            page.emulate_media(color_scheme="dark")
            page.locator("html[data-bs-theme=dark]").wait_for()
            if found := axe(page, "color-contrast"):
                wrong[f"{name} at {width}, dark"] = found
            page.emulate_media(color_scheme="light")
    assert not wrong


@pytest.mark.parametrize("language", ["en-GB", "fr-FR", "pl-PL"])
def test_the_account_page_fits_with_everything_open(visit: Visit, another: Callable[[], Owner], language: str) -> None:
    owner = another()
    wrong: dict[str, object] = {}
    for width, device in ((360, PHONE), (768, TABLET), (1440, WIDE)):
        page = visit(owner, **device, locale=language).page("/account")
        page.locator("[data-session]").first.wait_for()
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        if page.evaluate("() => document.documentElement.scrollWidth") > width:
            wrong[f"{width}"] = "scrolls sideways"
        if found := axe(page):
            wrong[f"axe at {width}"] = found
    assert not wrong
