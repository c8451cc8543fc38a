"""The history against the real servers: lists, files, series, and who may see them."""

import gzip
import tracemalloc
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg.sql import SQL, Composable

from faplog.contracts.keys import log_key
from functions.api.analyses import deletion
from functions.api.analyses.schemas import ListQuery, Order, SortBy
from functions.api.analyses.views import list_statement
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from standalone.servers import Servers
from tests.integration.delivery import API, Rig, failure, get, some_log, success, upload, uploaded
from tests.integration.people import Person, arrive

GHOST = "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11"


def names(person: Person, **query: Any) -> list[str]:
    return [one["fileName"] for one in get(person, "/analyses", **query)["data"]]


@pytest.fixture
def history(system: Rig, person: Person) -> dict[str, UUID]:
    """Four logs: c of January with a regeneration, a of March to be watched, one that failed, one on its way."""
    ids = {name: uploaded(person, name=name) for name in ("c.csv", "a.csv", "B_100%.csv", "Ärger.csv")}
    system.analysed(success(ids["c.csv"], logDate="2025-01-05T00:00:00.000Z", fapRegen=True))
    watch = {"health": {"verdict": "watch", "findings": []}}
    system.analysed(success(ids["a.csv"], logDate="2025-03-05T00:00:00.000Z", analysis=watch))
    system.analysed(failure(ids["B_100%.csv"]))
    return ids


def test_every_order(person: Person, history: dict[str, UUID]) -> None:
    uploads = ["c.csv", "a.csv", "B_100%.csv", "Ärger.csv"]
    assert names(person) == uploads[::-1]
    assert names(person, sortBy="createdAt", order="asc") == uploads
    assert names(person, sortBy="fileName", order="asc") == ["B_100%.csv", "a.csv", "c.csv", "Ärger.csv"]
    assert names(person, sortBy="logDate", order="desc")[:2] == ["a.csv", "c.csv"]
    assert names(person, sortBy="logDate", order="asc")[2:] == ["c.csv", "a.csv"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "Success"}, {"a.csv", "c.csv"}),
        ({"status": "Failed"}, {"B_100%.csv"}),
        ({"status": "Processing"}, {"Ärger.csv"}),
        ({"fapRegen": "true"}, {"c.csv"}),
        ({"fapRegen": "false", "status": "Success"}, {"a.csv"}),
        ({"verdict": "watch"}, {"a.csv"}),
        ({"verdict": "good"}, {"c.csv"}),
        ({"verdict": "act"}, set()),
        ({"dateFrom": "2025-01-05", "dateTo": "2025-01-05"}, {"c.csv"}),
        ({"dateFrom": "2025-01-06"}, {"a.csv"}),
        ({"dateTo": "2025-03-04"}, {"c.csv"}),
        ({"dateFrom": "0001-01-01", "dateTo": "9999-12-31"}, {"a.csv", "c.csv"}),
        ({"q": "ÄRG"}, {"Ärger.csv"}),
        ({"q": "b_100%"}, {"B_100%.csv"}),
        ({"q": "%"}, {"B_100%.csv"}),
        ({"q": "_"}, {"B_100%.csv"}),
        ({"q": "'; DROP TABLE users;--"}, set()),
        ({"q": "\x00"}, {"a.csv", "c.csv", "B_100%.csv", "Ärger.csv"}),
        ({"q": ""}, {"a.csv", "c.csv", "B_100%.csv", "Ärger.csv"}),
    ],
)
def test_every_filter(person: Person, history: dict[str, UUID], query: dict[str, str], found: set[str]) -> None:
    page = get(person, "/analyses", **query)
    assert {one["fileName"] for one in page["data"]} == found
    assert page["pagination"]["totalItems"] == len(found)


def test_a_row_says_what_its_verdict_rests_on(system: Rig, person: Person, history: dict[str, UUID]) -> None:
    """The first finding of the verdict's severity; an analysis of an older version may have none."""
    findings = [
        {"code": "idle_pressure", "severity": "good", "text": "Good."},
        {"code": "ash_share", "severity": "watch", "text": "Ash."},
        {"code": "oil_dilution", "severity": "act", "text": "Fuel in the oil."},
        {"code": "oil_max", "severity": "act", "text": "Hot oil."},
    ]
    system.analysed(success(history["Ärger.csv"], analysis={"health": {"verdict": "act", "findings": findings}}))
    found = {one["fileName"]: one["worstFinding"] for one in get(person, "/analyses")["data"]}
    assert found == {
        "Ärger.csv": {"code": "oil_dilution", "text": "Fuel in the oil."},
        "a.csv": None,
        "c.csv": None,
        "B_100%.csv": None,
    }


def test_pages(person: Person, history: dict[str, UUID]) -> None:
    pages = [get(person, "/analyses", limit=3, page=page) for page in (1, 2, 3)]
    assert [len(page["data"]) for page in pages] == [3, 1, 0]
    assert pages[1]["pagination"] == {"totalItems": 4, "currentPage": 2, "pageSize": 3, "totalPages": 2}
    assert set(pages[0]["data"][0]) == {
        "id",
        "fileName",
        "supersededBy",
        "createdAt",
        "logDate",
        "status",
        "stage",
        "message",
        "code",
        "params",
        "fapRegen",
        "distance",
        "verdict",
        "carId",
        "carGuessed",
        "note",
        "worstFinding",
    }


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999999999999",
        "limit=0",
        "limit=101",
        "limit=1.5",
        "sortBy=id",
        "sortBy=fileName;DROP TABLE users",
        "order=up",
        "status=success",
        "fapRegen=maybe",
        "verdict=bad",
        "q=" + "x" * 256,
        "unknown=1",
        "sort_by=fileName",
        "page=1&page=2",
        "page=",
        "deleted=true",
        "dateFrom=2025-02-30",
        "dateFrom=yesterday",
        "dateTo=0",
        "dateTo=1741000000",
        "dateFrom=20250301",
        "dateTo=2025-13-01",
        "dateTo=99999-01-01",
        "dateFrom=2025-03-02&dateTo=2025-03-01",
        "dateFrom=",
    ],
)
def test_a_bad_query_is_a_400_with_a_sentence(person: Person, query: str) -> None:
    response = person.call("GET", f"{API}/analyses?{query}")
    assert response.status_code == 400
    error = response.get_json()
    assert error["message"].endswith(".")
    assert (error["code"], {"field", "reason"}) == ("INVALID_INPUT", error["params"].keys()) or (
        error["code"] == "PARAMETER_REPEATED"
    )


@pytest.mark.parametrize(
    "query",
    [
        "type=WEEKLY",
        "year=2025",
        "type=YEARLY",
        "type=MONTHLY&year=2025",
        "type=MONTHLY&year=2025&month=13",
        "x=1",
        "type=YEARLY&year=99999",
    ],
)
def test_a_bad_period_is_a_400_with_a_sentence(person: Person, query: str) -> None:
    response = person.call("GET", f"{API}/average?{query}")
    assert response.status_code == 400
    assert response.get_json()["message"].endswith(".")


def test_the_file_as_it_was(person: Person) -> None:
    content = some_log() * 200
    analysis_id = uploaded(person, content, "Fährt; x=.csv")
    path = f"{API}/analyses/{analysis_id}/file"
    whole = person.call("GET", path)
    assert whole.status_code == 200
    assert whole.data == content
    assert whole.headers["Content-Type"] == "text/csv"
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''F%C3%A4hrt" in whole.headers["Content-Disposition"]
    head = person.call("HEAD", path)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(content)))
    etag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]
    for condition in ({"If-None-Match": etag}, {"If-None-Match": "*"}, {"If-Modified-Since": changed}):
        same = person.call("GET", path, headers=condition)
        assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", etag)
    other = {"If-None-Match": '"other"', "If-Modified-Since": changed}
    assert person.call("GET", path, headers=other).status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, None),
        ("bytes=-7", -7, None),
        ("bytes=5-999999", 5, None),
        ("bytes=-999999", 0, None),
    ],
)
def test_a_part_of_the_file(person: Person, asked: str, start: int, stop: int | None) -> None:
    content = some_log() * 20
    path = f"{API}/analyses/{uploaded(person, content)}/file"
    part = person.call("GET", path, headers={"Range": asked})
    assert part.status_code == 206
    assert part.data == content[start:stop]
    begin = start % len(content)
    assert part.headers["Content-Range"] == f"bytes {begin}-{begin + len(part.data) - 1}/{len(content)}"


def test_parts_that_are_none(person: Person) -> None:
    content = some_log() * 20
    path = f"{API}/analyses/{uploaded(person, content)}/file"
    beyond = person.call("GET", path, headers={"Range": "bytes=999999-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=x", "bytes=9-5"):
        assert person.call("GET", path, headers={"Range": asked}).data == content
    stale = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert person.call("GET", path, headers=stale).data == content
    etag = person.call("HEAD", path).headers["ETag"]
    assert person.call("GET", path, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206


def test_another_file_than_the_one_meant_is_not_handed_out(person: Person) -> None:
    path = f"{API}/analyses/{uploaded(person)}/file"
    head = person.call("HEAD", path).headers
    long_ago = "Mon, 03 Feb 2025 07:41:03 GMT"
    meant = [{"If-Match": head["ETag"]}, {"If-Match": "*"}, {"If-Unmodified-Since": head["Last-Modified"]}]
    for condition in [*meant, {"If-Match": head["ETag"], "If-Unmodified-Since": long_ago}]:
        assert person.call("GET", path, headers=condition).status_code == 200
    for condition in ({"If-Match": '"other"'}, {"If-Match": f"W/{head['ETag']}"}, {"If-Unmodified-Since": long_ago}):
        refused = person.call("GET", path, headers=condition | {"Range": "bytes=0-1"})
        assert (refused.status_code, refused.get_json()["statusCode"]) == (412, 412)


def test_a_public_bucket_hands_the_file_out_itself(system: Rig, person: Person, api_settings: Settings) -> None:
    content = some_log()
    analysis_id = uploaded(person, content, "Fährt.csv")
    public = create_app(system.settings.model_copy(update={"public_s3_endpoint": api_settings.s3_endpoint}))
    client = public.test_client(use_cookies=False)
    path, headers = f"{API}/analyses/{analysis_id}/file", {"Authorization": f"Bearer {person.access_token}"}
    answer, head = client.get(path, headers=headers), client.head(path, headers=headers)
    services_of(public).database.close()
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(content)))
    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "no-store"
    got = httpx.get(answer.headers["Location"], timeout=60)
    assert got.content == content
    assert "F%C3%A4hrt.csv" in got.headers["Content-Disposition"]


def test_the_series_comes_as_it_is_stored(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    path = f"{API}/analyses/{analysis_id}/series"
    assert person.call("GET", path).status_code == 404
    system.put_series(analysis_id, b'{"t": [1, 2]}')
    system.analysed(success(analysis_id))
    packed = person.call("GET", path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == b'{"t": [1, 2]}'
    plain = person.call("GET", path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.get_json() == {"t": [1, 2]}
    same = person.call("GET", path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert same.status_code == 304


ROUTES = [
    ("GET", "/analyses/{id}"),
    ("DELETE", "/analyses/{id}"),
    ("GET", "/analyses/{id}/file"),
    ("GET", "/analyses/{id}/series"),
    ("GET", "/analyse/{id}"),
]


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_other_users_logs_are_not_found(system: Rig, person: Person, method: str, route: str) -> None:
    analysis_id = uploaded(person)
    system.put_series(analysis_id)
    system.analysed(success(analysis_id))
    stranger = arrive(system.app)
    path = API + route.format(id=analysis_id)
    assert stranger.call(method, path).status_code == 404
    assert stranger.call(method, API + route.format(id=GHOST)).status_code == 404
    anonymous = system.app.test_client(use_cookies=False)
    assert anonymous.open(path, method=method).status_code == 401
    for odd in ("1", "no-uuid", "'; DROP TABLE users;--", GHOST + "0", "%00", "{" + GHOST + "}"):
        response = person.call(method, API + route.format(id=odd))
        assert response.status_code == 404
        assert response.get_json()["message"].endswith(".")
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"


@pytest.mark.parametrize("path", ["/analyses", "/average", "/average/available"])
def test_lists_are_ones_own_and_need_a_login(system: Rig, person: Person, path: str) -> None:
    system.analysed(success(uploaded(person)))
    stranger = arrive(system.app)
    assert system.app.test_client(use_cookies=False).get(API + path).status_code == 401
    seen = stranger.call("GET", API + path)
    body = seen.get_json()
    if path == "/average":
        assert (seen.status_code, body["code"]) == (404, "AVERAGE_NOT_FOUND")
    else:
        assert (seen.status_code, body if path == "/average/available" else body["data"]) == (200, [])


def test_uploading_needs_a_login(system: Rig, person: Person) -> None:
    person.access_token = "x"
    assert upload(person, some_log()).status_code == 401
    assert upload(person, some_log(), path="/analyse").status_code == 401


def test_raw_sql_sees_nothing_of_others(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.analysed(success(analysis_id))
    stranger = arrive(system.app)
    with system.database.api(stranger.id) as connection:
        for table in ("fap_analysis", "fap_average", "users"):
            column = "id" if table == "users" else "user_id"
            seen = connection.execute(f"SELECT {column} AS owner FROM {table}").fetchall()
            assert [row["owner"] for row in seen if row["owner"] != stranger.id] == []
        gone = connection.execute("DELETE FROM fap_analysis WHERE id = %s", [analysis_id])
        changed = connection.execute("UPDATE fap_analysis SET file_name = 'x' WHERE id = %s", [analysis_id])
        assert (gone.rowcount, changed.rowcount) == (0, 0)
    insert = "INSERT INTO fap_analysis (user_id, file_name, size, sha256, version) VALUES (%s, 'x', 1, sha256('x'), 1)"
    for statement, values in (
        (insert, [person.id]),
        ("UPDATE fap_average SET status = 'FAILED'", []),
        ("DELETE FROM users", []),
        ("TRUNCATE fap_analysis", []),
        ("DROP TABLE fap_analysis", []),
        ("ALTER TABLE fap_analysis DISABLE ROW LEVEL SECURITY", []),
        ("SET ROLE faplog_owner", []),
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), system.database.api(stranger.id) as connection:
            connection.execute(statement, values)


def test_without_a_user_there_is_nothing(system: Rig, person: Person) -> None:
    """A transaction that forgot to say whose it is."""
    uploaded(person)
    url = system.settings.api_database.get_secret_value()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM fap_analysis").fetchone() == (0,)


def seed(system: Rig, user_id: UUID, number: int) -> None:
    """Analyses of a user, behind the API's back, all of one car."""
    (car,) = system.sql("INSERT INTO car (user_id) VALUES (%s) RETURNING id", user_id)
    with psycopg.connect(system.settings.api_database.get_secret_value()) as connection:
        connection.execute("SELECT set_config('app.current_user_id', %s, false)", [str(user_id)])
        connection.execute(
            """
            INSERT INTO fap_analysis (user_id, file_name, size, sha256, version, status, stage, analysis, digest,
                verdict, log_date, log_year, log_month, fap_regen, distance, created_at, car_id)
            SELECT %s, 'log_' || n || '.csv', 1000, sha256(n::text::bytea), 1, 'Success', 'analyse',
                jsonb_build_object('drives', repeat(md5(n::text), 60)), sha256(n::text::bytea), 'good', day,
                extract(year FROM day), extract(month FROM day), n %% 7 = 0, n %% 100, now() - make_interval(secs => n),
                %s
            FROM generate_series(1, %s) AS n, LATERAL (SELECT now() - make_interval(days => n %% 900) AS day) AS d
            """,
            [user_id, car["id"], number],
        )


def learn(servers: Servers) -> None:
    """Let PostgreSQL look at the rows before it plans; its own look comes when it comes, perhaps at an empty table."""
    with psycopg.connect((servers.secrets / "faplog-owner-database").read_text("utf-8")) as connection:
        connection.execute("ANALYZE fap_analysis")


def test_every_list_is_read_from_an_index(system: Rig, servers: Servers) -> None:
    """On 100,000 rows of several users: no page reads the table through or sorts it."""
    people = [arrive(system.app) for _ in range(10)]
    for person in people:
        seed(system, person.id, 10_000)
    learn(servers)
    plans = []
    for sort in SortBy:
        for order in Order:
            query = ListQuery(sortBy=sort, order=order, page=2)
            statement, values = list_statement(people[0].id, query)
            with system.database.api(people[0].id) as connection:
                plan = connection.execute(b"EXPLAIN (FORMAT TEXT) " + statement.as_bytes(connection), values)
                plans.append("\n".join(row["QUERY PLAN"] for row in plan.fetchall()))
    assert all("Index" in plan and "Seq Scan" not in plan and "Sort" not in plan for plan in plans), plans
    for person in people:
        system.sql("DELETE FROM users WHERE id = %s", person.id)


def _rows_read(plan: dict[str, Any]) -> float:
    """Return how many rows the plan's scans looked at, those they left out included."""
    if parts := plan.get("Plans"):
        return sum(_rows_read(part) for part in parts)
    return float((plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"])


def test_ten_thousand_deleted_logs_slow_no_list_down(system: Rig, servers: Servers, person: Person) -> None:
    """A page reads its own rows alone, of the logs as of the deleted ones."""
    seed(system, person.id, 10_000)
    system.sql("UPDATE fap_analysis SET deleted_at = now() WHERE user_id = %s AND distance <> 5", person.id)
    learn(servers)
    for sort in SortBy:
        statement, values = list_statement(person.id, ListQuery(sortBy=sort, limit=20))
        assert _rows_read(_explained(system, person, statement, values)) <= 20
    values = {"user_id": person.id, "restorable": deletion.RESTORABLE, "limit": 20, "offset": 0}
    assert _rows_read(_explained(system, person, SQL(deletion.PAGE), values)) <= 20
    assert get(person, "/analyses")["pagination"]["totalItems"] == 100
    assert get(person, "/analyses/deleted")["pagination"]["totalItems"] == 9_900


def _explained(system: Rig, person: Person, statement: Composable, values: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of a statement, and what it read."""
    with system.database.api(person.id) as connection:
        explain = b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.as_bytes(connection)
        (row,) = connection.execute(explain, values).fetchall()
    plan: dict[str, Any] = row["QUERY PLAN"][0]["Plan"]
    return plan


def test_a_user_with_ten_thousand_logs(system: Rig, servers: Servers, person: Person) -> None:
    """The first page reads its rows alone, none reads a row twice; the average comes in one pass, without growing."""
    seed(system, person.id, 10_000)
    learn(servers)
    (table,) = system.sql("SELECT count(*) AS rows FROM fap_analysis")
    for page, most in ((1, 20), (100, table["rows"]), (500, table["rows"])):
        assert len(get(person, "/analyses", page=page, limit=20)["data"]) == 20
        statement, values = list_statement(person.id, ListQuery(page=page, limit=20))
        assert _rows_read(_explained(system, person, statement, values)) <= most
    system.take("average.request")
    analysis_id = uploaded(person)
    tracemalloc.start()
    system.analysed(success(analysis_id))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 << 20
    requests = system.take("average.request")
    (overall,) = [r for r in requests if r["data"]["type"] == "OVERALL"]
    assert "analysis" not in overall["data"]
    stored = system.blobs.get(overall["data"]["analysisRef"])
    assert stored is not None
    assert stored.count(b'"analysisId"') == 10_001


def test_a_file_that_is_not_stored_is_a_404(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.blobs.delete(log_key(analysis_id))
    response = person.call("GET", f"{API}/analyses/{analysis_id}/file")
    assert response.status_code == 404
    assert response.get_json()["message"].endswith(".")
