"""The function `average` on the real object store, with its own key."""

import json
from collections.abc import Iterator
from uuid import uuid4

import orjson
import pytest
from flask.testing import FlaskClient

from faplog.blobs import Blobs
from faplog.contracts.keys import average_request_key, average_result_key
from faplog.contracts.messages import HEADER_SECRET
from functions.average.handler import create_app
from standalone.servers import Servers

pytestmark = pytest.mark.stack

SHA = "0f" * 32


@pytest.fixture(scope="module")
def client(servers: Servers) -> Iterator[FlaskClient]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environment.items():
            patch.setenv(name, value)
        yield create_app().test_client()


def test_a_long_list_is_read_and_a_large_result_written(
    client: FlaskClient, api_blobs: Blobs, servers: Servers
) -> None:
    user = uuid4()
    items = [
        {"analysisId": str(uuid4()), "analysis": {"overall": {"date": {"date": "2025-03-14"}, "distance_km": 0.5}}}
        for _ in range(2000)
    ]
    reference = average_request_key(user, SHA)
    api_blobs.put(reference, b"[" + b",\n".join(orjson.dumps(item) for item in items) + b"]")
    message = {
        "pattern": "average.request",
        "data": {"userId": str(user), "analysisSha": SHA, "analysisRef": reference},
    }
    secret = (servers.secrets / "faplog-connector-secret").read_text("utf-8").strip()
    answer = client.post("/", data=orjson.dumps(message), headers={HEADER_SECRET: secret})
    result = json.loads(answer.data)
    assert (answer.status_code, result["status"], result["average"]) == (200, "SUCCESS", None)
    assert result["averageRef"] == average_result_key(user, SHA)
    stored = api_blobs.get(result["averageRef"])
    assert stored is not None
    assert json.loads(stored)["overall"]["distance_km"] == 1000.0
