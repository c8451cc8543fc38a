"""A forgotten password: links that work once, for an hour, and do not reveal who has an account."""

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Flag
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from functions.api import mail
from functions.api.accounts import password_reset, rate_limit, tokens
from functions.api.accounts.rate_limit import RESET
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from tests.conftest import until
from tests.integration.conftest import database_of
from tests.integration.people import AUTH, PASSWORD, Person, arrive, some_email, somewhere
from tests.smtp_server import Mailbox, smtp_server

RESET_PATH = f"{AUTH}/password-reset"
NEW = "another pass phrase"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Yield a mail server."""
    with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def app(api_settings: Settings, mailbox: Mailbox) -> Iterator[Flask]:
    """Yield the app with a mail server."""
    changed = {
        "smtp_url": SecretStr(mailbox.url),
        "mail_from": "faplog@example.org",
        "public_url": "https://faplog.example/",
    }
    app = create_app(api_settings.model_copy(update=changed))
    yield app
    database_of(app).close()


@pytest.fixture
def person(app: Flask) -> Person:
    """Return a user with a session, who will forget the password."""
    return arrive(app)


def ask(app: Flask, email: str, address: str | None = None, language: str = "en") -> TestResponse:
    headers = {"X-Forwarded-For": address or somewhere(), "Accept-Language": language}
    return app.test_client().post(RESET_PATH, json={"email": email}, headers=headers, buffered=True)


def confirm(app: Flask, token: str, password: str = NEW) -> TestResponse:
    return app.test_client().post(f"{RESET_PATH}/confirm", json={"token": token, "password": password})


def token_in(text: str) -> str:
    """Return the token in the link of a mail."""
    [token] = re.findall(r"https://faplog\.example/reset#(\S+)", text)
    return str(token)


def mailed_token(app: Flask, mailbox: Mailbox, person: Person, number: int = 1) -> str:
    """Return the token of a link that is asked for and sent."""
    assert ask(app, person.email).status_code == 202
    return token_in(mailbox.wait_for(person.email, number).get_content())


def make_token(database: Database, person: Person) -> str:
    with database.worker() as connection:
        token = password_reset.make(connection, person.email)
    assert token
    return token


def test_the_mailed_link_sets_a_new_password_and_ends_all_sessions(
    app: Flask, mailbox: Mailbox, person: Person
) -> None:
    token = mailed_token(app, mailbox, person)
    assert person.call("GET", "/api/v1/account").status_code == 200
    assert confirm(app, token).status_code == 204
    assert person.call("GET", "/api/v1/account").status_code == 401
    assert person.refresh().status_code == 401
    assert person.log_in(PASSWORD).status_code == 401
    assert person.log_in(NEW).status_code == 200


def test_a_link_works_once(app: Flask, database: Database, person: Person) -> None:
    token = make_token(database, person)
    assert confirm(app, token).status_code == 204
    again = confirm(app, token, "a third pass phrase")
    assert (again.status_code, again.get_json()["code"]) == (404, "RESET_LINK_INVALID")
    assert person.log_in(NEW).status_code == 200


def test_of_ten_uses_at_once_one_counts(app: Flask, database: Database, person: Person) -> None:
    token = make_token(database, person)
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda number: confirm(app, token, f"{NEW} {number}").status_code, range(10)))
    assert sorted(codes) == [204] + [404] * 9
    assert person.log_in(f"{NEW} {codes.index(204)}").status_code == 200


def test_a_link_works_for_an_hour(
    app: Flask, database: Database, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_token(database, person)
    with database.worker() as connection:
        row = connection.execute(
            "SELECT expires_at - created_at AS life FROM password_reset WHERE user_id = %s", [person.id]
        ).fetchone()
    assert row
    assert row["life"] == password_reset.LIFETIME == timedelta(hours=1)
    monkeypatch.setattr(password_reset, "LIFETIME", timedelta(microseconds=1))
    assert confirm(app, make_token(database, person)).get_json()["code"] == "RESET_LINK_INVALID"
    assert person.log_in(PASSWORD).status_code == 200


def test_expired_links_are_removed(database: Database, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    valid = make_token(database, person)
    monkeypatch.setattr(password_reset, "LIFETIME", timedelta(microseconds=1))
    make_token(database, person)
    with database.worker() as connection:
        password_reset.delete_expired(connection)
        rows = connection.execute("SELECT digest FROM password_reset WHERE user_id = %s", [person.id]).fetchall()
    assert [bytes(row["digest"]) for row in rows] == [tokens.digest(valid)]


def test_only_the_digest_is_stored(database: Database, person: Person) -> None:
    token = make_token(database, person)
    with database.worker() as connection:
        stored = connection.execute("SELECT * FROM password_reset WHERE user_id = %s", [person.id]).fetchall()
    assert [bytes(row["digest"]) for row in stored] == [tokens.digest(token)]
    assert token not in str(stored)


@pytest.mark.parametrize("change", ["password", "email", "another link"])
def test_a_link_is_useless_after_a_change(app: Flask, database: Database, person: Person, change: str) -> None:
    token = make_token(database, person)
    if change == "password":
        body = {"current_password": PASSWORD, "new_password": NEW}
        assert person.call("POST", "/api/v1/account/password", json=body).status_code == 204
    elif change == "email":
        body = {"email": some_email(), "password": PASSWORD}
        assert person.call("POST", "/api/v1/account/email", json=body).status_code == 200
    else:
        assert confirm(app, make_token(database, person)).status_code == 204
    assert confirm(app, token, "a third pass phrase").get_json()["code"] == "RESET_LINK_INVALID"


def test_a_weak_password_is_refused_and_the_link_still_works(app: Flask, database: Database, person: Person) -> None:
    token = make_token(database, person)
    refused = confirm(app, token, "password123")
    assert (refused.status_code, refused.get_json()["code"]) == (400, "PASSWORD_COMMON")
    assert confirm(app, token, person.email).get_json()["code"] == "PASSWORD_IS_EMAIL"
    assert confirm(app, token).status_code == 204


def test_unknown_addresses_get_the_same_answer_and_no_mail(app: Flask, mailbox: Mailbox, person: Person) -> None:
    unknown = some_email()
    known, other = ask(app, person.email), ask(app, unknown)
    assert (known.status_code, known.data) == (other.status_code, other.data)
    assert {name for name, _ in known.headers} == {name for name, _ in other.headers}
    mailbox.wait_for(person.email)
    idle(app)
    assert not mailbox.to(unknown)


def test_the_answer_does_not_wait_for_the_account_or_the_mail(
    app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the look-up nor the mail server can make a difference: both come after the response."""
    answered, sent = Flag(), Flag()

    def send(*args: Any, **kwargs: Any) -> None:
        assert answered.wait(60)
        sent.set()

    monkeypatch.setattr(mail, "send", send)
    assert ask(app, person.email).status_code == 202
    answered.set()
    assert sent.wait(60)


def test_the_request_itself_reads_and_writes_the_same_for_both(
    app: Flask, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statements until the response are the same, whether or not there is an account."""
    put: list[object] = []
    monkeypatch.setattr(type(services_of(app).mail_queue), "put", lambda _, job: put.append(job))
    statements: list[list[str]] = []
    for email in (person.email, some_email()):
        seen: list[str] = []
        database = database_of(app)
        with monkeypatch.context() as patch:
            patch.setattr(rate_limit, "count_reset_request", lambda *_, seen=seen: seen.append("count"))
            patch.setattr(type(database), "worker", _recording(type(database).worker, seen))
            assert ask(app, email).status_code == 202
        statements.append(seen)
    assert statements[0] == statements[1] == ["worker", "count"]
    assert len(put) == 2


def _recording(worker: Any, seen: list[str]) -> Any:
    def recorded(self: Database) -> Any:
        seen.append("worker")
        return worker(self)

    return recorded


@pytest.mark.usefixtures("long_waits")
def test_mails_to_one_address_are_limited_whether_or_not_it_has_an_account(
    app: Flask, mailbox: Mailbox, person: Person
) -> None:
    for email in (person.email, some_email()):
        codes = [ask(app, email).status_code for _ in range(RESET.free + 2)]
        assert codes == [202] * RESET.free + [429] * 2
    idle(app)
    assert len(mailbox.to(person.email)) <= RESET.free


@pytest.mark.usefixtures("long_waits")
def test_requests_from_one_machine_are_limited(app: Flask) -> None:
    address = somewhere()
    codes = [ask(app, some_email(), address).status_code for _ in range(rate_limit.REGISTRATION.free + 5)]
    assert codes[0] == 202
    assert codes[-1] == 429


def test_neither_the_token_nor_the_address_is_in_the_log(
    app: Flask, mailbox: Mailbox, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        token = mailed_token(app, mailbox, person)
        assert confirm(app, token).status_code == 204
        mailbox.answers["DATA"] = f"550 not for {person.email}"
        assert ask(app, person.email).status_code == 202
        until(lambda: "mail not sent" in caplog.text)
        del mailbox.answers["DATA"]
    everything = "\n".join(str(vars(record)) for record in caplog.records if record.name != "mail.log")  # the server's
    assert token not in everything
    assert person.email not in everything


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Set a new faplog password"),
        ("fr-CA, en;q=0.5", "Définir un nouveau mot de passe faplog"),
        ("pl", "Ustaw nowe hasło w faplog"),
        ("de", "Set a new faplog password"),
    ],
)
def test_the_mail_is_in_the_language_of_the_page(
    app: Flask, mailbox: Mailbox, person: Person, language: str, subject: str
) -> None:
    assert ask(app, person.email, language=language).status_code == 202
    received = mailbox.wait_for(person.email)
    assert received["Subject"] == subject
    token_in(received.get_content())


def test_without_a_mail_server_the_answer_says_so(api_app: Flask, database: Database) -> None:
    answer = ask(api_app, some_email())
    assert (answer.status_code, answer.get_json()["code"]) == (409, "RESET_NOT_BY_MAIL")
    person = arrive(api_app)
    assert confirm(api_app, make_token(database, person)).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": None},
        {"email": ""},
        {"email": "you"},
        {"email": "a" * 255},
        {"email": "you@example.org\r\nBcc: eve@example.org"},
        {"email": "you@example.org\nRCPT TO:<eve@example.org>"},
        {"email": "you@example.org, eve@example.org"},
        {"email": "you\0@example.org"},
        {"email": ["you@example.org"]},
        {"email": "you@example.org", "more": 1},
    ],
)
def test_bad_requests_for_a_link(app: Flask, mailbox: Mailbox, body: dict[str, object]) -> None:
    answer = app.test_client().post(RESET_PATH, json=body, headers={"X-Forwarded-For": somewhere()})
    assert answer.status_code == 400
    assert answer.get_json()["code"] in ("INVALID_INPUT", "EMAIL_INVALID", "EMAIL_TOO_LONG")
    assert answer.get_json()["message"]
    assert not mailbox.to("eve@example.org")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "INVALID_INPUT"),
        ({"token": "x"}, "INVALID_INPUT"),
        ({"password": NEW}, "INVALID_INPUT"),
        ({"token": "", "password": NEW}, "INVALID_INPUT"),
        ({"token": "x" * 129, "password": NEW}, "INVALID_INPUT"),
        ({"token": 1, "password": NEW}, "INVALID_INPUT"),
        ({"token": "x", "password": "short"}, "INVALID_INPUT"),
        ({"token": "x", "password": NEW}, "RESET_LINK_INVALID"),
        ({"token": "ü\0", "password": NEW}, "RESET_LINK_INVALID"),
    ],
)
def test_bad_new_passwords_and_tokens(app: Flask, body: dict[str, object], code: str) -> None:
    answer = app.test_client().post(f"{RESET_PATH}/confirm", json=body)
    assert answer.status_code == (404 if code == "RESET_LINK_INVALID" else 400)
    assert answer.get_json()["code"] == code


def idle(app: Flask) -> None:
    """Wait until every mail that was queued before is dealt with."""
    done = Flag()
    services_of(app).mail_queue.put(done.set)
    assert done.wait(60)
