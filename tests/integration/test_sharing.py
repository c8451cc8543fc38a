"""One report by a link: read by everyone who has it, until it expires, is ended or replaced, or the log goes."""

import gzip
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from faplog.contracts import keys
from functions.api.accounts import audit, tokens
from functions.api.analyses import deletion
from functions.api.db import Database
from functions.api.reconcile.__main__ import Reconciler
from functions.api.services import services_of
from functions.api.settings import Settings
from tests.integration.people import PASSWORD, Person, arrive
from tests.integration.uploading import log, succeed, upload

SHARED = "/api/v1/shared"
SERIES = {"version": 1, "channels": []}


@pytest.fixture(scope="module")
def owner(api_app: Flask) -> Person:
    """Return a user with logs."""
    return arrive(api_app)


@pytest.fixture
def analysis_id(api_app: Flask, owner: Person, database: Database) -> UUID:
    """Return a log of the owner's, analysed."""
    made = upload(owner, log(str(uuid4())), "my secret trip.csv")
    succeed(database, made)
    services_of(api_app).blobs.put(keys.series_key(made), gzip.compress(json.dumps(SERIES).encode()))
    return made


@pytest.fixture
def reader(api_app: Flask) -> FlaskClient:
    """Return a reader without an account."""
    return api_app.test_client()


@pytest.fixture
def connection(api_settings: Settings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Yield a connection as the role `faplog_api` without a user; nothing it does is kept."""
    with psycopg.connect(api_settings.api_database.get_secret_value()) as made:
        yield made
        made.rollback()


def address(analysis_id: UUID) -> str:
    """Return where a log is shared."""
    return f"/api/v1/analyses/{analysis_id}/share"


def share(person: Person, analysis_id: UUID, **body: int) -> str:
    """Return the token of a new link."""
    response = (
        person.call("POST", address(analysis_id), json=body) if body else person.call("POST", address(analysis_id))
    )
    assert response.status_code == 201, response.text
    token: str = response.get_json()["token"]
    return token


def bearing(token: str) -> dict[str, str]:
    """Return the header of a reader's request."""
    return {"Authorization": f"Bearer {token}"}


def read(reader: FlaskClient, token: str) -> int:
    """Return the status a reader gets: the same for report and plots, with the token in the header and in the path."""
    old = [reader.get(f"{SHARED}/{token}{what}") for what in ("", "/series")]
    new = [reader.get(f"{SHARED}{what}", headers=bearing(token)) for what in ("", "/series")]
    assert [response.data for response in new] == [response.data for response in old]
    (status,) = {response.status_code for response in old + new}
    return status


def seen(connection: psycopg.Connection[tuple[object, ...]], table: str) -> int:
    """Return how many rows of a table the connection sees."""
    return len(connection.execute(f"SELECT FROM {table}".encode()).fetchall())


# What a reader gets


def test_a_reader_sees_what_the_owner_sees_but_not_whose_it_is(
    owner: Person, analysis_id: UUID, reader: FlaskClient
) -> None:
    token = share(owner, analysis_id)
    theirs = owner.call("GET", f"/api/v1/analyses/{analysis_id}").get_json()
    response = reader.get(SHARED, headers=bearing(token))
    assert response.data == reader.get(f"{SHARED}/{token}").data
    shown = response.get_json()
    assert shown.pop("expiresAt")
    assert shown.pop("kind") == "log"
    # these name other logs of the owner, the car or the file
    own = {
        *("id", "fileName", "carId", "carGuessed", "note", "supersededBy", "earlierVersions", "overlaps"),
        *("lastRegeneration", "filterCourse"),
    }
    assert shown == {key: value for key, value in theirs.items() if key not in own}
    assert shown["analysis"]
    for private in (str(analysis_id), str(owner.id), owner.email, "my secret trip"):
        assert private not in response.text
    assert reader.get(f"{SHARED}/series", headers=bearing(token)).get_json() == SERIES
    assert reader.get(f"{SHARED}/{token}/series").get_json() == SERIES


@pytest.mark.parametrize("what", ["", "/series"])
@pytest.mark.parametrize("dead", [False, True])
def test_no_cache_no_search_engine_and_no_referer_knows_it(
    owner: Person, analysis_id: UUID, reader: FlaskClient, what: str, dead: bool
) -> None:
    token = tokens.new_secret() if dead else share(owner, analysis_id)
    for response in (reader.get(f"{SHARED}{what}", headers=bearing(token)), reader.get(f"{SHARED}/{token}{what}")):
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "Authorization" in response.vary
        assert "Set-Cookie" not in response.headers


def test_series_are_compressed_for_who_takes_them_so(owner: Person, analysis_id: UUID, reader: FlaskClient) -> None:
    url = f"{SHARED}/{share(owner, analysis_id)}/series"
    packed = reader.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == SERIES


def test_a_link_opens_neither_the_file_nor_anything_of_the_owners(
    owner: Person, analysis_id: UUID, reader: FlaskClient
) -> None:
    token = share(owner, analysis_id)
    bearer = bearing(token)
    assert reader.get(f"{SHARED}/{token}/file").status_code == 404
    assert reader.get(f"{SHARED}/file", headers=bearer).status_code == 404
    for path in ("/api/v1/analyses", f"/api/v1/analyses/{analysis_id}", f"/api/v1/analyses/{analysis_id}/file"):
        assert reader.get(path, headers=bearer).status_code == 401
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert reader.open(f"{SHARED}/{token}", method=method).status_code == 405
        assert reader.open(SHARED, method=method, headers=bearer).status_code == 405


def test_a_log_that_is_not_analysed_yet_says_so_and_then_is(
    owner: Person, reader: FlaskClient, database: Database
) -> None:
    waiting = upload(owner, log(str(uuid4())))
    token = share(owner, waiting)
    shown = reader.get(f"{SHARED}/{token}").get_json()
    assert (shown["status"], shown["analysis"]) == ("Processing", None)
    assert reader.get(f"{SHARED}/{token}/series").status_code == 404
    succeed(database, waiting)
    assert reader.get(f"{SHARED}/{token}").get_json()["status"] == "Success"


# The life of a link


def test_the_owner_sees_that_a_link_is_open_and_until_when(owner: Person, analysis_id: UUID) -> None:
    assert owner.call("GET", address(analysis_id)).status_code == 404
    made = owner.call("POST", address(analysis_id), json={"days": 7}).get_json()
    assert made.keys() == {"token", "path", "expiresAt"}
    assert made["path"] == f"/shared#{made['token']}"
    found = owner.call("GET", address(analysis_id)).get_json()
    assert found.keys() == {"createdAt", "expiresAt"}
    assert found["expiresAt"] == made["expiresAt"]
    lasting = datetime.fromisoformat(found["expiresAt"]) - datetime.fromisoformat(found["createdAt"])
    assert lasting == timedelta(days=7)


def test_the_other_answers_of_a_log_know_nothing_of_links(owner: Person, analysis_id: UUID) -> None:
    before = owner.call("GET", f"/api/v1/analyses/{analysis_id}").data, owner.call("GET", "/api/v1/analyses").data
    share(owner, analysis_id)
    after = owner.call("GET", f"/api/v1/analyses/{analysis_id}").data, owner.call("GET", "/api/v1/analyses").data
    assert before == after


def test_a_new_link_takes_the_place_of_the_old_one(owner: Person, analysis_id: UUID, reader: FlaskClient) -> None:
    first, second = share(owner, analysis_id), share(owner, analysis_id)
    assert first != second
    assert (read(reader, first), read(reader, second)) == (404, 200)


def test_many_made_at_once_leave_one(api_app: Flask, owner: Person, analysis_id: UUID, reader: FlaskClient) -> None:
    def make(_: int) -> str:
        return share(Person(**vars(owner) | {"client": api_app.test_client(use_cookies=False)}), analysis_id)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(8)))
    assert len(set(made)) == 8
    assert sorted(read(reader, token) for token in made) == [200] + [404] * 7


def expire(database: Database, analysis_id: UUID) -> None:
    """Let a link's time have come."""
    with database.worker() as connection:
        changed = connection.execute(
            """
            UPDATE fap_link SET created_at = created_at - interval '1 year', expires_at = now() - interval '1 second'
            WHERE analysis_id = %s
            """,
            [analysis_id],
        )
        assert changed.rowcount == 1


def purge(person: Person, analysis_id: UUID, database: Database) -> None:
    """Delete a log, and let the time in which it can be restored have passed."""
    assert person.call("DELETE", f"/api/v1/analyses/{analysis_id}").status_code == 204
    with database.worker() as connection:
        connection.execute(
            "UPDATE fap_analysis SET deleted_at = deleted_at - interval '1 hour' WHERE id = %s", [analysis_id]
        )
    assert deletion.purge(database, services_of(person.app).blobs) >= 1


Ending = Callable[[Person, UUID, Database], object]


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda who, log_id, _: who.call("DELETE", address(log_id)), id="ended"),
        pytest.param(lambda who, log_id, database: purge(who, log_id, database), id="log purged"),
        pytest.param(lambda who, _, __: who.call("DELETE", "/api/v1/account", json={"password": PASSWORD}), id="left"),
        pytest.param(lambda _, log_id, database: expire(database, log_id), id="expired"),
    ],
)
def test_a_dead_link_is_the_same_whatever_ended_it(
    api_app: Flask, database: Database, reader: FlaskClient, ending: Ending
) -> None:
    leaving = arrive(api_app)
    shared = upload(leaving, log())
    succeed(database, shared)
    services_of(api_app).blobs.put(keys.series_key(shared), gzip.compress(b"{}"))
    token = share(leaving, shared)
    assert read(reader, token) == 200
    ending(leaving, shared, database)
    answer = reader.get(f"{SHARED}/{token}")
    never = reader.get(f"{SHARED}/{tokens.new_secret()}")
    assert answer.status_code == 404
    assert answer.data == never.data
    assert "Ask the sender" in answer.get_json()["message"]
    assert reader.get(f"{SHARED}/{token}/series").data == never.data
    Reconciler(services_of(api_app)).delete_expired()
    with database.worker() as connection:
        left = connection.execute("SELECT count(*) AS n FROM fap_link WHERE analysis_id = %s", [shared]).fetchone()
    assert left == {"n": 0}


@pytest.mark.parametrize(
    "token", ["x", "0" * 42, "0" * 44, "%00" * 43, "ż" * 43, "'; DROP TABLE fap_link; --", "0" * 9000]
)
def test_what_is_no_token_is_the_same_as_a_dead_one(reader: FlaskClient, token: str) -> None:
    dead = reader.get(f"{SHARED}/{tokens.new_secret()}").data
    assert reader.get(f"{SHARED}/{token}").data == dead
    assert reader.get(SHARED, headers=bearing(token.encode().decode("latin-1"))).data == dead


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic {token}", "{token}", "Bearer {token} {token}"]
)
def test_a_token_counts_only_as_a_bearers(
    owner: Person, analysis_id: UUID, reader: FlaskClient, header: str | None
) -> None:
    token = share(owner, analysis_id)
    headers = {} if header is None else {"Authorization": header.format(token=token)}
    response = reader.get(SHARED, headers=headers)
    assert response.status_code == 404
    assert response.data == reader.get(SHARED, headers=bearing(tokens.new_secret())).data
    assert reader.get(SHARED, headers={"Authorization": f"bearer {token}"}).status_code == 200
    assert reader.get(f"{SHARED}?token={token}").status_code == 404


def test_a_session_and_its_csrf_token_change_nothing_for_a_reader(owner: Person, analysis_id: UUID) -> None:
    token = share(owner, analysis_id)
    browser = owner.browser().client
    assert browser.get(SHARED, headers=bearing(token)).get_json()["kind"] == "log"
    assert browser.get(SHARED).status_code == 404, "a session is no link"


def test_ending_again_is_no_error_and_an_expired_link_is_none(
    owner: Person, analysis_id: UUID, database: Database
) -> None:
    assert owner.call("DELETE", address(analysis_id)).status_code == 204
    share(owner, analysis_id)
    expire(database, analysis_id)
    assert owner.call("GET", address(analysis_id)).status_code == 404
    assert owner.call("DELETE", address(analysis_id)).status_code == 204


@pytest.mark.parametrize(
    "body", [{"days": 0}, {"days": 366}, {"days": 1.5}, {"days": "7"}, {"days": None}, {"hours": 1}, []]
)
def test_a_time_that_is_none_makes_no_link(owner: Person, analysis_id: UUID, body: object) -> None:
    assert owner.call("POST", address(analysis_id), json=body).status_code == 400
    assert owner.call("GET", address(analysis_id)).status_code == 404


# Who may make one


def test_only_the_owner_shares(api_app: Flask, owner: Person, analysis_id: UUID, reader: FlaskClient) -> None:
    token = share(owner, analysis_id)
    stranger = arrive(api_app)
    for method in ("GET", "POST", "DELETE"):
        theirs = stranger.call(method, address(analysis_id))
        unknown = stranger.call(method, address(uuid4()))
        assert theirs.status_code == unknown.status_code == 404
        assert theirs.data == unknown.data
        assert reader.open(address(analysis_id), method=method).status_code == 401
    assert read(reader, token) == 200


def test_a_browser_needs_its_csrf_token_to_share(owner: Person, analysis_id: UUID) -> None:
    browser = owner.browser()
    assert browser.call("POST", address(analysis_id), csrf="wrong").status_code == 403
    assert browser.call("POST", address(analysis_id), json={"days": 1}).status_code == 201
    assert browser.call("DELETE", address(analysis_id), csrf="wrong").status_code == 403
    assert browser.call("DELETE", address(analysis_id)).status_code == 204


def test_row_level_security_shows_a_link_to_its_owner_and_to_who_holds_it(
    owner: Person, analysis_id: UUID, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    other = upload(owner, log(str(uuid4())))
    share(owner, other)
    token = share(owner, analysis_id)
    assert seen(connection, "fap_link") == 0
    connection.execute("SELECT set_config('app.link_digest', %s, true)", [tokens.digest(token + "x").hex()])
    assert seen(connection, "fap_link") == 0
    connection.execute("SELECT set_config('app.link_digest', %s, true)", [tokens.digest(token).hex()])
    assert connection.execute("SELECT analysis_id FROM fap_link").fetchall() == [(analysis_id,)]
    assert seen(connection, "fap_analysis") == 0
    connection.rollback()
    connection.execute("SELECT 1")
    assert seen(connection, "fap_link") == 0, "a setting ends with its transaction"
    connection.execute("SELECT set_config('app.current_user_id', %s, true)", [str(owner.id)])
    assert seen(connection, "fap_link") >= 2


def test_a_token_is_stored_nowhere(owner: Person, analysis_id: UUID, database: Database) -> None:
    token = share(owner, analysis_id)
    with database.worker() as connection:
        row = connection.execute("SELECT * FROM fap_link WHERE analysis_id = %s", [analysis_id]).fetchone()
    assert row
    assert row["digest"] == tokens.digest(token)
    assert token not in str(row)


# What is written down


def test_making_and_ending_are_in_the_audit_and_the_token_is_in_no_log(
    api_app: Flask, database: Database, reader: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    person = arrive(api_app)
    shared = upload(person, log())
    with caplog.at_level(logging.DEBUG):
        token = share(person, shared)
        reader.get(f"{SHARED}/{token}")
        reader.get(f"{SHARED}/{token}/series")
        assert reader.get(SHARED, headers=bearing(token)).status_code == 200
        person.call("DELETE", address(shared))
        person.call("DELETE", address(shared))
    with database.api(person.id) as connection:
        events = connection.execute("SELECT event, address FROM audit_log ORDER BY id").fetchall()
    assert [event["event"] for event in events][2:] == [audit.Event.SHARED, audit.Event.SHARING_ENDED]
    assert {event["address"] for event in events} == {person.address}
    assert token not in " ".join(str(vars(record)) for record in caplog.records if record.name != "werkzeug")


def test_the_export_says_which_reports_are_shared(owner: Person, analysis_id: UUID) -> None:
    token = share(owner, analysis_id)
    with zipfile.ZipFile(BytesIO(owner.call("GET", "/api/v1/account/export").data)) as archive:
        account = archive.read("account.json").decode()
    assert str(analysis_id) in [link["analysis_id"] for link in json.loads(account)["links"]]
    assert token not in account
    assert tokens.digest(token).hex() not in account
    assert datetime.fromisoformat(json.loads(account)["links"][0]["expires_at"]) > datetime.now(UTC)
