"""The function `analyse` with the real object store and its own key there."""

import gzip
import json
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from faplog import synthetic
from faplog.blobs import Blobs
from faplog.contracts import keys
from faplog.contracts.messages import HEADER_SECRET
from faplog.settings import load
from functions.analyse.handler import create_app
from functions.analyse.settings import Settings
from standalone.servers import Servers
from tests.doorkeeper import Doorkeeper

pytestmark = pytest.mark.stack

REFUSED: Final = 8
"""So many connections of a new pod are refused in the test. Those of a real one were refused for a second or two."""


def secret(servers: Servers, name: str) -> str:
    return (servers.secrets / name).read_text("utf-8").strip()


def test_a_log_from_the_store_comes_back_analysed(
    servers: Servers, api_blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    raw, truth = synthetic.day(6, regen="complete", minutes=40)
    analysis_id = uuid4()
    api_blobs.put(keys.log_key(analysis_id), raw)

    client = create_app(load(Settings)).test_client()
    answer = client.post(
        "/",
        data=json.dumps({"pattern": "analysis.request", "data": {"fileName": str(analysis_id)}}),
        content_type="application/json",
        headers={HEADER_SECRET: secret(servers, "faplog-connector-secret")},
    )

    assert answer.status_code == 200, answer.text
    result = answer.get_json()
    assert (result["status"], result["fapRegen"]) == ("Success", True)
    assert result["distance"] == pytest.approx(truth["distance_km"], rel=0.01)
    series = api_blobs.get(keys.series_key(analysis_id))
    assert series is not None
    assert json.loads(gzip.decompress(series))["regens"]


def test_a_new_pods_first_connections_may_be_refused(
    servers: Servers, api_blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network policies know the address of a new pod late; a log that is given back waits for five seconds."""
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    raw, _ = synthetic.day(7, minutes=10)
    analysis_id = uuid4()
    api_blobs.put(keys.log_key(analysis_id), raw)
    port = urlsplit(servers.s3.endpoint).port
    assert port
    with Doorkeeper(lambda: port, reset_first=REFUSED) as door:
        monkeypatch.setenv("FAPLOG_S3_ENDPOINT", door.url)
        answer = (
            create_app(load(Settings))
            .test_client()
            .post(
                "/",
                data=json.dumps({"pattern": "analysis.request", "data": {"fileName": str(analysis_id)}}),
                content_type="application/json",
                headers={HEADER_SECRET: secret(servers, "faplog-connector-secret")},
            )
        )
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["status"] == "Success"


def test_a_store_that_is_away_is_a_503(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FAPLOG_S3_ENDPOINT", "http://127.0.0.1:9")
    client = create_app(load(Settings)).test_client()
    answer = client.post(
        "/",
        data=json.dumps({"pattern": "analysis.request", "data": {"fileName": str(uuid4())}}),
        content_type="application/json",
        headers={HEADER_SECRET: secret(servers, "faplog-connector-secret")},
    )
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
