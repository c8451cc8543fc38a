"""No API token is in a span, a log record or a line of a process, wherever a client puts it."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from flask import Flask

from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import arrive
from tests.otlp_sink import otlp_sink

TOKENS = "/api/v1/account/tokens"


def asked(
    process: FunctionProcess, bearer: str, address: str, method: str = "GET", body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and body of an answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    request = urllib.request.Request(process.url + address, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_no_api_token_gets_into_telemetry_or_logs(api_app: Flask, servers: Servers, tmp_path: Path) -> None:
    owner = arrive(api_app)
    with otlp_sink() as sink:
        told = dict(servers.environment) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup",  # the old names of attributes and the new ones
            "FAPLOG_LOG_LEVEL": "DEBUG",
            "FAPLOG_FUNCTION_NAME": "api",
        }
        with function_process(tmp_path, ROOT, "functions.api.handler:create_app()", **told) as process:
            wanted = {"name": "a script", "scopes": ["read"]}
            status, made = asked(process, owner.access_token, TOKENS, "POST", wanted)
            assert status == 201
            token = made["token"]
            assert asked(process, token, "/api/v1/analyses")[0] == 200
            assert asked(process, token, "/api/v1/analyses", "POST")[0] == 403
            assert asked(process, token, "/api/v1/account", "DELETE")[0] == 403
            # where no client should put one
            assert asked(process, token, f"/api/v1/analyses?token={token}")[0] == 400
            assert asked(process, token, f"/api/v1/analyses/{token}")[0] == 404
            assert asked(process, token, f"/{token}")[0] == 404
            assert asked(process, owner.access_token, TOKENS, "POST", wanted | {token: token})[0] == 400
            assert asked(process, owner.access_token, f"{TOKENS}/{made['id']}", "DELETE")[0] == 204
            assert asked(process, token, "/api/v1/analyses")[0] == 401
            assert process.terminate() == 0

    secret = token.removeprefix("faplog_")
    told_of = str([*sink.spans, *sink.logs])
    names = {span.name for _, span in sink.spans}
    assert {"GET /api/v1/analyses", "POST /api/v1/account/tokens", "GET /api/v1/analyses/faplog_…"} <= names
    assert "API token created" in told_of, "what happened is told"
    assert secret not in told_of
    lines = process.log.read_text()
    assert "API token revoked" in lines
    assert secret not in lines
