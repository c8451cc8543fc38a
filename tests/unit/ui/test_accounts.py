"""The account page in its sections, and the entrances as the instance has them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.unit.ui.fake_api import FakeApi
from tests.unit.ui.test_pages import OF_INSTANCE, text

INSTANCE: dict[str, Any] = {
    "registration": "open",
    "resetByMail": True,
    "operator": {"name": "A. Garage", "contact": "help@example.org", "location": "Lyon, France"},
    "kept": {
        "sessionDays": 30,
        "eventDays": 180,
        "knownAddressDays": 90,
        "failedLoginDays": 2,
        "resetLinkMinutes": 60,
    },
}
SESSION: dict[str, Any] = {
    "id": "0b6a7a6e-2a0b-4d5c-8a51-6f3f6f1f0c22",
    "createdAt": "2025-03-01T08:00:00.000Z",
    "lastUsedAt": "2025-03-15T08:00:00.000Z",
    "browser": "Firefox",
    "device": "Android",
    "current": True,
}
UNKNOWN_OPERATOR = {"name": None, "contact": None, "location": None}


@pytest.mark.parametrize("path", OF_INSTANCE)
@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_the_pages_open_without_an_answer_of_the_api(
    browser: FlaskClient, api: FakeApi, path: str, status: int
) -> None:
    api.status["instance"] = status
    assert browser.get(path).status_code == 200


@pytest.mark.parametrize("path", OF_INSTANCE)
def test_no_session_is_handed_on_for_public_answers(user: FlaskClient, api: FakeApi, path: str) -> None:
    api.answers["instance"] = INSTANCE
    user.get(path)
    assert api.cookies == [{}]


def test_where_registration_is_open_the_form_is_shown(browser: FlaskClient, api: FakeApi) -> None:
    api.answers["instance"] = INSTANCE
    page = browser.get("/register").text
    assert "data-needs-invite" not in page
    assert 'data-auth="register" data-target="/logs" method="post" novalidate>' in page


@pytest.mark.parametrize(
    ("registration", "title"), [("invite", "You need an invite"), ("closed", "Registration is closed")]
)
def test_where_it_is_not_the_page_says_whom_to_ask(
    browser: FlaskClient, api: FakeApi, registration: str, title: str
) -> None:
    api.answers["instance"] = INSTANCE | {"registration": registration}
    page = browser.get("/register")
    assert title in text(page)
    assert "A. Garage · help@example.org" in text(page)
    assert 'method="post" novalidate hidden>' in page.text


def test_a_forgotten_password_is_asked_for_by_mail(browser: FlaskClient, api: FakeApi) -> None:
    api.answers["instance"] = INSTANCE
    page = browser.get("/forgot").text
    assert "data-forgot" in page
    assert "data-ask-operator" not in page


def test_without_mail_the_page_says_whom_to_ask(browser: FlaskClient, api: FakeApi) -> None:
    api.answers["instance"] = INSTANCE | {"resetByMail": False}
    page = browser.get("/forgot")
    assert "data-forgot" not in page.text
    assert "help@example.org" in text(page)
    api.answers["instance"] = INSTANCE | {"resetByMail": False, "operator": UNKNOWN_OPERATOR}
    page = browser.get("/forgot")
    assert "Operator:" not in page.text
    assert "make admin" in page.text


def test_privacy_names_the_operator_and_how_long_things_are_kept(browser: FlaskClient, api: FakeApi) -> None:
    api.answers["instance"] = INSTANCE
    shown = text(browser.get("/privacy"))
    for said in ("A. Garage", "help@example.org", "Lyon, France", "30 days", "180 days", "2 days", "90 days"):
        assert said in shown


def test_privacy_of_a_laptop_names_its_owner(browser: FlaskClient, api: FakeApi) -> None:
    api.answers["instance"] = INSTANCE | {"operator": UNKNOWN_OPERATOR}
    shown = text(browser.get("/privacy"))
    assert "If you started faplog on your own computer, it is you." in shown
    assert "None" not in shown


def test_what_the_operator_writes_is_text(browser: FlaskClient, api: FakeApi) -> None:
    written = dict.fromkeys(("name", "contact", "location"), "<script>alert(1)</script>")
    api.answers["instance"] = INSTANCE | {"operator": written, "registration": "closed", "resetByMail": False}
    for path in OF_INSTANCE:
        assert "<script>alert" not in browser.get(path).text


def test_sessions_are_listed_and_only_others_can_be_ended(user: FlaskClient, api: FakeApi) -> None:
    other = SESSION | {"id": "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11", "browser": None, "device": None, "current": False}
    api.answers |= {"account": {"email": "you@example.org"}, "account/sessions": {"sessions": [SESSION, other]}}
    page = user.get("/account")
    shown = text(page)
    assert "Firefox on Android" in shown
    assert "A program or script" in shown
    assert "since 1 Mar 2025, last used 15 Mar 2025" in shown
    assert f'data-end="/account/sessions/{other["id"]}"' in page.text
    assert f'data-end="/account/sessions/{SESSION["id"]}"' not in page.text
    assert "End all other sessions" in shown
    api.answers["account/sessions"] = {"sessions": [SESSION]}
    assert "End all other sessions" not in text(user.get("/account"))


def test_login_says_that_the_new_password_is_set(browser: FlaskClient) -> None:
    assert "Your new password is set." in text(browser.get("/login?changed=1"))
    assert "Your new password is set." not in text(browser.get("/login"))


@pytest.mark.parametrize("path", ["/forgot", "/reset"])
def test_a_login_leads_to_no_page_of_a_forgotten_password(browser: FlaskClient, path: str) -> None:
    assert 'data-target="/logs"' in browser.get("/login", query_string={"next": path}).text
