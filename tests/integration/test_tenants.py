"""Tenants are alone: no route shows or changes what is another's, and under the routes row-level security holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from psycopg import errors

from faplog.contracts import keys
from functions.api.db import POOL_SIZE, Conn, Database
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.api.web.names import PREFIX
from functions.api.web.operations import is_authenticated
from functions.api.web.paths import path_of
from tests.integration.people import Person, arrive
from tests.integration.uploading import log, succeed, upload

OPEN = {
    "/api/v1/try",
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/refresh",
    "/api/v1/auth/logout",
    "/api/v1/auth/password-reset",
    "/api/v1/auth/password-reset/confirm",
    "/api/v1/instance",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/health/liveness",
    "/api/v1/health/readiness",
    "/api/v1/shared",
    "/api/v1/shared/series",
    "/api/v1/shared/<token>",
    "/api/v1/shared/<token>/series",
}
"""Routes without a login. Refresh, logout, new passwords and shared reports ask for their token themselves."""

WITH_QUERY = {"/api/v1/cars/<uuid:id>/comparison"}
"""Routes that need a query besides the id in their path."""

TABLES = [
    "users",
    "sessions",
    "refresh_tokens",
    "brake",
    "audit_log",
    "fap_analysis",
    "fap_average",
    "fap_link",
    "api_tokens",
    "password_reset",
    "invite",
    "notification_channel",
    "notification",
    "car",
    "note",
]
UNREADABLE = {"refresh_tokens", "brake", "password_reset", "invite"}
"""Tables that the role of requests does not read at all."""


@pytest.fixture(scope="module")
def owner(api_app: Flask) -> Person:
    """Return a user with an analysis, its file, its series and a link to it."""
    return arrive(api_app)


@pytest.fixture(scope="module")
def analysis_id(api_app: Flask, owner: Person) -> UUID:
    """Return the owner's analysis."""
    made = upload(owner, log("private"))
    succeed(services_of(api_app).database, made)
    services_of(api_app).blobs.put(keys.series_key(made), b"\x1f\x8b\x08\x00" + bytes(6) + b"\x03\x00" + bytes(8))
    assert owner.call("POST", f"/api/v1/analyses/{made}/share").status_code == 201
    return made


@pytest.fixture(scope="module")
def ids(owner: Person, analysis_id: UUID) -> dict[str, UUID]:
    """Return what an id in a path may be: by the first part of the path the owner's analysis, car or note."""
    car = owner.call("POST", "/api/v1/cars", json={"name": "Golf"}).get_json()["id"]
    owner.call("POST", "/api/v1/cars", json={"name": "Duster"})  # the only car cannot be deleted
    note = owner.call("POST", f"/api/v1/cars/{car}/notes", json={"kind": "egr", "km": 1}).get_json()["id"]
    assert owner.call("POST", f"/api/v1/cars/{car}/share").status_code == 201
    token = owner.call("POST", "/api/v1/account/tokens", json={"name": "script", "scopes": ["read"]}).get_json()["id"]
    session = owner.call("GET", "/api/v1/account/sessions").get_json()["sessions"][0]["id"]
    return {
        "analyses": analysis_id,
        "analyse": analysis_id,
        "cars": UUID(car),
        "notes": UUID(note),
        "tokens": UUID(token),
        "sessions": UUID(session),
    }


@pytest.fixture(scope="module")
def stranger(api_app: Flask) -> Person:
    """Return another user with a session."""
    return arrive(api_app)


def calls(app: Flask, *, with_id: bool) -> list[tuple[str, str]]:
    """Return method and path pattern of every authenticated route."""
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if is_authenticated(app.view_functions[rule.endpoint]) and bool(rule.arguments) >= with_id
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def filled(pattern: str, analysis_id: UUID) -> str:
    """Return the path with the id in it."""
    return path_of(pattern).format(id=analysis_id, token=analysis_id)


def kind_of(path: str) -> str:
    """Return what the id in a path is of."""
    return path.removeprefix(f"{PREFIX}/").removeprefix("account/").split("/")[0]


def test_every_route_that_is_not_open_asks_who_is_asking(api_app: Flask) -> None:
    unguarded = {
        rule.rule
        for rule in api_app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and not is_authenticated(api_app.view_functions[rule.endpoint])
    }
    assert unguarded == OPEN


def test_requests_without_a_valid_token_are_refused(api_app: Flask, analysis_id: UUID) -> None:
    client = api_app.test_client()
    codes = {
        (method, path): client.open(filled(path, analysis_id), method=method).status_code
        for method, path in calls(api_app, with_id=False)
    }
    assert len(codes) > 10
    assert set(codes.values()) == {401}


def test_another_user_finds_nothing(api_app: Flask, owner: Person, stranger: Person, ids: dict[str, UUID]) -> None:
    routes = calls(api_app, with_id=True)
    assert {kind_of(path) for _, path in routes} == ids.keys()
    for method, path in routes:
        theirs = stranger.call(method, filled(path, ids[kind_of(path)]))
        unknown = stranger.call(method, filled(path, uuid4()))
        assert theirs.status_code == unknown.status_code == 404, (method, path)
        assert theirs.data == unknown.data
    for method, path in routes:
        if method == "GET":
            status = 400 if path in WITH_QUERY else 200
            assert owner.call(method, filled(path, ids[kind_of(path)])).status_code == status, path


def test_lists_and_averages_are_ones_own(owner: Person, stranger: Person, analysis_id: UUID) -> None:
    assert str(analysis_id) in owner.call("GET", "/api/v1/analyses").text
    assert stranger.call("GET", "/api/v1/analyses").get_json()["pagination"]["totalItems"] == 0
    assert stranger.call("GET", "/api/v1/average/available").get_json() == []


def test_a_session_cannot_be_used_for_another_user(api_app: Flask, owner: Person, stranger: Person) -> None:
    """Even with a signing key in hand: the session in the token must be the user's own."""
    from functions.api.accounts import tokens

    keys_ = services_of(api_app).keys
    theirs = tokens.verify(keys_, stranger.access_token)
    mixed = tokens.issue(keys_, tokens.Access(owner.id, owner.email, theirs.session_id))
    headers = {"Authorization": f"Bearer {mixed}"}
    assert stranger.client.get("/api/v1/account", headers=headers).status_code == 401


# Row-level security, whatever the queries say


@contextmanager
def raw(settings: Settings, user_id: UUID | None) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Yield a connection as the role `faplog_api`, for a user or for none; nothing it does is kept."""
    with psycopg.connect(settings.api_database.get_secret_value()) as connection:
        if user_id:
            connection.execute("SELECT set_config('app.current_user_id', %s, true)", [str(user_id)])
        yield connection
        connection.rollback()


def visible(connection: psycopg.Connection[tuple[object, ...]], table: str) -> int:
    """Return how many rows of a table the role sees."""
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


@pytest.mark.parametrize("table", sorted({*TABLES} - UNREADABLE))
def test_without_a_user_the_role_sees_nothing(api_settings: Settings, ids: dict[str, UUID], table: str) -> None:
    with raw(api_settings, None) as connection:
        assert visible(connection, table) == 0


def test_with_a_user_the_role_sees_that_user(
    api_settings: Settings, owner: Person, stranger: Person, ids: dict[str, UUID]
) -> None:
    with raw(api_settings, stranger.id) as connection:
        assert visible(connection, "users") == 1
        assert visible(connection, "car") == visible(connection, "note") == 0
        assert visible(connection, "fap_analysis") == 0
        assert visible(connection, "fap_link") == 0
    with raw(api_settings, owner.id) as connection:
        assert visible(connection, "fap_analysis") == 1
        assert (visible(connection, "car"), visible(connection, "note")) == (2, 1)


@pytest.mark.parametrize("table", sorted(UNREADABLE))
def test_the_role_does_not_read_what_is_not_for_users(api_settings: Settings, owner: Person, table: str) -> None:
    with raw(api_settings, owner.id) as connection, pytest.raises(errors.InsufficientPrivilege):
        visible(connection, table)


def test_the_role_does_not_read_password_hashes(api_settings: Settings, owner: Person) -> None:
    with raw(api_settings, owner.id) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute("SELECT password_hash FROM users")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fap_analysis SET file_name = 'mine.csv'",
        "DELETE FROM fap_analysis",
    ],
)
def test_the_role_does_not_change_anothers_rows(
    api_settings: Settings, stranger: Person, analysis_id: UUID, statement: str
) -> None:
    with raw(api_settings, stranger.id) as connection:
        assert connection.execute(statement.encode()).rowcount == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET email = 'x'",
        "DELETE FROM users",
        "UPDATE sessions SET ended_at = NULL",
        "DELETE FROM audit_log",
        "INSERT INTO audit_log (event) VALUES ('x')",
        "DELETE FROM fap_average",
        "DELETE FROM fap_link",
        "INSERT INTO car (user_id) VALUES (gen_random_uuid())",
        "UPDATE car SET name = 'mine'",
        "DELETE FROM car",
        "DELETE FROM note",
        "UPDATE note SET km = 0",
        "UPDATE fap_link SET expires_at = 'infinity'",
        "CREATE TABLE mine (x int)",
        "ALTER TABLE fap_analysis DISABLE ROW LEVEL SECURITY",
        "SET ROLE faplog_worker",
    ],
)
def test_the_role_has_no_more_rights_than_it_needs(api_settings: Settings, stranger: Person, statement: str) -> None:
    with raw(api_settings, stranger.id) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_role_does_not_write_rows_of_another(api_settings: Settings, owner: Person, stranger: Person) -> None:
    with raw(api_settings, stranger.id) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(
            "INSERT INTO fap_analysis (user_id, file_name, size, sha256, version) VALUES (%s, 'x.csv', 1, %s, 1)",
            [owner.id, bytes(32)],
        )


def test_a_single_row_is_read_as_its_user_and_nothing_of_the_user_stays(api_app: Flask, database: Database) -> None:
    one, other = arrive(api_app), arrive(api_app)
    seen: LiteralString = "SELECT id FROM users WHERE id = ANY(%s) ORDER BY id = %s"
    assert database.api_row(one.id, seen, [[one.id, other.id], one.id]) == {"id": one.id}
    assert database.api_row(one.id, seen, [[other.id], one.id]) is None
    with pytest.raises(errors.DivisionByZero):
        database.api_row(one.id, "SELECT 1 / %s", [0])
    for _ in range(POOL_SIZE):
        with database.anonymous() as connection:
            assert connection.execute(seen, [[one.id, other.id], one.id]).fetchall() == []


def test_every_table_is_under_row_level_security_and_owned_by_neither_role(database: Database) -> None:
    def look(connection: Conn) -> dict[str, tuple[bool, str]]:
        rows = connection.execute(
            """
            SELECT relname, relrowsecurity, pg_get_userbyid(relowner) AS owner FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
            """
        ).fetchall()
        return {row["relname"]: (row["relrowsecurity"], row["owner"]) for row in rows}

    with database.worker() as connection:
        assert look(connection) == dict.fromkeys(TABLES, (True, "faplog_owner"))
