"""A log without an account: its analysis is that of an upload, nothing of it stays, and uploads do not wait for it."""

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from faplog import stack, synthetic
from faplog.contracts.direct import DirectCall
from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.log_rules import MAX_LOG_BYTES
from faplog.logs import JsonFormatter
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.series import series
from functions.api.accounts import rate_limit
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.services import services_of
from functions.api.settings import Settings
from functions.api.trial.views import AT_ONCE
from standalone.servers import Servers
from tests.conftest import ROOT, free_port, is_ready, serving, until
from tests.integration.connector_rig import Behaviour, FunctionServer
from tests.integration.delivery import some_log
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import Person, arrive, somewhere

pytestmark = pytest.mark.stack

TRY: Final = "/api/v1/try"
NAME: Final = "DCM62v2_20250203_of_somebody.csv"
RESULT: Final = orjson.dumps({"analysis": {}, "series": {}})
BUSY: Final = "The service is busy at the moment. Please try again in a few seconds."


@contextmanager
def api_with(settings: Settings, url: str | None) -> Iterator[Flask]:
    """Yield the API with this address of `analyse`."""
    app = create_app(settings.model_copy(update={"analyse_url": url}))
    yield app
    services_of(app).database.close()


@pytest.fixture(scope="module")
def analysing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionProcess]:
    """Yield the function `analyse`; its object store does not exist."""
    folder = tmp_path_factory.mktemp("analyse")
    with function_process(folder, ROOT, "functions.analyse.handler:create_app()") as process:
        yield process


@pytest.fixture(scope="module")
def app(api_settings: Settings, analysing: FunctionProcess) -> Iterator[Flask]:
    """Yield the API with that function."""
    with api_with(api_settings, analysing.url) as made:
        yield made


@pytest.fixture
def with_stand_in(api_settings: Settings, function: FunctionServer) -> Iterator[Flask]:
    """Yield the API with a function that answers as the test says."""
    function.answer = lambda _: Behaviour(body=RESULT)
    with api_with(api_settings, function.url) as made:
        yield made


def send(app: Flask, content: bytes, name: str = NAME, address: str = "", **headers: str) -> TestResponse:
    """Try a log, from an address that no test has used unless one is given."""
    given = {"X-Real-Ip": address or somewhere()} | {key.replace("_", "-"): value for key, value in headers.items()}
    head = f'--B0undary\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + b"\r\n--B0undary--\r\n"
    client = app.test_client(use_cookies=False)
    return client.post(TRY, data=body, content_type="multipart/form-data; boundary=B0undary", headers=given)


def test_the_answer_is_what_an_upload_of_the_file_shows(app: Flask) -> None:
    raw, _ = synthetic.day(6, regen="complete", minutes=20)
    answer = send(app, raw)
    assert answer.status_code == 200, answer.text
    call = DirectCall.for_file(NAME)
    reading = read(raw, call.day)
    expected = {"analysis": analyse(reading, call.profile), "series": series(reading)}
    assert answer.get_json() == json.loads(orjson.dumps(expected, option=orjson.OPT_SERIALIZE_NUMPY))
    assert answer.get_json()["analysis"]["quality"]["profile"] == "DCM62v2"
    assert answer.headers["Cache-Control"] == "no-store"
    packed = send(app, raw, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == answer.get_json()


def contents(database: Database, app: Flask) -> dict[str, Any]:
    """Return everything the API could have written to: each table but the rate limit's, and the bucket."""
    with database.worker() as connection:
        tables = [row["name"] for row in connection.execute("SELECT relname AS name FROM pg_stat_user_tables")]
        rows = {
            table: connection.execute(
                f"SELECT count(*) AS n, max(xmin::text::bigint) AS newest FROM {table}"
            ).fetchone()
            for table in tables
            if table not in ("brake", "alembic_version")
        }
    return rows | {"bucket": sorted(services_of(app).direct_blobs.list(""))}


def test_nothing_of_it_is_stored_or_logged(
    app: Flask, database: Database, analysing: FunctionProcess, caplog: pytest.LogCaptureFixture
) -> None:
    raw, _ = synthetic.day(7, minutes=10)
    caplog.set_level(logging.DEBUG)
    address = somewhere()
    before = contents(database, app)
    said = analysing.log.read_text()
    assert send(app, raw, address=address).status_code == 200
    assert send(app, b"Date;Time;Speed\nno;log;somebody\n", address=address).status_code == 422
    assert contents(database, app) == before
    with database.worker() as connection:
        key = sha256("\0".join(("trial", address)).encode()).digest()
        kept = connection.execute("SELECT * FROM brake WHERE key = %s", [key]).fetchone()
        running = sha256("\0".join(("trial running", address)).encode()).digest()
        assert connection.execute("SELECT 1 FROM brake WHERE key = %s", [running]).fetchone() is None
    assert kept
    assert kept["failures"] == 2
    lines = "\n".join(JsonFormatter().format(record) for record in caplog.records)
    lines += analysing.log.read_text().removeprefix(said)
    assert '"event":"trial"' in lines
    for private in ("somebody", address, raw.splitlines()[1].decode("latin-1")):
        assert private not in lines


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", NAME, 400, "UPLOAD_EMPTY"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), NAME, 400, "NOT_TEXT"),
        (b"1;2;3\n", NAME, 400, "HEADER_EXPECTED"),
        (b"GPS Time, Device Time, Longitude, Latitude\n", NAME, 400, "OTHER_APP"),
        (b"Date;Time;Speed\n1;2;3\n", NAME, 422, "NO_VALID_TIME"),
        (b"Date;Speed\n1;2\n", NAME, 422, "COLUMN_MISSING"),
        (some_log(), "logs.zip", 400, "CSV_EXPECTED"),
        (some_log(), "photo.jpg", 400, "CSV_EXPECTED"),
        (b"1" * (MAX_LOG_BYTES + 1), NAME, 413, "UPLOAD_TOO_LARGE"),
    ],
)
def test_a_bad_file_gets_a_sentence(app: Flask, content: bytes, name: str, status: int, code: str) -> None:
    answer = send(app, content, name)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["message"] == message(ErrorCode(code), answer.get_json()["params"])


def test_a_request_without_a_file_gets_a_sentence(app: Flask) -> None:
    answer = app.test_client().post(TRY, json={"file": "x"}, headers={"X-Real-Ip": somewhere()})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "FORM_EXPECTED")


def test_where_it_is_not_offered_the_answer_says_so(api_settings: Settings) -> None:
    with api_with(api_settings, None) as app:
        answer = send(app, some_log())
        assert (answer.status_code, answer.get_json()["code"]) == (404, "TRIAL_NOT_OFFERED")


def test_after_many_an_address_has_to_wait_and_others_do_not(
    with_stand_in: Flask, database: Database, long_waits: None
) -> None:
    del long_waits
    address = somewhere()
    for _ in range(rate_limit.TRIAL.free - 1):
        with database.worker() as connection:
            rate_limit.begin_trial(connection, address)
            rate_limit.end_trial(connection, address)
    assert send(with_stand_in, some_log(), address=address).status_code == 200
    limited = send(with_stand_in, some_log(), address=address)
    assert (limited.status_code, limited.get_json()["code"]) == (429, "RATE_LIMITED")
    assert limited.get_json()["params"] == {"retry_after_sec": int(limited.headers["Retry-After"])}
    assert send(with_stand_in, some_log()).status_code == 200


def test_one_at_a_time_from_an_address_over_all_replicas(with_stand_in: Flask, database: Database) -> None:
    address = somewhere()
    with database.worker() as connection:
        rate_limit.begin_trial(connection, address)  # as another replica does
    second = send(with_stand_in, some_log(), address=address)
    assert (second.status_code, second.get_json()["code"]) == (429, "TRIAL_RUNNING")
    assert int(second.headers["Retry-After"]) == second.get_json()["params"]["retry_after_sec"]
    assert send(with_stand_in, some_log()).status_code == 200
    with database.worker() as connection:  # the other replica was killed, and the lease is over
        connection.execute("UPDATE brake SET blocked_until = now() WHERE blocked_until > now()")
    assert send(with_stand_in, some_log(), address=address).status_code == 200
    assert send(with_stand_in, some_log(), address=address).status_code == 200


def test_a_failed_trial_frees_its_address_and_its_slot(with_stand_in: Flask, function: FunctionServer) -> None:
    address = somewhere()
    function.answer = lambda _: Behaviour(status=503)
    for _ in range(2):
        answer = send(with_stand_in, some_log(), address=address)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
    function.answer = lambda _: Behaviour(body=RESULT)
    assert send(with_stand_in, some_log(), address=address).get_json() == json.loads(RESULT)


def test_a_connection_that_breaks_is_tried_once_more(with_stand_in: Flask, function: FunctionServer) -> None:
    content = some_log()
    function.answer = lambda _: Behaviour(body=RESULT, breaks=len(function.calls) == 1)
    assert send(with_stand_in, content).status_code == 200
    assert [call.body for call in function.calls] == [content, content]
    function.answer = lambda _: Behaviour(breaks=True)
    assert send(with_stand_in, content).status_code == 503


@pytest.mark.parametrize(("status", "body"), [(422, b"no json"), (422, b'{"code": "NEW"}'), (500, b""), (302, b"")])
def test_an_odd_answer_of_the_function_is_a_503(
    with_stand_in: Flask, function: FunctionServer, status: int, body: bytes
) -> None:
    function.answer = lambda _: Behaviour(status=status, body=body, headers={"Location": function.url})
    assert send(with_stand_in, some_log()).status_code == 503
    assert len(function.calls) == 1


@pytest.fixture
def limited(servers: Servers, function: FunctionServer, tmp_path: Path) -> Iterator[str]:
    """Yield the API as gunicorn runs it with the threads of stack.yml, and its address."""
    (api,) = (one for one in stack.read(ROOT / "stack.yml", {}) if one.name == "api")
    port = free_port()
    environment = servers.environment | {
        "FAPLOG_BIND": f"127.0.0.1:{port}",
        "FAPLOG_THREADS": api.environment["FAPLOG_THREADS"],
        "FAPLOG_ANALYSE_URL": function.url,
        "PATH": os.environ["PATH"],
    }
    command = ["-m", "faplog.serve", "functions.api.handler:create_app()"]
    with (tmp_path / "api.log").open("wb") as output:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    with serving(process, lambda: _answers(url), "the function answers"):
        yield url


def _answers(url: str) -> bool:
    try:
        return is_ready(httpx.get(f"{url}/api/v1/health/readiness").json())
    except httpx.TransportError:
        return False


def test_thirty_at_once_give_way_to_uploads(limited: str, function: FunctionServer, api_app: Flask) -> None:
    person: Person = arrive(api_app)
    gate = threading.Event()
    function.answer = lambda _: Behaviour(body=RESULT, wait=gate)
    answers: list[httpx.Response] = []

    def attempt(address: str) -> None:
        files = {"file": (NAME, some_log())}
        answers.append(httpx.post(limited + TRY, files=files, headers={"X-Real-Ip": address}, timeout=300))

    with ThreadPoolExecutor(30) as pool:
        for _ in range(30):
            pool.submit(attempt, somewhere())
        until(lambda: len(answers) == 30 - AT_ONCE, what="what is too much was refused")
        headers = {"Authorization": f"Bearer {person.access_token}"}
        uploads = [
            httpx.post(f"{limited}/api/v1/analyses", files={"file": (NAME, some_log())}, headers=headers, timeout=300)
            for _ in range(5)
        ]
        assert {answer.status_code for answer in uploads} == {202}
        assert len(answers) == 30 - AT_ONCE  # so no upload waited for a trial
        assert {(answer.status_code, answer.json()["message"]) for answer in answers} == {(503, BUSY)}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        gate.set()
    assert sorted(answer.status_code for answer in answers) == [200] * AT_ONCE + [503] * (30 - AT_ONCE)
    assert function.most_at_once == AT_ONCE


def test_an_upload_wakes_the_function_before_its_file_has_arrived(
    limited: str, function: FunctionServer, api_app: Flask
) -> None:
    person: Person = arrive(api_app)
    request = httpx.Request("POST", f"{limited}/api/v1/analyses", files={"file": (NAME, some_log())})
    content = request.read()

    def slowly() -> Iterator[bytes]:
        yield content[:1000]
        until(lambda: function.health_checks, what="the function is asked for its health")
        yield content[1000:]

    headers = {
        "Authorization": f"Bearer {person.access_token}",
        "Content-Type": request.headers["Content-Type"],
        "Content-Length": str(len(content)),
    }
    refused = httpx.post(f"{limited}/api/v1/analyses", content=content, headers=headers | {"Authorization": "Bearer x"})
    assert (refused.status_code, function.health_checks) == (401, 0)  # strangers wake nothing
    answer = httpx.post(f"{limited}/api/v1/analyses", content=slowly(), headers=headers, timeout=300)
    assert answer.status_code == 202
    assert function.health_checks == 1
    assert function.calls == []
