"""Notifications on the account page: switched on, tested, changed and off, by keyboard and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chromium import DESKTOP, PHONE, axe
from tests.browser.conftest import Visit
from tests.browser.owner import PASSWORD, Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]

ROOT = "**/api/v1/account/notifications"
TABLET = {"viewport": {"width": 768, "height": 1024}}

CHANNEL = {
    "kind": "webhook",
    "language": "en",
    "url": "https://example.org/hook",
    "confirmed": True,
    "createdAt": "2026-01-02T03:04:05.000Z",
}
FAILURE = {
    "id": "1b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22",
    "channel": "webhook",
    "event": "log_act",
    "analysisId": None,
    "createdAt": "2026-01-02T03:04:05.000Z",
    "endedAt": "2026-01-03T03:04:05.000Z",
    "tries": 27,
    "code": "RECEIVER_REFUSED",
    "params": {"http_status": 500},
}


def section(page: Page) -> Locator:
    """Return the section, once it shows what is on."""
    found = page.locator("[data-notifications][data-ready]")
    found.wait_for()
    return found


def opened(page: Page, kind: str) -> Locator:
    """Return a channel, unfolded."""
    channel = section(page).locator(f"[data-channel={kind}]")
    channel.locator("summary").click()
    return channel


def answering(page: Page, path: str, *, method: str, status: int, body: object) -> None:
    """Answer one request of the page in the API's place: its receivers are on the internet, which no test needs."""

    def answer(route: Route) -> None:
        if route.request.method != method:
            return route.fallback()
        return route.fulfill(status=status, json=body) if body is not None else route.fulfill(status=status)

    page.route(ROOT + path, answer)


def test_a_private_address_is_refused_in_words_and_stays_in_its_field(
    visit: Visit, another: Callable[[], Owner]
) -> None:
    watched = visit(another())
    watched.forgive("400")
    page = watched.page("/account")
    channel = opened(page, "webhook")
    expect(channel.get_by_text("Off", exact=True)).to_be_visible()
    for url, said in (
        ("http://127.0.0.1:8080/", "Messages may not be sent to this address"),
        ("file:///etc/passwd", "The address must begin with https://"),
    ):
        field = channel.get_by_label("Address")
        field.fill(url)
        channel.get_by_role("button", name="Switch on").click()
        expect(channel.get_by_role("alert")).to_contain_text(said)
        expect(field).to_have_value(url)
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(channel.get_by_text("Off", exact=True)).to_be_visible()


def test_a_webhook_from_on_to_off(visit: Visit, another: Callable[[], Owner]) -> None:
    watched = visit(another(), permissions=["clipboard-read", "clipboard-write"])
    watched.forgive("422")
    page = watched.page("/account")
    answering(page, "/webhook", method="PUT", status=200, body=CHANNEL | {"secret": "whsec_c2VjcmV0"})
    channel = opened(page, "webhook")
    channel.get_by_label("Address").fill("https://example.org/hook")
    channel.get_by_role("button", name="Switch on").press("Enter")
    secret = channel.get_by_label("Secret", exact=True)
    expect(secret).to_be_focused()
    expect(secret).to_have_value("whsec_c2VjcmV0")
    channel.get_by_role("button", name="Copy").click()
    expect(channel.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "whsec_c2VjcmV0"
    expect(channel.get_by_text("On", exact=True)).to_be_visible()

    error = {"message": "…", "code": "RECEIVER_REFUSED", "params": {"http_status": 503}}
    answering(page, "/webhook/test", method="POST", status=422, body=error)
    channel.get_by_role("button", name="Send a test").click()
    expect(channel.get_by_role("alert")).to_have_text("The receiver refused the message with status 503.")
    answering(page, "/webhook/test", method="POST", status=204, body=None)
    channel.get_by_role("button", name="Send a test").click()
    expect(channel.get_by_text("The test message was sent.")).to_be_visible()
    expect(channel.get_by_role("alert")).to_be_hidden()

    channel.get_by_role("button", name="Switch off").click()
    expect(channel.get_by_text("Switched off. Nothing more is sent.")).to_be_visible()
    expect(channel.get_by_role("button", name="Switch on")).to_be_focused()
    expect(secret).to_be_hidden()
    expect(channel.get_by_text("Off", exact=True)).to_be_visible()


def test_mail_waits_for_its_code(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    page = visit(owner).page("/health")
    shown = {"offered": ["email"], "email": owner.email, "channels": [], "failures": []}
    answering(page, "", method="GET", status=200, body=shown)
    email = CHANNEL | {"kind": "email", "url": None, "language": "fr"}
    answering(page, "/email", method="PUT", status=200, body=email | {"confirmed": False})
    answering(page, "/email/confirm", method="POST", status=200, body=email)
    page.goto(f"{page.url.removesuffix('/health')}/account")
    expect(section(page).locator("[data-channel=webhook] summary")).to_contain_text("Not offered here")
    channel = opened(page, "email")
    expect(channel).to_contain_text(owner.email)
    channel.get_by_label("Language of the messages").select_option("fr")
    channel.get_by_role("button", name="Switch on").click()
    code = channel.get_by_label("Code from the e-mail")
    expect(code).to_be_focused()
    expect(channel.locator("summary")).to_contain_text("Not confirmed")
    expect(channel.get_by_role("button", name="Send a new code")).to_be_visible()
    code.fill("123456")
    with page.expect_request(lambda request: request.method in ("PUT", "POST")) as sent:
        code.press("Enter")
    assert sent.value.url.endswith("/email/confirm")  # and asks for no other code, which would make this one void
    assert sent.value.post_data_json == {"code": "123456"}
    expect(channel.locator("summary")).to_contain_text("On")
    expect(channel.get_by_role("button", name="Send a test")).to_be_focused()
    expect(code).to_be_hidden()


def test_a_changed_address_has_to_be_confirmed(visit: Visit, another: Callable[[], Owner]) -> None:
    """The section says so at once; what is being written for another channel stays."""
    owner = another()
    page = visit(owner).page("/health")
    email = CHANNEL | {"kind": "email", "url": None}
    shown = {"offered": ["webhook", "email"], "email": owner.email, "channels": [CHANNEL, email], "failures": []}
    answering(page, "", method="GET", status=200, body=shown)
    page.goto(f"{page.url.removesuffix('/health')}/account")
    channel = opened(page, "email")
    expect(channel.locator("summary")).to_contain_text("On")
    hook = opened(page, "webhook").get_by_label("Address")
    hook.fill("https://example.org/another")
    new = f"new-{owner.email}"
    unconfirmed = shown | {"email": new, "channels": [CHANNEL, email | {"confirmed": False}]}
    answering(page, "", method="GET", status=200, body=unconfirmed)
    page.get_by_text("Change the e-mail address").click()
    page.get_by_label("New e-mail address").fill(new)
    page.locator("#email-password").fill(PASSWORD)
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text(f"Logged in as {new}")).to_be_visible()
    expect(channel.locator("[data-email]")).to_have_text(new)
    expect(channel.locator("summary")).to_contain_text("Not confirmed")
    expect(channel.get_by_role("button", name="Send a test")).to_be_hidden()
    expect(hook).to_have_value("https://example.org/another")


def test_messages_that_were_given_up_are_listed_until_cleared(visit: Visit, another: Callable[[], Owner]) -> None:
    owner = another()
    page = visit(owner, **PHONE).page("/health")
    failures = [FAILURE, FAILURE | {"channel": "email", "code": None, "params": None, "tries": 0}]
    shown = {"offered": ["webhook"], "email": owner.email, "channels": [CHANNEL], "failures": failures}
    answering(page, "", method="GET", status=200, body=shown)
    page.goto(f"{page.url.removesuffix('/health')}/account")
    listed = section(page).get_by_role("listitem")
    expect(listed.nth(0)).to_contain_text("Webhook: The receiver refused the message with status 500.")
    expect(listed.nth(1)).to_contain_text("E-mail: It was never tried")
    section(page).get_by_role("button", name="Clear this list").click()
    expect(listed).to_have_count(0)


@pytest.mark.parametrize("device", [DESKTOP, TABLET, PHONE], ids=["1440", "768", "360"])
def test_the_section_fits_every_screen_and_language(
    visit: Visit, another: Callable[[], Owner], device: dict[str, object]
) -> None:
    """Nothing sideways in any language; nothing that axe finds serious in either theme, on the larger screen."""
    owner = another()
    watched = visit(owner, **device)
    page = watched.page("/health")
    ntfy = CHANNEL | {"kind": "ntfy", "url": "https://ntfy.example/" + "topic-" * 9}
    shown = {
        "offered": ["webhook", "ntfy", "email"],
        "email": owner.email,
        "channels": [CHANNEL, ntfy, CHANNEL | {"kind": "email", "url": None, "confirmed": False}],
        "failures": [FAILURE],
    }
    answering(page, "", method="GET", status=200, body=shown)
    answering(page, "/webhook", method="PUT", status=200, body=CHANNEL | {"secret": "whsec_" + "c2VjcmV0" * 5})
    problems: dict[str, list[str]] = {}
    for language in ("en", "fr", "pl"):
        page.context.add_cookies([{"name": "faplog_language", "value": language, "url": watched.url}])
        page.emulate_media(color_scheme="light")
        page.goto(f"{watched.url}/account")
        for kind in ("email", "ntfy", "webhook"):
            opened(page, kind)
        page.locator("[data-channel=webhook] [data-save]").click()
        page.locator("[data-secret]").wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, language
        if device is DESKTOP:
            problems[f"{language}, light"] = axe(page)
            page.emulate_media(color_scheme="dark")
            page.locator("html[data-bs-theme=dark]").wait_for()
            problems[f"{language}, dark"] = axe(page, "color-contrast")
    assert not {name: found for name, found in problems.items() if found}
