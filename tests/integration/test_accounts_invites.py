"""Who may register: everyone, or people with an invite, which works once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from functions.api.accounts import invites, tokens
from functions.api.accounts.rate_limit import REGISTRATION
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.settings import Settings
from tests.integration.conftest import database_of
from tests.integration.people import AUTH, PASSWORD, arrive, some_email, somewhere


@pytest.fixture(scope="module", params=["invite", "closed"])
def closed_app(request: pytest.FixtureRequest, api_settings: Settings) -> Iterator[Flask]:
    """Yield the app where registration needs an invite."""
    app = create_app(api_settings.model_copy(update={"registration": request.param}))
    yield app
    database_of(app).close()


def register(app: Flask, email: str | None = None, address: str | None = None, **more: Any) -> TestResponse:
    body = {"email": email or some_email(), "password": PASSWORD} | more
    return app.test_client().post(f"{AUTH}/register", json=body, headers={"X-Forwarded-For": address or somewhere()})


def invite(database: Database, lifetime: timedelta = invites.LIFETIME) -> str:
    with database.worker() as connection:
        return invites.make(connection, lifetime)


def stored(database: Database, token: str) -> bool:
    with database.worker() as connection:
        return invites.is_valid(connection, token)


def accounts(database: Database, emails: list[str]) -> int:
    with database.worker() as connection:
        row = connection.execute("SELECT count(*) AS n FROM users WHERE email = ANY(%s)", [emails]).fetchone()
    assert row
    return int(row["n"])


def test_registration_without_an_invite_is_refused(closed_app: Flask, database: Database) -> None:
    email = some_email()
    refused = register(closed_app, email)
    how = closed_app.test_client().get("/api/v1/instance").get_json()["registration"]
    code = {"invite": "INVITE_REQUIRED", "closed": "REGISTRATION_CLOSED"}[how]
    assert (refused.status_code, refused.get_json()["code"]) == (403, code)
    assert register(closed_app, email, invite=None).get_json()["code"] == code
    assert not accounts(database, [email])


def test_an_invite_makes_one_account(closed_app: Flask, database: Database) -> None:
    token = invite(database)
    assert register(closed_app, invite=token).status_code == 201
    second = register(closed_app, invite=token)
    assert (second.status_code, second.get_json()["code"]) == (403, "INVITE_INVALID")


def test_of_ten_racers_on_one_invite_one_gets_an_account(closed_app: Flask, database: Database) -> None:
    token, emails = invite(database), [some_email() for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(lambda email: register(closed_app, email, invite=token).status_code, emails))
    assert sorted(codes) == [201] + [403] * 9
    assert accounts(database, emails) == 1


def test_an_expired_invite_is_refused(closed_app: Flask, database: Database) -> None:
    token = invite(database, timedelta(microseconds=1))
    assert register(closed_app, invite=token).get_json()["code"] == "INVITE_INVALID"


def test_only_the_digest_is_stored_and_expired_invites_are_removed(database: Database) -> None:
    valid, expired = invite(database), invite(database, timedelta(microseconds=1))
    with database.worker() as connection:
        invites.delete_expired(connection)
        rows = connection.execute("SELECT * FROM invite").fetchall()
    digests = {bytes(row["digest"]) for row in rows}
    assert tokens.digest(valid) in digests
    assert tokens.digest(expired) not in digests
    assert valid not in str(rows)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "you"}, "EMAIL_INVALID"),
        ({"email": "you@example.org\r\nBcc: eve@example.org"}, "EMAIL_INVALID"),
        ({"password": "password123"}, "PASSWORD_COMMON"),
        ({"password": "short"}, "INVALID_INPUT"),
    ],
)
def test_a_refused_registration_does_not_use_the_invite_up(
    closed_app: Flask, database: Database, body: dict[str, str], code: str
) -> None:
    token = invite(database)
    assert register(closed_app, **({"invite": token} | body)).get_json()["code"] == code
    assert stored(database, token)


def test_an_address_that_is_taken_does_not_use_the_invite_up(
    closed_app: Flask, api_app: Flask, database: Database
) -> None:
    token, person = invite(database), arrive(api_app)
    assert register(closed_app, person.email, invite=token).get_json()["code"] == "EMAIL_TAKEN"
    assert stored(database, token)


def test_an_invalid_invite_does_not_reveal_who_has_an_account(closed_app: Flask, api_app: Flask) -> None:
    person = arrive(api_app)
    answers = [register(closed_app, email, invite="wrong") for email in (person.email, some_email())]
    assert answers[0].data == answers[1].data
    assert answers[0].get_json()["code"] == "INVITE_INVALID"


@pytest.mark.usefixtures("long_waits")
def test_guesses_at_invites_are_limited(closed_app: Flask) -> None:
    address = somewhere()
    codes = [
        register(closed_app, address=address, invite=f"wrong {n}").status_code for n in range(REGISTRATION.free + 1)
    ]
    assert codes == [403] * REGISTRATION.free + [429]


@pytest.mark.parametrize("given", ["x" * 129, 7, ["x"], {"x": "x"}, True])
def test_an_invite_that_is_no_token_is_refused(closed_app: Flask, given: object) -> None:
    answer = register(closed_app, invite=given)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "INVALID_INPUT")
    assert answer.get_json()["params"]["field"] == "invite"


@pytest.mark.parametrize("given", ["ü", "\0", "' OR 1=1 --", "../..", " "])
def test_odd_text_is_no_invite(closed_app: Flask, given: str) -> None:
    assert register(closed_app, invite=given).get_json()["code"] == "INVITE_INVALID"


def test_where_registration_is_open_an_invite_is_used_up_but_not_needed(api_app: Flask, database: Database) -> None:
    token = invite(database)
    assert register(api_app, invite=token).status_code == 201
    assert not stored(database, token)
    assert register(api_app, invite=token).status_code == 201
    assert register(api_app).status_code == 201


def test_the_instance_says_what_it_is(api_settings: Settings) -> None:
    named = {"operator_name": "A. Garage", "operator_contact": "help@example.org", "operator_location": "Lyon"}
    app = create_app(api_settings.model_copy(update=named | {"registration": "invite"}))
    shown = app.test_client().get("/api/v1/instance").get_json()
    assert shown["registration"] == "invite"
    assert shown["resetByMail"] is False
    assert shown["operator"] == {"name": "A. Garage", "contact": "help@example.org", "location": "Lyon"}
    assert shown["kept"] == {
        "sessionDays": 30,
        "eventDays": 180,
        "knownAddressDays": 90,
        "failedLoginDays": 2,
        "resetLinkMinutes": 60,
    }
