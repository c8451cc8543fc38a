"""Changing the password and the e-mail address, and the list of sessions."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr

from functions.api.accounts import tokens
from functions.api.accounts.rate_limit import PAIR
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from tests.integration.conftest import database_of
from tests.integration.people import AUTH, PASSWORD, Person, arrive, log_in, some_email
from tests.smtp_server import Mailbox, smtp_server

ACCOUNT = "/api/v1/account"
NEW = "another pass phrase"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"


@pytest.fixture
def person(api_app: Flask) -> Person:
    """Return a user with a session."""
    return arrive(api_app)


def change(person: Person, current: str = PASSWORD, new: str = NEW) -> Any:
    return person.call("POST", f"{ACCOUNT}/password", json={"current_password": current, "new_password": new})


def change_email(person: Person, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return person.call("POST", f"{ACCOUNT}/email", json={"email": email, "password": password}, **more)


def another_session(person: Person) -> Person:
    """Return the same person at another device."""
    other = Person(person.app, person.app.test_client(use_cookies=False), person.email, person.address, person.id)
    assert other.log_in().status_code == 200
    return other


def events(database: Database, person: Person) -> list[str]:
    """Return what the audit log has of a person, oldest first."""
    with database.worker() as connection:
        rows = connection.execute("SELECT event FROM audit_log WHERE user_id = %s ORDER BY id", [person.id]).fetchall()
    return [row["event"] for row in rows]


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(person: Person, database: Database) -> None:
    phone = another_session(person)
    assert change(person).status_code == 204
    assert person.call("GET", ACCOUNT).status_code == 200
    assert phone.call("GET", ACCOUNT).status_code == 401
    assert phone.refresh().status_code == 401
    assert person.log_in(PASSWORD).status_code == 401
    assert person.log_in(NEW).status_code == 200
    assert "password changed" in events(database, person)


def test_the_current_password_is_needed_and_guesses_are_limited(
    person: Person, database: Database, long_waits: None
) -> None:
    refused = [change(person, "wrong pass phrase") for _ in range(PAIR.free)]
    assert {(answer.status_code, answer.get_json()["code"]) for answer in refused} == {(403, "PASSWORD_WRONG")}
    limited = change(person, "wrong pass phrase")
    assert (limited.status_code, limited.get_json()["code"]) == (429, "RATE_LIMITED")
    assert int(limited.headers["Retry-After"]) > 0
    assert events(database, person).count("password change refused") == PAIR.free
    assert person.call("GET", ACCOUNT).status_code == 200


@pytest.mark.parametrize(
    ("new", "code"),
    [("aaaaaaaaaaaa", "PASSWORD_REPETITIVE"), ("password123", "PASSWORD_COMMON"), ("short", "INVALID_INPUT")],
)
def test_a_weak_new_password_is_refused(person: Person, new: str, code: str) -> None:
    answer = change(person, new=new)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)
    assert person.log_in(PASSWORD).status_code == 200


def test_the_address_is_no_new_password(person: Person) -> None:
    assert change(person, new=person.email).get_json()["code"] == "PASSWORD_IS_EMAIL"


def test_of_two_changes_at_once_one_is_made(person: Person) -> None:
    other = another_session(person)
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: change(one[0], new=one[1]).status_code, [(person, NEW), (other, NEW + "2")])
        )
    assert answers.count(204) == 1
    assert sorted(answers)[1] in (401, 403)


BAD_FIELDS: list[tuple[str, dict[str, object]]] = [
    ("password", {}),
    ("password", {"current_password": PASSWORD}),
    ("password", {"new_password": NEW}),
    ("password", {"current_password": 7, "new_password": NEW}),
    ("password", {"current_password": "", "new_password": NEW}),
    ("password", {"current_password": "x" * 129, "new_password": NEW}),
    ("password", {"current_password": PASSWORD, "new_password": "x" * 129}),
    ("password", {"current_password": PASSWORD, "new_password": None}),
    ("password", {"current_password": PASSWORD, "new_password": NEW, "more": 1}),
    ("email", {}),
    ("email", {"email": "you@example.org"}),
    ("email", {"password": PASSWORD}),
    ("email", {"email": ["you@example.org"], "password": PASSWORD}),
    ("email", {"email": "a" * 255, "password": PASSWORD}),
    ("email", {"email": "you", "password": PASSWORD}),
    ("email", {"email": "", "password": PASSWORD}),
    ("email", {"email": "you@example.org\r\nBcc: eve@example.org", "password": PASSWORD}),
    ("email", {"email": "you@example.org, eve@example.org", "password": PASSWORD}),
    ("email", {"email": "you\0@example.org", "password": PASSWORD}),
    ("email", {"email": "you@example.org", "password": "x" * 129}),
]


@pytest.mark.parametrize(("path", "body"), BAD_FIELDS)
def test_bad_fields_are_refused_with_a_code_and_a_sentence(person: Person, path: str, body: dict[str, object]) -> None:
    answer = person.call("POST", f"{ACCOUNT}/{path}", json=body)
    assert answer.status_code == 400
    assert answer.get_json()["code"] in ("INVALID_INPUT", "EMAIL_INVALID", "EMAIL_TOO_LONG")
    assert answer.get_json()["message"]
    assert person.call("GET", ACCOUNT).get_json()["email"] == person.email


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", '{"email": "ü@example.org"}'.encode("latin-1"), b"{", b""])
@pytest.mark.parametrize("path", ["account/password", "account/email", "auth/password-reset/confirm", "auth/register"])
def test_other_encodings_are_refused(person: Person, path: str, content: bytes) -> None:
    answer = person.call("POST", f"/api/v1/{path}", data=content, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_INPUT")


def test_the_new_address_is_the_name_at_the_next_login(person: Person, database: Database) -> None:
    former, email = person.email, some_email()
    answer = change_email(person, email.upper())
    assert answer.status_code == 200
    assert answer.get_json()["email"] == email
    assert person.call("GET", ACCOUNT).get_json()["email"] == email
    assert log_in(person.client, former, PASSWORD, person.address).status_code == 401
    assert log_in(person.client, email, PASSWORD, person.address).status_code == 200
    assert "e-mail address changed" in events(database, person)


def test_after_a_change_of_address_the_same_session_can_still_confirm_with_the_password(person: Person) -> None:
    """The access token still names the former address."""
    assert change_email(person, some_email()).status_code == 200
    assert change(person).status_code == 204
    assert person.call("DELETE", ACCOUNT, json={"password": NEW}).status_code == 204


def test_an_address_that_is_taken_is_refused(person: Person, api_app: Flask) -> None:
    other = arrive(api_app)
    answer = change_email(person, other.email)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "EMAIL_TAKEN")
    assert change_email(person, person.email).status_code == 200


def test_a_change_of_address_needs_the_password(person: Person) -> None:
    answer = change_email(person, some_email(), "wrong pass phrase")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "PASSWORD_WRONG")
    assert person.call("GET", ACCOUNT).get_json()["email"] == person.email


@pytest.mark.parametrize("path", ["password", "email", "sessions"])
def test_changes_by_cookies_need_the_csrf_token(person: Person, path: str) -> None:
    method = "DELETE" if path == "sessions" else "POST"
    answer = person.browser().call(method, f"{ACCOUNT}/{path}", csrf="", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "CSRF_TOKEN_INVALID")


@pytest.fixture
def mailing(api_settings: Settings) -> Iterator[tuple[Flask, Mailbox]]:
    """Yield the app with a mail server."""
    with smtp_server() as mailbox:
        changed = {
            "smtp_url": SecretStr(mailbox.url),
            "mail_from": "faplog@example.org",
            "public_url": "https://faplog.example/",
            "operator_contact": "help@example.org",
        }
        app = create_app(api_settings.model_copy(update=changed))
        yield app, mailbox
        database_of(app).close()


def test_the_former_address_is_told(mailing: tuple[Flask, Mailbox]) -> None:
    app, mailbox = mailing
    person = arrive(app)
    assert change_email(person, some_email(), headers={"Accept-Language": "pl"}).status_code == 200
    told = mailbox.wait_for(person.email)
    assert told["Subject"] == "Adres e-mail Twojego konta faplog został zmieniony"
    assert "help@example.org" in told.get_content()


def test_sessions_are_listed_with_what_they_run_on(person: Person) -> None:
    body = {"email": person.email, "password": PASSWORD}
    headers = {"X-Forwarded-For": person.address, "User-Agent": FIREFOX}
    token = person.client.post(f"{AUTH}/login", json=body, headers=headers).get_json()["access_token"]
    phone = str(tokens.verify(services_of(person.app).keys, token).session_id)
    mine = str(tokens.verify(services_of(person.app).keys, person.access_token).session_id)
    listed = {one["id"]: one for one in person.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"]}
    assert listed.keys() == {phone, mine}
    assert [listed[phone][name] for name in ("browser", "device", "current")] == ["Firefox", "Android", False]
    assert [listed[mine][name] for name in ("browser", "device", "current")] == [None, None, True]
    assert listed[mine]["createdAt"] <= listed[mine]["lastUsedAt"]


def test_a_refresh_is_a_use(person: Person, database: Database) -> None:
    with database.worker() as connection:
        connection.execute(
            "UPDATE sessions SET last_used_at = now() - interval '3 days' WHERE user_id = %s", [person.id]
        )
    before = person.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"][0]["lastUsedAt"]
    assert person.refresh().status_code == 200
    assert person.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"][0]["lastUsedAt"] > before


def test_one_session_is_ended(person: Person, database: Database) -> None:
    phone = another_session(person)
    [theirs] = [
        one["id"] for one in person.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"] if not one["current"]
    ]
    assert person.call("DELETE", f"{ACCOUNT}/sessions/{theirs}").status_code == 204
    assert phone.call("GET", ACCOUNT).status_code == 401
    assert phone.refresh().status_code == 401
    assert person.call("GET", ACCOUNT).status_code == 200
    again = person.call("DELETE", f"{ACCOUNT}/sessions/{theirs}")
    assert (again.status_code, again.get_json()["code"]) == (404, "SESSION_NOT_FOUND")
    assert "session ended by the user" in events(database, person)


def test_all_other_sessions_are_ended(person: Person, api_app: Flask) -> None:
    others, stranger = [another_session(person) for _ in range(3)], arrive(api_app)
    assert person.call("DELETE", f"{ACCOUNT}/sessions").status_code == 204
    assert {other.call("GET", ACCOUNT).status_code for other in others} == {401}
    assert person.call("GET", ACCOUNT).status_code == 200
    assert stranger.call("GET", ACCOUNT).status_code == 200
    assert len(person.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"]) == 1


def test_the_session_of_another_user_is_not_found(person: Person, api_app: Flask) -> None:
    stranger = arrive(api_app)
    theirs = stranger.call("GET", f"{ACCOUNT}/sessions").get_json()["sessions"][0]["id"]
    assert person.call("DELETE", f"{ACCOUNT}/sessions/{theirs}").status_code == 404
    assert stranger.call("GET", ACCOUNT).status_code == 200
