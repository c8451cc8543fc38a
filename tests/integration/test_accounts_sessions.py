"""Accounts and sessions against the real Postgres: register, log in, refresh, log out, and tokens that are not ours."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from argon2 import PasswordHasher
from flask import Flask

from functions.api.accounts import audit, passwords, sessions
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.settings import Settings
from functions.api.signing_keys import SigningKeys
from tests.integration.conftest import database_of
from tests.integration.people import AUTH, PASSWORD, Browser, Person, arrive, register, some_email, somewhere

WHOAMI = "/api/v1/account"


@pytest.fixture
def person(api_app: Flask) -> Person:
    """Return a user with a session."""
    return arrive(api_app)


@pytest.fixture
def browser(person: Person) -> Browser:
    """Return the same with a second session, at a browser."""
    return person.browser()


def test_who_registers_can_log_in_and_is_known(person: Person) -> None:
    response = person.call("GET", WHOAMI)
    assert response.status_code == 200
    assert (response.get_json()["id"], response.get_json()["email"]) == (str(person.id), person.email)


def test_the_access_token_carries_the_claims_of_the_contract(person: Person, api_settings: Settings) -> None:
    keys = SigningKeys.parse(api_settings.signing_keys.get_secret_value())
    claims = jwt.decode(person.access_token, keys.keys[keys.active], algorithms=["HS256"])
    assert (claims["sub"], claims["email"]) == (str(person.id), person.email)
    assert claims["jti"]


def test_an_address_is_taken_whatever_its_case(person: Person) -> None:
    body = {"email": person.email.upper(), "password": PASSWORD}
    response = person.client.post(f"{AUTH}/register", json=body)
    assert response.status_code == 409
    assert response.get_json()["error"] == "Conflict"
    person.email = person.email.upper()
    assert person.log_in().status_code == 200


def test_twenty_registrations_of_one_address_make_one_account(api_app: Flask) -> None:
    body = {"email": some_email(), "password": PASSWORD}

    def attempt(_: int) -> int:
        return api_app.test_client().post(f"{AUTH}/register", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(attempt, range(20)))
    assert codes == [201] + [409] * 19


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"email": "you@example.org"},
        {"password": PASSWORD},
        {"email": "you", "password": PASSWORD},
        {"email": None, "password": PASSWORD},
        {"email": 1, "password": PASSWORD},
        {"email": ["you@example.org"], "password": PASSWORD},
        {"email": "a" * 250 + "@example.org", "password": PASSWORD},
        {"email": "you\0@example.org", "password": PASSWORD},
        {"email": "'; DROP TABLE users; --", "password": PASSWORD},
        {"email": "you@example.org", "password": "short"},
        {"email": "you@example.org", "password": "x" * 129},
        {"email": "you@example.org", "password": "12345678"},
        {"email": "you@example.org", "password": 1234567890},
        {"email": "you@example.org", "password": PASSWORD, "admin": True},
    ],
)
def test_what_cannot_be_an_account_is_refused_with_a_sentence(api_app: Flask, body: Any) -> None:
    response = api_app.test_client().post(f"{AUTH}/register", json=body)
    assert response.status_code == 400
    assert response.get_json().keys() == {"statusCode", "error", "message", "code", "params"}
    assert response.get_json()["message"].endswith(".")
    assert PASSWORD not in response.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"email": "\\ud800"}', b"[" * 10_000])
def test_what_is_no_json_is_refused(api_app: Flask, content: bytes) -> None:
    response = api_app.test_client().post(f"{AUTH}/login", data=content, content_type="application/json")
    assert response.status_code == 400


def test_other_media_and_long_bodies_are_refused(api_app: Flask) -> None:
    client = api_app.test_client()
    assert client.post(f"{AUTH}/login", data={"email": "you@example.org", "password": PASSWORD}).status_code == 415
    assert client.post(f"{AUTH}/login", json={"email": "x" * 70_000, "password": PASSWORD}).status_code == 413


def test_unknown_users_and_wrong_passwords_look_alike(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash is checked either way, with the same parameters; an unknown account takes as long as a known one."""
    checked = []
    verify = passwords.verify

    def counting(password: str, kept: str) -> bool:
        checked.append(kept.rsplit("$", 2)[0])
        return verify(password, kept)

    monkeypatch.setattr(passwords, "verify", counting)
    wrong = person.log_in("another pass phrase")
    person.email = some_email()
    unknown = person.log_in()
    person.email = "not\0an address"
    nonsense = person.log_in()
    assert wrong.status_code == unknown.status_code == nonsense.status_code == 401
    assert wrong.data == unknown.data == nonsense.data
    assert len(checked) == 3
    assert len(set(checked)) == 1


def test_an_outdated_hash_is_renewed_by_the_login(person: Person, database: Database) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with database.worker() as connection:
        connection.execute("UPDATE users SET password_hash = %s WHERE id = %s", [weak, person.id])
    assert person.log_in().status_code == 200
    with database.worker() as connection:
        row = connection.execute("SELECT password_hash FROM users WHERE id = %s", [person.id]).fetchone()
    assert row is not None
    assert not passwords.is_outdated(row["password_hash"])
    assert person.log_in().status_code == 200


def test_secrets_are_stored_as_hashes_only(person: Person, database: Database) -> None:
    with database.worker() as connection:
        rows = [
            *connection.execute("SELECT * FROM users WHERE id = %s", [person.id]).fetchall(),
            *connection.execute("SELECT * FROM sessions WHERE user_id = %s", [person.id]).fetchall(),
            *connection.execute("SELECT * FROM refresh_tokens").fetchall(),
        ]
    stored = " ".join(str(value) for row in rows for value in row.values())
    assert PASSWORD not in stored
    assert person.refresh_token not in stored


def test_what_ended_long_ago_is_forgotten(person: Person, browser: Browser, database: Database) -> None:
    person.call("POST", f"{AUTH}/logout")
    with database.worker() as connection:
        connection.execute("UPDATE sessions SET ended_at = ended_at - interval '2 days'")
        connection.execute(
            "INSERT INTO audit_log (event, user_id, at) VALUES ('old', %s, now() - interval '181 days')", [person.id]
        )
        sessions.delete_expired(connection)
        audit.delete_expired(connection)
        left = connection.execute("SELECT ended_at FROM sessions WHERE user_id = %s", [person.id]).fetchall()
        events = connection.execute(
            "SELECT event FROM audit_log WHERE user_id = %s ORDER BY at", [person.id]
        ).fetchall()
    assert left == [{"ended_at": None}]
    assert [row["event"] for row in events] == ["registered", "logged in", "logged in", "logged out"]
    assert browser.call("GET", WHOAMI).status_code == 200


# Refresh


def test_a_refresh_gives_new_tokens_that_work(person: Person) -> None:
    response = person.refresh()
    assert response.status_code == 200
    assert response.get_json()["refresh_token"] != person.refresh_token
    person.access_token = response.get_json()["access_token"]
    assert person.call("GET", WHOAMI).status_code == 200
    assert person.refresh(response.get_json()["refresh_token"]).status_code == 200


def test_two_tabs_get_the_same_successor(person: Person) -> None:
    with ThreadPoolExecutor(6) as pool:
        responses = list(pool.map(lambda _: person.refresh(), range(6)))
    assert [response.status_code for response in responses] == [200] * 6
    assert len({response.get_json()["refresh_token"] for response in responses}) == 1
    assert person.refresh(responses[0].get_json()["refresh_token"]).status_code == 200


def test_a_late_reuse_ends_the_session_for_both(person: Person, database: Database) -> None:
    stolen, successor = person.refresh_token, person.refresh().get_json()["refresh_token"]
    later(database, person, timedelta(seconds=21))
    assert person.refresh(stolen).status_code == 401
    assert person.refresh(successor).status_code == 401
    assert person.call("GET", WHOAMI).status_code == 401
    with database.worker() as connection:
        events = connection.execute(
            "SELECT event FROM audit_log WHERE user_id = %s ORDER BY at", [person.id]
        ).fetchall()
    assert any("reused" in row["event"] for row in events)


def test_a_reuse_ends_no_other_session(person: Person, browser: Browser, database: Database) -> None:
    person.refresh()
    later(database, person, timedelta(seconds=21))
    assert person.refresh().status_code == 401
    assert browser.call("GET", WHOAMI).status_code == 200


def test_an_idle_session_expires(person: Person, database: Database) -> None:
    with database.worker() as connection:
        connection.execute("UPDATE sessions SET expires_at = now() WHERE user_id = %s", [person.id])
    assert person.refresh().status_code == 401
    assert person.call("GET", WHOAMI).status_code == 401


@pytest.mark.parametrize("token", ["x", "…", "a" * 256, "\0", "' OR 1=1 --"])
def test_an_unknown_refresh_token(person: Person, token: str) -> None:
    assert person.refresh(token).status_code == 401


def test_no_refresh_token_at_all(person: Person) -> None:
    assert person.client.post(f"{AUTH}/refresh").status_code == 401
    assert person.client.post(f"{AUTH}/refresh", json={}).status_code == 401
    assert person.client.post(f"{AUTH}/refresh", json={"refresh_token": 1}).status_code == 400


def later(database: Database, person: Person, elapsed: timedelta) -> None:
    """Let time pass since the person's refresh tokens were used."""
    with database.worker() as connection:
        connection.execute(
            """
            UPDATE refresh_tokens t SET used_at = t.used_at - %s FROM sessions s
            WHERE s.id = t.session_id AND s.user_id = %s
            """,
            [elapsed, person.id],
        )


# Logout


def test_a_logout_ends_everything_of_its_session(person: Person) -> None:
    assert person.call("POST", f"{AUTH}/logout").status_code == 200
    assert person.call("GET", WHOAMI).status_code == 401
    assert person.refresh().status_code == 401
    assert person.call("POST", f"{AUTH}/logout").status_code == 401


def test_a_logout_ends_no_other_session(person: Person, browser: Browser) -> None:
    assert person.call("POST", f"{AUTH}/logout").status_code == 200
    assert browser.call("GET", WHOAMI).status_code == 200


def test_a_logout_by_the_refresh_token_when_the_access_token_has_expired(person: Person) -> None:
    body = {"refresh_token": person.refresh_token}
    assert person.client.post(f"{AUTH}/logout", json=body).status_code == 200
    assert person.call("GET", WHOAMI).status_code == 401


def test_a_logout_without_a_session(person: Person) -> None:
    assert person.client.post(f"{AUTH}/logout").status_code == 401
    assert person.client.post(f"{AUTH}/logout", json={"refresh_token": "x"}).status_code == 401


# Cookies


def test_the_cookies_of_a_browser_without_tls(browser: Browser) -> None:
    assert browser.call("GET", WHOAMI).status_code == 200
    assert browser.cookie("faplog_access")
    assert browser.cookie("faplog_refresh", "/api/v1/auth")


def test_the_flags_of_the_cookies_over_tls(api_settings: Settings) -> None:
    app = create_app(api_settings.model_copy(update={"cookie_secure": True}))
    flags = {
        cookie.partition("=")[0]: {part.strip() for part in cookie.split(";")[1:]}
        for cookie in register(app).log_in().headers.getlist("Set-Cookie")
    }
    database_of(app).close()
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= flags["__Host-faplog_access"]
    assert not any(flag.startswith("Domain") for flag in flags["__Host-faplog_access"])
    assert {"Secure", "HttpOnly", "Path=/api/v1/auth", "SameSite=Strict"} <= flags["faplog_refresh"]
    assert {"Secure", "Path=/", "SameSite=Strict"} <= flags["faplog_csrf"]
    assert "HttpOnly" not in flags["faplog_csrf"]


def test_a_browser_refreshes_by_its_cookie_alone(browser: Browser) -> None:
    before = browser.cookie("faplog_refresh", "/api/v1/auth")
    response = browser.call("POST", f"{AUTH}/refresh")
    assert response.status_code == 200
    assert response.get_json().keys() == {"access_token"}
    assert browser.cookie("faplog_refresh", "/api/v1/auth") not in ("", before)
    assert browser.call("POST", f"{AUTH}/refresh").status_code == 200
    assert browser.call("GET", WHOAMI).status_code == 200


@pytest.mark.parametrize("path", [f"{AUTH}/refresh", f"{AUTH}/logout"])
@pytest.mark.parametrize("wrong", [{"origin": "http://evil.example"}, {"csrf": "x"}, {"csrf": ""}])
def test_other_sites_cannot_use_the_cookies(browser: Browser, path: str, wrong: dict[str, str]) -> None:
    assert browser.call("POST", path, **wrong).status_code == 403
    assert browser.call("DELETE", WHOAMI, json={"password": PASSWORD}, **wrong).status_code == 403
    assert browser.call("GET", WHOAMI).status_code == 200


def test_a_csrf_token_is_of_one_session(browser: Browser, person: Person) -> None:
    other = person.browser().cookie("faplog_csrf")
    assert browser.call("POST", f"{AUTH}/logout", csrf=other).status_code == 403


def test_a_browser_logs_out(browser: Browser) -> None:
    assert browser.call("POST", f"{AUTH}/logout").status_code == 200
    assert browser.cookie("faplog_access") == browser.cookie("faplog_refresh", "/api/v1/auth") == ""
    assert browser.call("GET", WHOAMI).status_code == 401


def test_a_browser_whose_access_token_expired_logs_out(browser: Browser) -> None:
    browser.client.delete_cookie("faplog_access")
    assert browser.call("POST", f"{AUTH}/logout", csrf="x").status_code == 403
    assert browser.call("POST", f"{AUTH}/logout").status_code == 200
    assert browser.call("POST", f"{AUTH}/refresh").status_code == 401


# Tokens that are not ours


def test_tokens_that_are_not_ours(person: Person, api_settings: Settings) -> None:
    keys = SigningKeys.parse(api_settings.signing_keys.get_secret_value())
    key = keys.keys[keys.active]
    claims = jwt.decode(person.access_token, key, algorithms=["HS256"])
    header = {"kid": keys.active}
    good = jwt.encode(claims, key, "HS256", headers=header)
    forged = {
        "expired": jwt.encode(claims | {"exp": int(time.time()) - 1}, key, "HS256", headers=header),
        "alg none": jwt.encode(claims, None, "none", headers=header),
        "other key": jwt.encode(claims, b"x" * 32, "HS256", headers=header),
        "unknown key": jwt.encode(claims, key, "HS256", headers={"kid": "x"}),
        "another's session": jwt.encode(claims | {"sub": str(register(person.app).id)}, key, "HS256", headers=header),
        "cut": good[:-1],
        "empty": "",
        "basic": "eDp5",
    }
    answers = {}
    for name, person.access_token in forged.items():
        answers[name] = person.call("GET", WHOAMI).status_code
    person.access_token = good
    assert answers == dict.fromkeys(forged, 401)
    assert person.call("GET", WHOAMI).status_code == 200


def test_other_schemes_are_no_login(person: Person) -> None:
    for header in ("Basic eDp5", "Bearer", "bearer  ", person.access_token):
        assert person.client.get(WHOAMI, headers={"Authorization": header}).status_code == 401
    assert person.client.get(WHOAMI, headers={"Authorization": f"bearer {person.access_token}"}).status_code == 200
    assert person.client.get(WHOAMI).headers["WWW-Authenticate"] == "Bearer"


def test_keys_rotate_without_logging_anyone_out(person: Person, browser: Browser, api_settings: Settings) -> None:
    """A key is added and made active: old tokens stay good. Then the old key goes: the refresh tokens stay good."""
    old = api_settings.signing_keys.get_secret_value()
    both = old.replace('"keys": {', '"keys": {"2027": "' + "A" * 43 + '", ').replace(
        SigningKeys.parse(old).active, "2027", 1
    )
    assert SigningKeys.parse(both).active == "2027"
    only = '{"active": "2027", "keys": {"2027": "' + "A" * 43 + '"}}'
    during, after = (
        create_app(api_settings.model_copy(update={"signing_keys": type(api_settings.signing_keys)(secret)}))
        for secret in (both, only)
    )
    person.client = during.test_client(use_cookies=False)
    assert person.call("GET", WHOAMI).status_code == 200
    person.client = after.test_client(use_cookies=False)
    assert person.call("GET", WHOAMI).status_code == 401
    person.access_token = person.refresh().get_json()["access_token"]
    assert person.call("GET", WHOAMI).status_code == 200
    browser.client.application = after
    assert browser.call("POST", f"{AUTH}/refresh").status_code == 200
    assert browser.call("GET", WHOAMI).status_code == 200
    for app in (during, after):
        database_of(app).close()


@pytest.mark.usefixtures("long_waits")
def test_addresses_are_not_told_apart_by_what_a_client_claims(api_app: Flask) -> None:
    """Only the edge's own entry of X-Forwarded-For counts, whatever stands before it."""
    person, home = register(api_app), somewhere()
    codes = [person.log_in("wrong pass phrase", f"{somewhere()}, {home}").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 401, "There is no refresh token in this request"),
        ({"json": {}}, 401, "There is no refresh token in this request"),
        ({"json": {"refresh_token": None}}, 401, "There is no refresh token in this request"),
        ({"headers": {"Cookie": "faplog_refresh="}}, 401, "There is no refresh token in this request"),
        ({"json": {"refresh_token": "unknown"}}, 401, "This refresh token is unknown, or its session has ended"),
        ({"headers": {"Cookie": "faplog_refresh=unknown"}}, 401, "This refresh token is unknown, or its session"),
        ({"json": {"refresh_token": ""}}, 400, "refresh_token"),
    ],
)
def test_a_refresh_without_a_good_refresh_token_is_told_the_truth(
    person: Person, sent: dict[str, Any], status: int, said: str
) -> None:
    """The access token beside it is good, and so is the session."""
    response = person.call("POST", f"{AUTH}/refresh", **sent)
    assert (response.status_code, said in response.get_json()["message"]) == (status, True), response.text
    assert person.refresh().status_code == 200


def test_a_refresh_token_used_twice_is_told_that_its_session_was_ended(person: Person, database: Database) -> None:
    used = person.refresh_token
    person.refresh()
    with database.worker() as connection:
        connection.execute("UPDATE refresh_tokens SET used_at = used_at - interval '1 hour' WHERE used_at IS NOT NULL")
    assert "was used before, so its session has been ended" in person.refresh(used).get_json()["message"]
    assert "its session has ended" in person.refresh(used).get_json()["message"]
