"""API tokens on the real servers: which routes take them, that they end at once, and that they do nothing else."""

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from faplog.contracts import keys
from functions.api.accounts import api_tokens
from functions.api.accounts.rate_limit import WRONG_TOKEN
from functions.api.db import Database
from functions.api.services import services_of
from functions.api.web import openapi
from functions.api.web.names import PREFIX
from tests.integration.people import PASSWORD, Person, arrive, somewhere
from tests.integration.uploading import log, succeed, upload

TOKENS: Final = "/api/v1/account/tokens"

READS: Final = {
    "GET /analyses",
    "GET /analyses.csv",
    "GET /cars",
    "GET /cars/{id}",
    "GET /cars/{id}/notes",
    "GET /cars/{id}/regenerations",
    "GET /cars/{id}/comparison",
    "GET /comparison",
    "GET /analyses/{id}",
    "GET /analyses/{id}/series",
    "GET /analyses/{id}/file",
    "GET /analyse/{id}",
    "GET /average",
    "GET /average/available",
}
UPLOADS: Final = {"POST /analyses", "POST /analyse"}
"""What a token may be used for, written down a second time: a route is opened to scripts on purpose only."""

WITH_QUERY: Final = {"GET /cars/{id}/comparison", "GET /comparison"}
"""What is refused without a query."""


@dataclass(frozen=True)
class Script:
    """A client that has nothing but an API token."""

    app: Flask
    token: str
    id: str
    address: str

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Return a request with the token, without cookies."""
        headers = {"Authorization": f"Bearer {self.token}", "X-Forwarded-For": self.address}
        client = self.app.test_client(use_cookies=False)
        return client.open(path, method=method, headers=headers, buffered=True, **more)


def created(person: Person, *scopes: str, **more: Any) -> Script:
    """Return a script of this person."""
    body = {"name": "a script", "scopes": list(scopes)} | more
    response = person.call("POST", TOKENS, json=body)
    assert response.status_code == 201, response.text
    return Script(person.app, response.get_json()["token"], response.get_json()["id"], somewhere())


def listed(person: Person) -> list[dict[str, Any]]:
    """Return the tokens as their owner sees them."""
    found: list[dict[str, Any]] = person.call("GET", TOKENS).get_json()["data"]
    return found


@pytest.fixture
def person(api_app: Flask) -> Person:
    """Return a new user, logged in."""
    return arrive(api_app)


@pytest.fixture(scope="module")
def owner(api_app: Flask) -> Person:
    """Return a user with an analysis, its series and an average."""
    return arrive(api_app)


@pytest.fixture(scope="module")
def analysis_id(api_app: Flask, owner: Person) -> UUID:
    """Return the owner's analysis."""
    made = upload(owner, log("of a script"))
    succeed(services_of(api_app).database, made)
    services_of(api_app).blobs.put(keys.series_key(made), b"\x1f\x8b\x08\x00" + bytes(6) + b"\x03\x00" + bytes(8))
    return made


@pytest.fixture(scope="module")
def car_id(api_app: Flask, owner: Person, analysis_id: UUID) -> str:
    """Return the owner's car, with an average."""
    car: str = owner.call("POST", f"{PREFIX}/cars", json={"name": "Van"}).get_json()["id"]
    assert owner.call("PATCH", f"{PREFIX}/analyses/{analysis_id}", json={"car": car}).status_code == 200
    with services_of(api_app).database.worker() as connection:
        connection.execute(
            """
            INSERT INTO fap_average (user_id, car_id, type, sha256) VALUES (%s, %s, 'OVERALL', repeat('0', 64))
            ON CONFLICT DO NOTHING
            """,
            [owner.id, car],
        )
    return car


def operations(app: Flask) -> dict[str, dict[str, Any]]:
    """Return the operations of the OpenAPI document by method and path."""
    paths = openapi.document(app, "faplog_access")["paths"]
    return {f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()}


def outcome(response: TestResponse) -> tuple[int, str | None]:
    """Status and code of an answer."""
    body = response.get_json(silent=True)
    return response.status_code, body.get("code") if isinstance(body, dict) else None


# Scopes


def test_every_route_of_the_document_with_a_read_token_an_upload_token_and_none(
    api_app: Flask, owner: Person, analysis_id: UUID, car_id: str
) -> None:
    reading, uploading = created(owner, "read"), created(owner, "upload")
    walked = 0
    for name, operation in operations(api_app).items():
        method, path = name.split()
        target = path.format(id=car_id if "/cars/" in path else analysis_id, token="x" * 43)
        if not operation["security"]:
            continue
        if operation["security"] == [{"link": []}]:
            for who in (reading, uploading):
                assert outcome(who.call(method, target)) == (404, "LINK_NOT_VALID"), "a token is no link"
            continue
        walked += 1
        short = name.replace(PREFIX, "")
        scopes = {one for said in operation["security"] for one in said.get("token", [])}
        assert scopes == ({"read"} if short in READS else {"upload"} if short in UPLOADS else set()), name
        without = api_app.test_client(use_cookies=False).open(target, method=method)
        assert outcome(without) == (401, "LOGIN_REQUIRED"), name
        for script, scope in ((reading, "read"), (uploading, "upload")):
            answer = script.call(method, target)
            if not scopes:
                assert outcome(answer) == (403, "API_TOKEN_NOT_ALLOWED"), (name, scope)
            elif scope not in scopes:
                assert outcome(answer) == (403, "API_TOKEN_SCOPE_MISSING"), (name, scope)
                assert answer.get_json()["params"] == {"scope": min(scopes)}
                assert "insufficient_scope" in answer.headers["WWW-Authenticate"]
            elif short in WITH_QUERY:
                assert outcome(answer) == (400, "INVALID_INPUT"), name
            elif scope == "read":
                assert answer.status_code == 200, (name, answer.text)
            else:
                assert outcome(answer) == (400, "FORM_EXPECTED"), name
    assert walked > 20
    assert owner.call("GET", f"/api/v1/analyses/{analysis_id}").status_code == 200, "nothing was deleted"


def test_public_routes_ignore_a_token(person: Person) -> None:
    script = created(person, "read")
    assert script.call("GET", "/api/v1/openapi.json").status_code == 200
    assert outcome(script.call("POST", "/api/v1/auth/logout")) == (401, "ACCESS_TOKEN_INVALID")
    assert outcome(script.call("POST", "/api/v1/auth/refresh")) == (401, "REFRESH_TOKEN_MISSING")
    assert person.call("GET", "/api/v1/account").status_code == 200, "and end no session"


def test_a_script_uploads_without_a_csrf_token(person: Person) -> None:
    script = created(person, "upload")
    content = log("by a script")
    sent = script.call("POST", "/api/v1/analyses", data={"file": (BytesIO(content), "drive.csv")})
    assert sent.status_code == 202, sent.text
    assert "Set-Cookie" not in sent.headers
    (analysis,) = sent.get_json()["ids"]
    again = script.call("POST", "/api/v1/analyses", data={"file": (BytesIO(content), "again.csv")})
    assert again.get_json()["ids"] == [analysis], "a client sees that it sent this before"
    assert outcome(script.call("GET", f"/api/v1/analyses/{analysis}")) == (403, "API_TOKEN_SCOPE_MISSING")
    assert person.call("GET", f"/api/v1/analyses/{analysis}").get_json()["fileName"] == "drive.csv"


def test_a_token_of_both_scopes(person: Person) -> None:
    script = created(person, "upload", "read")
    sent = script.call("POST", "/api/v1/analyse", data={"file": (BytesIO(log("both")), "drive.csv")})
    assert script.call("GET", f"/api/v1/analyses/{sent.get_json()['id']}").status_code == 200
    assert script.call("HEAD", "/api/v1/analyses").status_code == 200
    assert listed(person)[0]["scopes"] == ["read", "upload"]


def test_a_token_sees_its_owners_logs_only(api_app: Flask, person: Person, owner: Person, analysis_id: UUID) -> None:
    script = created(person, "read", "upload")
    for part in ("", "/file", "/series"):
        assert script.call("GET", f"/api/v1/analyses/{analysis_id}{part}").status_code == 404
    assert script.call("GET", "/api/v1/analyses").get_json()["data"] == []


def test_a_cookie_beside_the_token_counts_for_nothing(person: Person) -> None:
    browser = person.browser()
    script = created(person, "read")
    headers = {"Authorization": f"Bearer {script.token}"}
    for method, path in (("DELETE", "/api/v1/account"), ("GET", "/api/v1/account"), ("POST", TOKENS)):
        answer = browser.client.open(path, method=method, headers=headers)
        assert outcome(answer) == (403, "API_TOKEN_NOT_ALLOWED")


# What ends a token


def test_a_revoked_token_ends_at_once(person: Person) -> None:
    script, other = created(person, "read"), created(person, "read")
    assert script.call("GET", "/api/v1/analyses").status_code == 200
    assert person.call("DELETE", f"{TOKENS}/{script.id}").status_code == 204
    answer = script.call("GET", "/api/v1/analyses")
    assert outcome(answer) == (401, "API_TOKEN_INVALID")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert other.call("GET", "/api/v1/analyses").status_code == 200
    assert [one["id"] for one in listed(person)] == [other.id]
    assert outcome(person.call("DELETE", f"{TOKENS}/{script.id}")) == (404, "API_TOKEN_NOT_FOUND")


def test_all_tokens_are_revoked_together(person: Person, owner: Person) -> None:
    scripts, others = [created(person, "read") for _ in range(3)], created(owner, "read")
    assert person.call("DELETE", TOKENS).status_code == 204
    assert {script.call("GET", "/api/v1/analyses").status_code for script in scripts} == {401}
    assert listed(person) == []
    assert others.call("GET", "/api/v1/analyses").status_code == 200
    assert person.call("DELETE", TOKENS).status_code == 204


def test_an_expired_token_ends_and_is_listed_for_a_while(person: Person, database: Database) -> None:
    script = created(person, "read", days=1)
    assert script.call("GET", "/api/v1/analyses").status_code == 200
    aged = "UPDATE api_tokens SET created_at = created_at - %s, expires_at = expires_at - %s WHERE id = %s"
    for age, kept in ((timedelta(days=1), 1), (api_tokens.EXPIRED_KEPT, 0)):
        with database.worker() as connection:
            connection.execute(aged, [age, age, script.id])
            api_tokens.delete_expired(connection)
        assert outcome(script.call("GET", "/api/v1/analyses")) == (401, "API_TOKEN_INVALID")
        assert len(listed(person)) == kept


def test_a_token_outlives_the_session_that_made_it(person: Person) -> None:
    script = created(person, "read")
    assert person.call("POST", "/api/v1/auth/logout").status_code == 200
    assert script.call("GET", "/api/v1/analyses").status_code == 200


def test_a_token_ends_with_its_account(person: Person, database: Database) -> None:
    script = created(person, "read")
    assert person.call("DELETE", "/api/v1/account", json={"password": PASSWORD}).status_code == 204
    assert outcome(script.call("GET", "/api/v1/analyses")) == (401, "API_TOKEN_INVALID")
    with database.worker() as connection:
        assert connection.execute("SELECT 1 FROM api_tokens WHERE user_id = %s", [person.id]).fetchone() is None


def test_another_persons_token_cannot_be_revoked(person: Person, owner: Person) -> None:
    script = created(owner, "read")
    assert outcome(person.call("DELETE", f"{TOKENS}/{script.id}")) == (404, "API_TOKEN_NOT_FOUND")
    assert script.call("GET", "/api/v1/analyses").status_code == 200


# Creating and listing


def test_the_secret_is_shown_once_and_stored_as_a_digest(person: Person, database: Database) -> None:
    response = person.call("POST", TOKENS, json={"name": " Garage NAS ", "scopes": ["upload"], "days": 30})
    made = response.get_json()
    secret = made.pop("token")
    assert made["name"] == "Garage NAS"
    assert made["lastUsedAt"] is None
    assert made["expiresAt"] > made["createdAt"]
    assert listed(person) == [made]
    with database.worker() as connection:
        row = connection.execute("SELECT * FROM api_tokens WHERE id = %s", [made["id"]]).fetchone()
    assert secret not in str(row)
    assert row is not None
    assert len(row["digest"]) == 32


def test_tokens_are_listed_newest_first_and_ones_own(person: Person, owner: Person) -> None:
    created(owner, "read")
    made = [created(person, "read", name=f"number {number}").id for number in range(3)]
    assert [one["id"] for one in listed(person)] == made[::-1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"scopes": ["read"]}, "name"),
        ({"name": "x"}, "scopes"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "\u0000", "scopes": ["read"]}, "name"),
        ({"name": "x" * 101, "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["admin"]}, "scopes.0"),
        ({"name": "x", "scopes": ["read"], "days": 0}, "days"),
        ({"name": "x", "scopes": ["read"], "days": "7"}, "days"),
        ({"name": "x", "scopes": ["read"], "user_id": str(uuid4())}, "user_id"),
        ([], "The body"),
    ],
)
def test_bad_input_is_a_code_and_a_sentence(person: Person, body: object, field: str) -> None:
    answer = person.call("POST", TOKENS, json=body)
    assert outcome(answer) == (400, "INVALID_INPUT")
    assert answer.get_json()["params"]["field"] == field
    assert answer.get_json()["message"].endswith(".")
    assert listed(person) == []


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b'{"name": "x", "scopes": ["read"]}', "text/plain", "JSON_EXPECTED"),
        (b"\xff\xfe{\x00", "application/json", "INVALID_INPUT"),
        (b'{"name": "\\ud800", "scopes": ["read"]}', "application/json", "INVALID_INPUT"),
        (b'{"name": "\xe9t\xe9", "scopes": ["read"]}', "application/json", "INVALID_INPUT"),
        (b"x" * 70_000, "application/json", "BODY_TOO_LARGE"),
        (b"", "application/json", "INVALID_INPUT"),
    ],
)
def test_what_is_no_json(person: Person, content: bytes, kind: str, code: str) -> None:
    assert outcome(person.call("POST", TOKENS, data=content, content_type=kind))[1] == code


def test_there_is_a_maximum(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers at the same time do not exceed it."""
    monkeypatch.setattr(api_tokens, "MAX_TOKENS", 3)
    body = {"name": "x", "scopes": ["read"]}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: person.call("POST", TOKENS, json=body).status_code, range(6)))
    assert sorted(answers) == [201] * 3 + [409] * 3
    answer = person.call("POST", TOKENS, json=body)
    assert outcome(answer) == (409, "API_TOKENS_EXCEEDED")
    assert person.call("DELETE", f"{TOKENS}/{listed(person)[0]['id']}").status_code == 204
    assert person.call("POST", TOKENS, json=body).status_code == 201


def test_a_browser_needs_its_csrf_token_to_make_or_revoke_one(person: Person) -> None:
    browser, script = person.browser(), created(person, "read")
    body = {"name": "x", "scopes": ["read"]}
    for method, path in (("POST", TOKENS), ("DELETE", TOKENS), ("DELETE", f"{TOKENS}/{script.id}")):
        assert browser.call(method, path, json=body, csrf="wrong").status_code == 403
        assert browser.call(method, path, json=body, origin="https://elsewhere.example").status_code == 403
    assert [one["id"] for one in listed(person)] == [script.id]
    assert browser.call("POST", TOKENS, json=body).status_code == 201


# Use, wrong tokens, limits


def test_the_last_use_is_noted_at_most_once_a_minute(person: Person, database: Database) -> None:
    script = created(person, "read")

    def last_use() -> str:
        found: str = listed(person)[0]["lastUsedAt"]
        return found

    assert last_use() is None
    script.call("DELETE", "/api/v1/account")
    first = last_use()
    assert first is not None, "a refused request is a use, too"
    script.call("GET", "/api/v1/analyses")
    assert last_use() == first
    with database.worker() as connection:
        connection.execute(
            "UPDATE api_tokens SET last_used_at = last_used_at - %s WHERE id = %s",
            [api_tokens.USE_NOTED_AFTER * 2, script.id],
        )
    earlier = last_use()
    script.call("GET", "/api/v1/analyses")
    assert last_use() > earlier


def test_noting_the_use_waits_for_no_lock(person: Person, database: Database) -> None:
    """Neither for a deletion that holds the user's row, nor for another request that holds the token's."""
    script = created(person, "read")
    with database.worker() as connection:
        connection.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [person.id])
        connection.execute("SELECT 1 FROM api_tokens WHERE id = %s FOR UPDATE", [script.id])
        assert script.call("GET", "/api/v1/analyses").status_code == 200
    assert listed(person)[0]["lastUsedAt"] is None
    assert script.call("GET", "/api/v1/analyses").status_code == 200
    assert listed(person)[0]["lastUsedAt"] is not None


@pytest.mark.parametrize(
    "token",
    [
        "faplog_",
        "faplog_short",
        "faplog_" + "x" * 43,
        "faplog_" + "x" * 44,
        "faplog_" + "x" * 9000,
        "faplog_" + "ż" * 43,
        "faplog_' OR 1=1 --",
    ],
)
def test_a_wrong_token(api_app: Flask, token: str) -> None:
    script = Script(api_app, token.encode().decode("latin-1"), "", somewhere())
    assert outcome(script.call("GET", "/api/v1/analyses")) == (401, "API_TOKEN_INVALID")
    assert outcome(script.call("DELETE", "/api/v1/account")) == (401, "API_TOKEN_INVALID")


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Token {}", "bearer{}"])
def test_a_token_in_another_scheme_is_none(person: Person, header: str) -> None:
    script = created(person, "read")
    client = person.app.test_client(use_cookies=False)
    answer = client.get("/api/v1/analyses", headers={"Authorization": header.format(script.token)})
    assert outcome(answer) == (401, "LOGIN_REQUIRED")
    assert outcome(client.get(f"/api/v1/analyses?token={script.token}"))[0] == 401
    assert client.get("/api/v1/analyses", headers={"Authorization": f"BEARER  {script.token} "}).status_code == 200


@pytest.mark.usefixtures("long_waits")
def test_wrong_tokens_from_one_address_have_to_wait(person: Person) -> None:
    right = created(person, "read")
    wrong = Script(person.app, "faplog_" + "x" * 43, "", right.address)
    codes = [wrong.call("GET", "/api/v1/analyses").status_code for _ in range(WRONG_TOKEN.free + 1)]
    assert codes == [401] * WRONG_TOKEN.free + [429]
    limited = wrong.call("GET", "/api/v1/analyses")
    assert outcome(limited) == (429, "RATE_LIMITED")
    assert int(limited.headers["Retry-After"]) == limited.get_json()["params"]["retry_after_sec"] > 0
    assert right.call("GET", "/api/v1/analyses").status_code == 200, "a right one from there goes on"
    elsewhere = Script(person.app, wrong.token, "", somewhere())
    assert elsewhere.call("GET", "/api/v1/analyses").status_code == 401


def test_a_token_that_asks_too_often_has_to_wait(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = services_of(person.app).token_rates
    monkeypatch.setattr(rates, "burst", 3)
    monkeypatch.setattr(rates, "per_sec", 0.01)
    script, other = created(person, "read"), created(person, "read")
    codes = [script.call("GET", "/api/v1/analyses").status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    limited = script.call("DELETE", "/api/v1/account")
    assert outcome(limited) == (429, "API_TOKEN_RATE_LIMITED")
    assert 0 < int(limited.headers["Retry-After"]) <= 100
    assert other.call("GET", "/api/v1/analyses").status_code == 200
    assert person.call("GET", "/api/v1/analyses").status_code == 200, "people are not slowed down by their scripts"


# Export and audit


def test_the_export_names_tokens_without_their_secrets(person: Person, database: Database) -> None:
    script = created(person, "read", name="Garage NAS", days=30)
    revoked = created(person, "upload")
    person.call("DELETE", f"{TOKENS}/{revoked.id}")
    script.call("GET", "/api/v1/analyses")
    with zipfile.ZipFile(BytesIO(person.call("GET", "/api/v1/account/export").data)) as archive:
        text = archive.read("account.json").decode()
    account = json.loads(text)
    (exported,) = account["api_tokens"]
    assert exported.keys() == {"id", "name", "scopes", "created_at", "expires_at", "last_used_at"}
    assert (exported["name"], exported["scopes"]) == ("Garage NAS", ["read"])
    assert exported["last_used_at"]
    events = [event["event"] for event in account["events"]]
    assert events[-4:] == ["API token created", "API token created", "API token revoked", "exported"]
    with database.worker() as connection:
        row = connection.execute("SELECT digest FROM api_tokens WHERE id = %s", [script.id]).fetchone()
    assert row is not None
    for secret in (script.token, revoked.token, bytes(row["digest"]).hex()):
        assert secret not in text
