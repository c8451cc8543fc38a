"""What opens a report is in no span, no log record and no line of a process: tokens are part of addresses."""

import urllib.error
import urllib.request
from pathlib import Path

from flask import Flask

from functions.api.services import services_of
from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import arrive
from tests.integration.uploading import log, succeed, upload
from tests.otlp_sink import otlp_sink


def asked(process: FunctionProcess, address: str, method: str = "GET", token: str = "") -> int:
    """Return the status of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(process.url + address, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_no_token_gets_into_telemetry_or_logs(api_app: Flask, servers: Servers, tmp_path: Path) -> None:
    owner = arrive(api_app)
    shared = upload(owner, log())
    succeed(services_of(api_app).database, shared)
    token = owner.call("POST", f"/api/v1/analyses/{shared}/share").get_json()["token"]
    old = f"/api/v1/shared/{token}"

    with otlp_sink() as sink:
        told = dict(servers.environment) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup",  # the old names of attributes and the new ones
            "FAPLOG_LOG_LEVEL": "DEBUG",
            "FAPLOG_FUNCTION_NAME": "api",
        }
        with function_process(tmp_path, ROOT, "functions.api.handler:create_app()", **told) as process:
            assert asked(process, "/api/v1/shared", token=token) == 200
            assert asked(process, "/api/v1/shared/series", token=token) == 404, "it has none"
            assert asked(process, old) == 200
            assert asked(process, f"{old}/series") == 404, "it has none"
            assert asked(process, f"{old}/file") == 404
            assert asked(process, old, "POST") == 405
            assert process.terminate() == 0

    spans = [span for _, span in sink.spans if "shared" in str(span)]
    for name in ("http.target", "url.path"):
        told_of = {pair.value.string_value for span in spans for pair in span.attributes if pair.key == name}
        assert told_of == {
            "/api/v1/shared",
            "/api/v1/shared/series",
            "/api/v1/shared/…",
            "/api/v1/shared/…/series",
            "/api/v1/shared/…/file",
        }
    assert {span.name for span in spans} == {
        "GET /api/v1/shared",
        "GET /api/v1/shared/series",
        "GET /api/v1/shared/<token>",
        "GET /api/v1/shared/<token>/series",
        "GET /api/v1/shared/…/file",
        "POST /api/v1/shared/…",
    }
    assert token not in str([*sink.spans, *sink.logs])
    assert token not in process.log.read_text()
