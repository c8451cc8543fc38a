"""Taking one's data along, and leaving with everything gone."""

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from faplog.contracts import keys
from faplog.contracts.messages import AnalysisStatus
from faplog.errors import Unavailable
from functions.api.accounts import audit, deletion, export
from functions.api.accounts.audit import Event
from functions.api.accounts.rate_limit import PAIR
from functions.api.db import Database, lock_user
from functions.api.reconcile import orphans
from functions.api.services import services_of
from tests.conftest import until
from tests.integration.people import AUTH, PASSWORD, Person, arrive, register
from tests.integration.uploading import log, succeed, upload

ACCOUNT = "/api/v1/account"


@pytest.fixture
def person(api_app: Flask) -> Person:
    """Return a user with a session."""
    return arrive(api_app)


@pytest.fixture
def in_app(api_app: Flask) -> Iterator[None]:
    """Run the test in the app's context."""
    with api_app.app_context():
        yield


def rows(database: Database, person: Person) -> dict[str, int]:
    """Return how many rows of each table are the person's."""
    counts = {}
    with database.worker() as connection:
        for table, column in {
            "users": "id",
            "car": "user_id",
            "note": "user_id",
            "sessions": "user_id",
            "fap_analysis": "user_id",
            "fap_average": "user_id",
            "audit_log": "user_id",
        }.items():
            row = connection.execute(f"SELECT count(*) AS n FROM {table} WHERE {column} = %s", [person.id]).fetchone()
            assert row is not None
            counts[table] = row["n"]
    return counts


@pytest.mark.usefixtures("in_app")
def test_deleting_the_account_removes_everything(person: Person, database: Database) -> None:
    analysis_id = upload(person, log())
    car = person.call("POST", "/api/v1/cars", json={"name": "Golf"}).get_json()["id"]
    assert person.call("POST", f"/api/v1/cars/{car}/notes", json={"kind": "egr", "km": 1}).status_code == 201
    assert {"users", "car", "note", "fap_analysis"} <= {
        table for table, number in rows(database, person).items() if number
    }
    services_of(person.app).blobs.put(keys.series_key(analysis_id), b"series")
    services_of(person.app).blobs.put(keys.average_request_key(person.id, "0" * 64), b"[]")
    assert services_of(person.app).blobs.get(keys.log_key(analysis_id))
    assert person.call("DELETE", ACCOUNT).status_code == 204
    assert {table: number for table, number in rows(database, person).items() if number} == {"audit_log": 1}
    assert services_of(person.app).blobs.get(keys.log_key(analysis_id)) is None
    assert services_of(person.app).blobs.get(keys.series_key(analysis_id)) is None
    assert not list(services_of(person.app).blobs.list(f"{keys.AVERAGES}{person.id}/"))
    assert person.call("GET", ACCOUNT).status_code == 401
    assert person.refresh().status_code == 401
    assert person.log_in().status_code == 401


def test_deleting_the_account_leaves_the_others(person: Person, api_app: Flask, database: Database) -> None:
    other = arrive(api_app)
    content = log("the same file")
    upload(person, content)
    upload(other, content)
    assert person.call("DELETE", ACCOUNT).status_code == 204
    assert rows(database, other)["fap_analysis"] == 1
    listed = other.call("GET", "/api/v1/analyses").get_json()["data"]
    assert other.call("GET", f"/api/v1/analyses/{listed[0]['id']}/file").data == content


def test_a_given_password_must_be_right(person: Person) -> None:
    assert person.call("DELETE", ACCOUNT, json={"password": "wrong pass phrase"}).status_code == 403
    assert person.call("DELETE", ACCOUNT, json={"password": ""}).status_code == 400
    assert person.call("DELETE", ACCOUNT, json={"password": PASSWORD}).status_code == 204


def test_a_browser_must_repeat_the_password(person: Person) -> None:
    browser = person.browser()
    assert browser.call("DELETE", ACCOUNT).status_code == 403
    assert browser.call("DELETE", ACCOUNT, json={"password": "wrong pass phrase"}).status_code == 403
    assert browser.call("DELETE", ACCOUNT, json={"password": PASSWORD}).status_code == 204
    assert browser.cookie("faplog_access") == ""


@pytest.mark.usefixtures("long_waits")
def test_guessing_the_password_here_is_limited_as_well(person: Person) -> None:
    wrong = {"password": "wrong pass phrase"}
    codes = [person.call("DELETE", ACCOUNT, json=wrong).status_code for _ in range(PAIR.free + 1)]
    assert codes == [403] * PAIR.free + [429]


def test_the_address_is_free_again(person: Person) -> None:
    assert person.call("DELETE", ACCOUNT).status_code == 204
    body = {"email": person.email, "password": PASSWORD}
    assert person.client.post(f"{AUTH}/register", json=body).status_code == 201


def test_the_account_goes_even_while_the_object_store_is_away(
    person: Person, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the object store")

    upload(person, log())
    monkeypatch.setattr("faplog.blobs.Blobs.delete", away)
    assert person.call("DELETE", ACCOUNT).status_code == 204
    assert rows(database, person)["fap_analysis"] == 0


@pytest.mark.usefixtures("in_app")
def test_the_answer_comes_before_the_objects_go(person: Person, database: Database) -> None:
    """A process that ends in between leaves objects without a row, which reconcile removes."""
    analysis_id = upload(person, log())
    services_of(person.app).blobs.put(keys.series_key(analysis_id), b"series")
    answered = person.call("DELETE", ACCOUNT, buffered=False)
    assert answered.status_code == 204
    assert rows(database, person)["fap_analysis"] == 0
    assert services_of(person.app).blobs.get(keys.log_key(analysis_id)) is not None
    assert orphans.remove(database, services_of(person.app).blobs, timedelta(0)) >= 2
    assert services_of(person.app).blobs.get(keys.log_key(analysis_id)) is None
    assert services_of(person.app).blobs.get(keys.series_key(analysis_id)) is None
    answered.close()


@pytest.mark.usefixtures("in_app")
def test_what_is_under_way_when_the_account_goes_leaves_nothing(person: Person, database: Database) -> None:
    """A login that got ahead of the deletion is seen by it."""

    def delete() -> dict[UUID, AnalysisStatus]:
        return deletion.delete_account(services_of(person.app).database, person.id)

    with ThreadPoolExecutor(1) as pool, database.worker() as connection:
        lock_user(connection, person.id)
        done = pool.submit(delete)
        waits = """
            SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND usename = 'faplog_worker' AND query LIKE '%users%'
        """
        until(lambda: connection.execute(waits).fetchone() is not None, what="the deletion waits")
        audit.record(connection, Event.LOGGED_IN, user_id=person.id, address=person.address)
    assert done.result() == {}
    assert rows(database, person)["audit_log"] == 1


# Export


def exported(person: Person) -> zipfile.ZipFile:
    """Return the person's data."""
    response = person.call("GET", f"{ACCOUNT}/export")
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="faplog-')
    return zipfile.ZipFile(BytesIO(response.data))


def test_the_export_holds_what_was_uploaded_and_what_came_of_it(person: Person, database: Database) -> None:
    first, second = log("first"), log("second")
    succeed(database, upload(person, first, "Prüfung 1.csv"))
    upload(person, second, "Prüfung 1.csv")
    car = person.call("POST", "/api/v1/cars", json={"name": "Golf"}).get_json()["id"]
    note = {"kind": "egr", "onDate": "2025-02-03", "km": 1, "text": "cleaned"}
    assert person.call("POST", f"/api/v1/cars/{car}/notes", json=note).status_code == 201
    with exported(person) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        logs = sorted(archive.read(name) for name in names if name.startswith("logs/"))
        account = json.loads(archive.read("account.json"))
        analyses = json.loads(archive.read("analyses.json"))
        assert json.loads(archive.read("averages.json")) == []
        (golf,) = json.loads(archive.read("cars.json"))
    assert (golf["id"], golf["name"]) == (car, "Golf")
    assert [(one["kind"], one["on_date"], one["km"], one["text"], one["done"]) for one in golf["notes"]] == [
        ("egr", "2025-02-03", 1, "cleaned", True)
    ]
    assert logs == sorted([first, second])
    assert "logs/Prüfung 1.csv" in names
    assert account["account"][0]["email"] == person.email
    assert [event["event"] for event in account["events"]] == ["registered", "logged in", "exported"]
    assert {row["status"] for row in analyses} == {"Success", "Processing"}
    assert [row["analysis"] for row in analyses if row["status"] == "Success"] == [{"version": 1}]
    assert {(row["code"], row["params"]) for row in analyses} == {(None, None)}


def test_the_export_needs_a_session(person: Person) -> None:
    with exported(person) as archive:
        assert sorted(archive.namelist()) == ["account.json", "analyses.json", "averages.json", "cars.json"]
        assert json.loads(archive.read("analyses.json")) == []


def test_the_export_goes_on_over_batches(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    for number in range(5):
        upload(person, log(str(number)), "same.csv")
    with exported(person) as archive:
        assert len([name for name in archive.namelist() if name.startswith("logs/")]) == 5
        assert len(json.loads(archive.read("analyses.json"))) == 5


def test_the_export_is_ones_own(person: Person, api_app: Flask) -> None:
    other = arrive(api_app)
    upload(other, log("another user's"))
    with exported(person) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"another user's" not in everything
    assert other.email.encode() not in everything


def test_no_half_zip_while_the_object_store_is_away(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the object store")

    monkeypatch.setattr("faplog.blobs.Blobs.get", away)
    response = person.call("GET", f"{ACCOUNT}/export")
    assert response.status_code == 503
    assert response.headers["Retry-After"]


def test_names_in_the_export_are_safe() -> None:
    taken: set[str] = set()
    row = {"id": "1"}
    names = ["../../etc/passwd", "C:\\x\ny.csv", " . ", "A.csv", "a.CSV", "plain", "plain"]
    made = [export.entry_name(row | {"file_name": name}, taken) for name in names]
    assert made == [
        "_.._etc_passwd",
        "C__x_y.csv",
        "log.csv",
        "A.csv",
        "a-1.CSV",
        "plain",
        "plain-1",
    ]


def test_names_in_the_export_can_be_unpacked_on_every_system(tmp_path: Path) -> None:
    taken: set[str] = set()
    names = [
        "é" * 251 + ".csv",
        "é" * 251 + ".csv",
        "\U0001f600" * 251 + ".csv",
        "CON.csv",
        "nul.CSV",
        "aux .2.csv",
        ".csv",
    ]
    made = [export.entry_name({"id": str(number), "file_name": name}, taken) for number, name in enumerate(names)]
    assert made[3:] == ["_CON.csv", "_nul.CSV", "_aux .2.csv", "log.csv"]
    assert made[1].endswith("é-1.csv")
    for name in made:
        (tmp_path / name).touch(exist_ok=False)


def test_names_that_macos_takes_for_the_same_are_made_different() -> None:
    taken: set[str] = set()
    names = ["trip \u00e9.csv", "trip e\u0301.csv"]
    assert [export.entry_name({"id": "1", "file_name": name}, taken) for name in names] == [
        "trip \u00e9.csv",
        "trip e\u0301-1.csv",
    ]


def test_the_process_log_has_no_addresses(api_app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        person = register(api_app)
        person.log_in("wrong pass phrase")
        person.log_in()
        upload(person, log(), "my secret trip.csv")
        person.call("DELETE", ACCOUNT)
    said = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("functions"))
    assert "account" in said
    for private in (person.email, PASSWORD, person.access_token, person.refresh_token, "my secret trip"):
        assert private not in said
