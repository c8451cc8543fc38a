"""A car by a link: read without an account, until the link or the car ends; it says nothing about who its owner is."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from uuid import UUID, uuid4

import psycopg
import pytest

from functions.api.accounts import audit, tokens
from functions.api.analyses import deletion
from functions.api.db import Database
from functions.api.migrate import migrate
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.api.sharing.shared_car import without_ids
from standalone.servers import Servers
from tests.integration.delivery import API, Rig, get, work
from tests.integration.people import PASSWORD, Person, arrive
from tests.integration.test_cars import by_car, change, drive

SHARED = f"{API}/shared"


@pytest.fixture
def car(system: Rig, person: Person) -> str:
    """Return a car of the person's with a name, three logs, a note and a reminder."""
    for day, life_km in ((0, 10_000), (1, 10_050), (2, 10_100)):
        drive(system, person, day, life_km)
    (car_id,) = by_car(person)
    change(person, "PATCH", f"/cars/{car_id}", name="Kim's own car")
    change(person, "POST", f"/cars/{car_id}/notes", 201, kind="oil_changed", onDate="2025-01-05", text="at uncle Bob's")
    change(person, "POST", f"/cars/{car_id}/notes", 201, kind="filter_cleaned", km=10_060, text="secret words")
    work(system)
    return car_id


def address(car_id: object) -> str:
    return f"{API}/cars/{car_id}/share"


def share(person: Person, car_id: object, **body: int) -> str:
    response = person.call("POST", address(car_id), **({"json": body} if body else {}))
    assert response.status_code == 201, response.text
    token: str = response.get_json()["token"]
    return token


def read(person: Person, token: str) -> dict[str, object] | None:
    """Return what a reader without an account sees; None if the link does not work."""
    reader = person.app.test_client()
    response = reader.get(SHARED, headers={"Authorization": f"Bearer {token}"})
    if response.status_code == 404:
        assert response.get_json()["code"] == "LINK_NOT_VALID"
        return None
    assert response.status_code == 200, response.text
    shown: dict[str, object] = response.get_json()
    return shown


# What a reader gets


def test_a_reader_sees_where_the_car_stands_but_not_whose_it_is(person: Person, car: str) -> None:
    token = share(person, car)
    response = person.app.test_client().get(SHARED, headers={"Authorization": f"Bearer {token}"})
    shown = response.get_json()
    theirs = get(person, "/average", car=car)
    assert (shown["kind"], shown["status"], shown["profile"]) == ("car", "SUCCESS", "DCM62v2")
    assert (shown["lifeKm"], shown["lastLog"][:10]) == (10_100, "2025-01-08")
    assert shown["average"] == without_ids(theirs["average"])
    assert [point["date"] for point in shown["average"]["trends"]["DCM62v2"]], "the trends are there"
    assert [(note["kind"], note["onDate"], note["km"], note["done"], note["due"]) for note in shown["notes"]] == [
        ("oil_changed", "2025-01-05", None, True, False),
        ("filter_cleaned", None, 10_060, False, True),
    ]
    ids = [log for logs in by_car(person).values() for log in logs]
    for private in (*ids, car, str(person.id), person.email, "Kim", "Bob", "secret words", ".csv"):
        assert private not in response.text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Authorization" in response.vary


def test_ids_are_taken_out_at_any_depth() -> None:
    given = {
        "a": [{"analysisId": "x", "date": "d"}],
        "analysisId": "x",
        "deep": {"er": [[{"analysisId": "x"}]]},
        "n": 1,
    }
    assert "x" not in json.dumps(without_ids(given))
    assert without_ids(given)["a"] == [{"analysisId": None, "date": "d"}]


def test_the_page_follows_the_car(system: Rig, person: Person, car: str) -> None:
    token = share(person, car)
    before = read(person, token)
    drive(system, person, 3, 10_150)
    after = read(person, token)
    assert before
    assert after
    assert (before["lifeKm"], after["lifeKm"]) == (10_100, 10_150)


def test_a_link_to_a_car_opens_nothing_else(person: Person, car: str) -> None:
    token = share(person, car)
    reader = person.app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    for path in (f"{SHARED}/series", f"{SHARED}/{token}", f"{SHARED}/{token}/series"):
        response = reader.get(path, headers=bearer)
        assert (response.status_code, response.get_json()["code"]) == (404, "LINK_NOT_VALID"), path
    for path in ("/cars", f"/cars/{car}", f"/cars/{car}/notes", "/average", "/analyses", f"/cars/{car}/share"):
        assert reader.get(API + path, headers=bearer).status_code == 401, path


def test_a_car_without_logs_can_be_shared(person: Person) -> None:
    car_id = change(person, "POST", "/cars", 201, name="New")["id"]
    shown = read(person, share(person, car_id))
    assert shown
    assert (shown["status"], shown["average"], shown["lastLog"], shown["notes"]) == (None, None, None, [])


# The life of a link


def test_the_owner_sees_a_link_and_renews_and_ends_it(person: Person, car: str) -> None:
    assert person.call("GET", address(car)).status_code == 404
    made = person.call("POST", address(car), json={"days": 7}).get_json()
    assert made["path"] == f"/shared#{made['token']}"
    found = person.call("GET", address(car)).get_json()
    assert found.keys() == {"createdAt", "expiresAt"}
    assert found["expiresAt"] == made["expiresAt"]
    second = share(person, car)
    assert read(person, made["token"]) is None
    assert read(person, second)
    assert person.call("DELETE", address(car)).status_code == 204
    assert read(person, second) is None
    assert person.call("DELETE", address(car)).status_code == 204


@pytest.mark.parametrize("body", [{"days": 0}, {"days": 366}, {"days": 1.5}, {"days": "7"}, {"hours": 1}, []])
def test_a_time_that_is_none_makes_no_link(person: Person, car: str, body: object) -> None:
    assert person.call("POST", address(car), json=body).status_code == 400
    assert person.call("GET", address(car)).status_code == 404


def test_only_the_owner_shares(system: Rig, person: Person, car: str) -> None:
    token = share(person, car)
    stranger = arrive(system.app)
    for method in ("GET", "POST", "DELETE"):
        theirs, unknown = (stranger.call(method, address(one)) for one in (car, uuid4()))
        assert theirs.status_code == unknown.status_code == 404
        assert theirs.data == unknown.data
        assert person.app.test_client().open(address(car), method=method).status_code == 401
    assert read(person, token)


def test_a_browser_needs_its_csrf_token_to_share(person: Person, car: str) -> None:
    browser = person.browser()
    assert browser.call("POST", address(car), csrf="wrong").status_code == 403
    assert browser.call("POST", address(car), json={"days": 1}).status_code == 201
    assert browser.call("DELETE", address(car), csrf="wrong").status_code == 403
    assert browser.call("DELETE", address(car)).status_code == 204


def test_an_api_token_makes_no_link(person: Person, car: str) -> None:
    made = change(person, "POST", "/account/tokens", 201, name="Reader", scopes=["read"])
    bearer = {"Authorization": f"Bearer {made['token']}"}
    for method in ("GET", "POST", "DELETE"):
        assert person.app.test_client().open(address(car), method=method, headers=bearer).status_code == 403


def expire(person: Person, car_id: str) -> None:
    with services_of(person.app).database.worker() as connection:
        changed = connection.execute(
            """
            UPDATE fap_link SET created_at = created_at - interval '1 year', expires_at = now() - interval '1 second'
            WHERE car_id = %s
            """,
            [car_id],
        )
        assert changed.rowcount == 1


def merge_into_another(person: Person, car_id: str) -> None:
    other = change(person, "POST", "/cars", 201, name="Other")["id"]
    change(person, "POST", f"/cars/{car_id}/merge", into=other)


def delete_with_a_second_one_there(person: Person, car_id: str) -> None:
    change(person, "POST", "/cars", 201, name="Other")
    assert person.call("DELETE", f"{API}/cars/{car_id}").status_code == 204


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(lambda who, car_id: who.call("DELETE", address(car_id)), id="ended"),
        pytest.param(delete_with_a_second_one_there, id="deleted"),
        pytest.param(merge_into_another, id="merged"),
        pytest.param(expire, id="expired"),
        pytest.param(lambda who, _: who.call("DELETE", f"{API}/account", json={"password": PASSWORD}), id="left"),
    ],
)
def test_a_dead_link_is_dead_whatever_ended_it(
    person: Person, car: str, ending: Callable[[Person, str], object]
) -> None:
    token = share(person, car)
    assert read(person, token)
    ending(person, car)
    assert read(person, token) is None


def test_the_link_comes_back_with_a_restored_car_and_goes_with_a_purged_one(
    system: Rig, person: Person, car: str, database: Database
) -> None:
    token = share(person, car)
    delete_with_a_second_one_there(person, car)
    assert person.call("GET", address(car)).status_code == 404
    assert person.call("POST", address(car)).status_code == 404, "a deleted car gets no link"
    assert person.call("POST", f"{API}/cars/{car}/restore").status_code == 204
    assert read(person, token)
    assert person.call("DELETE", f"{API}/cars/{car}").status_code == 204
    with database.worker() as connection:
        for statement in (
            "UPDATE car SET deleted_at = deleted_at - interval '1 hour' WHERE id = %s",
            "UPDATE fap_analysis SET deleted_at = deleted_at - interval '1 hour' WHERE car_id = %s",
        ):
            connection.execute(statement.encode(), [car])
    deletion.purge(database, services_of(system.app).blobs)
    with database.worker() as connection:
        left = connection.execute("SELECT count(*) AS n FROM fap_link WHERE car_id = %s", [car]).fetchone()
    assert left == {"n": 0}


def test_a_car_that_another_is_merged_into_keeps_its_link(person: Person, car: str) -> None:
    token = share(person, car)
    other = change(person, "POST", "/cars", 201, name="Other")["id"]
    ended = share(person, other)
    change(person, "POST", f"/cars/{other}/merge", into=car)
    assert read(person, token)
    assert read(person, ended) is None


def test_links_to_a_log_and_to_its_car_are_apart(person: Person, car: str) -> None:
    of_car = share(person, car)
    log_id = next(iter(by_car(person)[car]))
    of_log = person.call("POST", f"{API}/analyses/{log_id}/share").get_json()["token"]
    shown = [read(person, token) for token in (of_car, of_log)]
    assert [one and one["kind"] for one in shown] == ["car", "log"]
    assert person.call("DELETE", f"{API}/analyses/{log_id}/share").status_code == 204
    assert read(person, of_car)
    assert read(person, of_log) is None


def test_the_list_has_all_open_links_and_no_others(system: Rig, person: Person, car: str) -> None:
    assert get(person, "/account/links") == {"data": []}
    share(person, car)
    first, second = sorted(by_car(person)[car])[:2]
    for log_id in (first, second):
        assert person.call("POST", f"{API}/analyses/{log_id}/share", json={"days": 7}).status_code == 201
    listed = get(person, "/account/links")["data"]
    assert [(one["kind"], one["id"]) for one in listed] == [("log", second), ("log", first), ("car", car)]
    assert (listed[2]["name"], listed[2]["profile"]) == ("Kim's own car", "DCM62v2")
    assert listed[0]["name"].endswith(".csv")
    for one in listed:
        assert one.keys() == {"kind", "id", "name", "profile", "createdAt", "expiresAt"}
    assert get(arrive(system.app), "/account/links") == {"data": []}
    expire(person, car)
    assert person.call("DELETE", f"{API}/analyses/{first}").status_code == 204
    assert [one["id"] for one in get(person, "/account/links")["data"]] == [second]


# In the database


def test_row_level_security_shows_a_link_to_its_owner_and_to_who_holds_it(
    person: Person, car: str, api_settings: Settings
) -> None:
    token = share(person, car)
    with psycopg.connect(api_settings.api_database.get_secret_value()) as connection:
        assert connection.execute("SELECT car_id FROM fap_link").fetchall() == []
        connection.execute("SELECT set_config('app.link_digest', %s, true)", [tokens.digest(token).hex()])
        assert connection.execute("SELECT car_id FROM fap_link").fetchall() == [(UUID(car),)]
        assert connection.execute("SELECT id FROM car").fetchall() == []
        connection.rollback()
        connection.execute("SELECT set_config('app.current_user_id', %s, true)", [str(arrive(person.app).id)])
        assert connection.execute("SELECT car_id FROM fap_link").fetchall() == []
        connection.rollback()


def test_a_link_leads_to_one_thing(database: Database, person: Person, car: str) -> None:
    log_id = next(iter(by_car(person)[car]))
    insert = """
        INSERT INTO fap_link (analysis_id, car_id, user_id, digest, expires_at)
        VALUES (%s, %s, %s, sha256(%s), now() + interval '1 day')
    """
    for analysis_id, car_id in ((None, None), (log_id, car)):
        with pytest.raises(psycopg.errors.CheckViolation), database.worker() as connection:
            connection.execute(insert, [analysis_id, car_id, person.id, uuid4().bytes])
    with pytest.raises(psycopg.errors.ForeignKeyViolation), database.worker() as connection:
        connection.execute(insert, [None, car, arrive(person.app).id, uuid4().bytes])


def test_links_of_the_release_before_go_on(servers: Servers) -> None:
    """And a process of that release, which is still there during an upgrade, makes and renews links."""
    url = (servers.secrets / "faplog-owner-database").read_text()
    schema = f"scratch_{uuid4().hex}"
    renew = """
        INSERT INTO fap_link (analysis_id, user_id, digest, expires_at)
        SELECT id, user_id, sha256(%s), now() + interval '1 day' FROM fap_analysis
        ON CONFLICT (analysis_id) DO UPDATE SET digest = excluded.digest RETURNING digest
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
        scratch = f"{url}?options=-csearch_path%3D{schema}"
        try:
            migrate(scratch, "0011")
            with psycopg.connect(scratch, autocommit=True) as old:
                old.execute("INSERT INTO users (email, password_hash) VALUES ('a@example.org', 'x')")
                old.execute(
                    """
                    INSERT INTO fap_analysis (user_id, file_name, size, sha256, version)
                    SELECT id, 'a.csv', 1, sha256('a'), 1 FROM users
                    """
                )
                made = old.execute(renew, [b"first"]).fetchall()
                migrate(scratch)
                assert old.execute("SELECT digest FROM fap_link").fetchall() == made
                renewed = old.execute(renew, [b"second"]).fetchall()
                assert renewed != made
                assert old.execute("SELECT digest FROM fap_link").fetchall() == renewed
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())


# What is written down


def test_making_and_ending_are_in_the_audit_and_the_export(person: Person, car: str) -> None:
    token = share(person, car)
    with zipfile.ZipFile(BytesIO(person.call("GET", f"{API}/account/export").data)) as archive:
        account = archive.read("account.json").decode()
    (link,) = json.loads(account)["links"]
    assert (link["analysis_id"], link["car_id"]) == (None, car)
    assert datetime.fromisoformat(link["expires_at"]) > datetime.now(UTC)
    assert token not in account
    assert tokens.digest(token).hex() not in account
    person.call("DELETE", address(car))
    person.call("DELETE", address(car))
    with services_of(person.app).database.api(person.id) as connection:
        rows = connection.execute("SELECT event FROM audit_log ORDER BY id").fetchall()
    assert [row["event"] for row in rows if "car" in row["event"]] == [
        audit.Event.CAR_SHARED,
        audit.Event.CAR_SHARING_ENDED,
    ]
