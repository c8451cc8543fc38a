"""`average` as a guest of `analyse`: one process as on Knative, the real connector, broker and object store."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from faplog import routes, stack, synthetic
from faplog.blobs import Blobs
from faplog.contracts import keys
from faplog.contracts.comparison import COMPARISON
from faplog.contracts.messages import HEADER_SECRET, AnalysisStatus
from standalone.servers import Servers
from tests.conftest import ROOT, until
from tests.integration.connector_rig import SECRET, Connector, NatsServer
from tests.integration.function_process import FunctionProcess, function_process, image_layout

pytestmark = pytest.mark.stack

LOGS = 3
S3_KEYS = [f"faplog-{function}-s3-{half}-key" for function in ("analyse", "average") for half in ("access", "secret")]


@pytest.fixture(scope="module")
def host(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionProcess]:
    """Yield the process of the image of `analyse`, which answers for `average`, too."""
    folder = tmp_path_factory.mktemp("host")
    secrets = folder / "own"
    secrets.mkdir()
    (secrets / "faplog-connector-secret").write_text(SECRET)
    for name in S3_KEYS:
        shutil.copy(servers.secrets / name, secrets / name)
    given = servers.environment | {"FAPLOG_SECRETS_DIR": str(secrets), "FAPLOG_GUESTS": "average"}
    with (
        image_layout(folder, "analyse", guests=("average",)) as home,
        function_process(folder, home, "function.handler:create_app()", **given) as process,
    ):
        yield process


def knative_routes(url: str) -> list[routes.Route]:
    """Return the connector's routes to `analyse` and its guest as on Knative, where `analyse` has this address."""
    functions = stack.read(ROOT / "stack.yml", {})
    found = routes.from_stack(functions, url + "/", guests=True)
    return [route for route in found if route.function != "api"]


def answers(server: NatsServer, subject: str, count: int) -> list[dict[str, Any]]:
    until(lambda: len(server.messages(subject)) >= count, what=f"{count} of {subject}")
    return [json.loads(payload) for payload, _ in server.messages(subject)]


def test_the_messages_of_both_functions_are_answered_by_one_process(
    tmp_path: Path, server: NatsServer, host: FunctionProcess, api_blobs: Blobs
) -> None:
    user = uuid4()
    logs = {uuid4(): content for content, _ in synthetic.month(LOGS)}
    for log_id, content in logs.items():
        api_blobs.put(keys.log_key(log_id), content)
    with Connector(tmp_path, server, knative_routes(host.url)):
        for log_id in logs:
            data = {"fileName": str(log_id), "userId": str(user)}
            server.publish("analysis.request", orjson.dumps({"pattern": "analysis.request", "data": data}))
        analysed = answers(server, "analysis.result", LOGS)
        assert {one["status"] for one in analysed} == {AnalysisStatus.SUCCESS}
        items = [{"analysisId": one["analysisId"], "analysis": one["analysis"]} for one in analysed]
        api_blobs.put(keys.average_request_key(user, "0f" * 32), b"[" + b",\n".join(map(orjson.dumps, items)) + b"]")
        common = {"userId": str(user), "analysisSha": "0f" * 32}
        for way in ({"analysis": items}, {"analysisRef": keys.average_request_key(user, "0f" * 32)}):
            message = {"pattern": "average.request", "data": common | way}
            server.publish("average.request", orjson.dumps(message))
        averaged = answers(server, "average.result", 2)
    assert [one["average"]["overall"]["logs"] for one in averaged] == [LOGS, LOGS]
    assert averaged[0]["average"] == averaged[1]["average"]
    assert not server.dead("analysis.request")
    assert not server.dead("average.request")


@pytest.mark.parametrize("path", ["/", "/average/"])
def test_each_of_them_checks_who_sends(host: FunctionProcess, path: str) -> None:
    message = orjson.dumps({"pattern": "x", "data": {}})
    for secret in ({}, {HEADER_SECRET: "wrong" * 5}):
        answer = httpx.post(host.url + path, content=message, headers={"Content-Type": "application/json", **secret})
        assert answer.status_code == 401, answer.text


def test_a_comparison_is_asked_of_the_guest(host: FunctionProcess) -> None:
    known = {HEADER_SECRET: SECRET, "Content-Type": COMPARISON}
    answer = httpx.post(host.url + "/average/", content=b"{}", headers=known)
    assert (answer.status_code, answer.json()["code"]) == (400, "MESSAGE_INVALID")
    direct = httpx.post(host.url + "/", content=b"no log", headers={"Content-Type": "text/csv"})
    assert direct.status_code == 422


def test_both_answer_for_their_health(host: FunctionProcess) -> None:
    said = {path: httpx.get(host.url + path).status_code for path in ("/health", "/average/health", "/other/health")}
    assert said == {"/health": 200, "/average/health": 200, "/other/health": 404}
