"""Whatever a client sends: no 5xx, and no response outside the OpenAPI document.

`FUZZ_SECONDS` is the time schemathesis goes on for, with other requests in every run; `make test` sends a counted
number of them, the same in every run.
"""

import json
import os
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from functions.api.db import Database
from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import Person, arrive
from tests.integration.uploading import log, upload

SECONDS = os.environ.get("FUZZ_SECONDS")
DOCUMENTED: list[str] = [] if SECONDS else ["--phases=examples,coverage"]
"""Every operation, in each way that the document tells, but no sequences of them."""
EXTENT = [f"--max-time={SECONDS}"] if SECONDS else ["--max-examples=5", "--generation-deterministic", "--seed=1"]


@pytest.fixture(scope="module")
def api(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionProcess]:
    """Yield the function `api` as it runs, on the real servers."""
    environment = dict(servers.environment) | {"FAPLOG_FUNCTION_NAME": "api", "FAPLOG_THREADS": "4"}
    entry = "functions.api.handler:create_app()"
    with function_process(tmp_path_factory.mktemp("api"), ROOT, entry, **environment) as process:
        yield process


@pytest.mark.timeout(int(SECONDS or "0") + 600)
def test_no_answer_is_outside_the_document(api: FunctionProcess, tmp_path: Path) -> None:
    """All checks, which is the default. Named as an option they would run where the configuration excepts them, too."""
    done = schemathesis(api, tmp_path, "schemathesis_hooks")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


@pytest.mark.timeout(int(SECONDS or "0") + 600)
def test_a_read_token_finds_no_route_that_writes(
    api: FunctionProcess, api_app: Flask, database: Database, tmp_path: Path
) -> None:
    """Nothing of its owner's is another than before; what it may read it does read."""
    owner = arrive(api_app)
    log_id = upload(owner, log("read by a script"))
    made = owner.call("POST", "/api/v1/account/tokens", json={"name": "x", "scopes": ["read"]}).get_json()
    before = rows_of(database, owner)
    done = schemathesis(
        api,
        tmp_path,
        "schemathesis_read_token",
        "--checks=a_read_token_only_reads,not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_headers_conformance,response_schema_conformance",
        f"--report-har-path={tmp_path / 'calls.json'}",
        *DOCUMENTED,
        FAPLOG_READ_TOKEN=made["token"],
        FAPLOG_TOKEN_ID=made["id"],
        FAPLOG_LOG_ID=str(log_id),
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert rows_of(database, owner) == before
    calls = json.loads((tmp_path / "calls.json").read_text("utf-8"))["log"]["entries"]
    answers = {(call["request"]["method"], call["response"]["status"]) for call in calls}
    assert {("GET", 200), ("POST", 403), ("DELETE", 403)} <= answers


def rows_of(database: Database, owner: Person) -> dict[str, list[dict[str, Any]]]:
    """Return everything stored of a person but two times: a token's last use, and when a log was queued again."""
    found: dict[str, list[dict[str, Any]]] = {}
    with database.worker() as connection:
        tables = connection.execute(
            "SELECT table_name AS name FROM information_schema.columns WHERE column_name = 'user_id'"
        ).fetchall()
        for table in ["users", *(row["name"] for row in tables)]:
            column = "id" if table == "users" else "user_id"
            rows = connection.execute(
                f"SELECT to_jsonb(t) - '{{last_used_at,queued_at}}'::text[] AS row FROM {table} AS t"
                f" WHERE {column} = %s".encode(),
                [owner.id],
            ).fetchall()
            found[table] = sorted((row["row"] for row in rows), key=str)
    assert found["users"], "there is something to compare"
    assert found["fap_analysis"]
    assert found["api_tokens"]
    return found


def schemathesis(
    api: FunctionProcess, folder: Path, hooks: str, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Return a run of schemathesis against the API, with these hooks."""
    return subprocess.run(
        [
            Path(sysconfig.get_path("scripts")) / "schemathesis",
            f"--config-file={Path(__file__).with_name('schemathesis.toml')}",
            "run",
            f"{api.url}/api/v1/openapi.json",
            *EXTENT,
            "--max-failures=20",
            "--continue-on-failure",
            f"--report-dir={folder}",
            *arguments,
        ],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": f"tests.integration.{hooks}", "FAPLOG_API": api.url}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
