"""Telemetry: nothing at all without an endpoint; with one, everything arrives, also what was in memory at the end."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from faplog import bus
from faplog.metrics import METRICS
from faplog.routes import Route
from faplog.version import VERSION
from tests.conftest import ROOT, until
from tests.integration.connector_rig import Behaviour, Connector, function_server, nats_server
from tests.integration.function_process import SECRET, function_process
from tests.otlp_sink import Sink, otlp_sink

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
ENTRY = "functions.analyse.handler:create_app()"
MESSAGE = json.dumps({"pattern": "analysis.request", "data": {"fileName": str(uuid4())}}).encode()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


@pytest.mark.parametrize(
    ("module", "variables"),
    [
        *((f"functions.{name}.handler", {}) for name in ("analyse", "average", "api")),
        ("connector.service", {}),
        ("connector.service", {"OTEL_TRACES_EXPORTER": "console"}),
        ("connector.service", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": " True"}),
    ],
)
def test_without_an_endpoint_nothing_of_opentelemetry_is_imported(module: str, variables: dict[str, str]) -> None:
    program = (
        f"import {module}, sys; from faplog import logs, telemetry; from flask import Flask\n"
        "logs.setup(); telemetry.setup('x'); telemetry.instrument(Flask('x'), database=True)\n"
        "with telemetry.span('x', parent='y'): telemetry.count('faplog.uploads'); telemetry.traceparent()\n"
        "telemetry.shutdown()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")} | variables
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("opted", ["", "http", "http/dup"])
def test_a_functions_spans_logs_and_numbers_arrive_and_the_last_of_them_at_sigterm(
    tmp_path: Path, sink: Sink, opted: str
) -> None:
    patient = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
        "OTEL_BSP_SCHEDULE_DELAY": "100000",
        "OTEL_SEMCONV_STABILITY_OPT_IN": opted,
    }
    with function_process(tmp_path, ROOT, ENTRY, **patient) as function:
        status, _ = function.post(MESSAGE, X_Topic="analysis.request", X_Connector_Secret=SECRET, traceparent=PARENT)
        assert status == 503  # its object store is away, which it logs
        status, _ = function.post(b"no log", Content_Type="text/csv")
        assert status == 422
        urllib.request.urlopen(f"{function.url}/health?q=a%20name").close()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{function.url}/nothing?q=a-persons-file")
        refused.value.close()
        assert not sink.spans, "still in memory"
        assert function.terminate() == 0

    spans = {(span.name, span.trace_id.hex()): span for _, span in sink.spans}
    request = spans["POST /", TRACE_ID]
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert spans["analyse", TRACE_ID].parent_span_id == request.span_id
    assert {service for service, _ in sink.spans} == {"analyse"}
    assert not [span.name for _, span in sink.spans if "health" in span.name], "probes are no news"

    kept = [str(span) for _, span in sink.spans]
    assert not [span for span in kept if "persons" in span or "Python-urllib" in span or "127.0.0.1" in span]

    (event,) = [record for _, record in sink.logs if record.body.string_value == "part away"]
    assert event.trace_id.hex() == TRACE_ID
    assert "object store" in next(pair.value.string_value for pair in event.attributes if pair.key == "reason")
    line = next(line for line in function.log.read_text().splitlines() if '"part away"' in line)
    assert json.loads(line)["trace_id"] == TRACE_ID


PROGRAM = """
import logging
from flask import Flask
from faplog import logs, telemetry
logs.setup()
telemetry.setup("x")
app = Flask("x")
telemetry.instrument(app)
app.add_url_rule("/logs", "logs", lambda: "ok")
app.add_url_rule("/quiet", "quiet", lambda: "ok")
client = app.test_client()
client.get("/logs", headers={"User-Agent": "a-person"})
client.get("/quiet")
telemetry.count("faplog.uploads")
logging.getLogger("x").warning("an event")
telemetry.shutdown()
print("served")
"""


def served(**variables: str) -> str:
    """Return what a program with these variables writes that serves two requests, counts, logs and ends."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")} | variables
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("served\n")
    return done.stdout + done.stderr


def arrived(sink: Sink) -> set[str]:
    """Return the signals of which something arrived."""
    signals = {"TRACES": sink.spans, "METRICS": sink.metrics, "LOGS": sink.logs}
    return {name for name, taken in signals.items() if taken}


def test_the_standard_variables_say_who_sends_and_what(sink: Sink) -> None:
    served(
        OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint,
        OTEL_SERVICE_NAME="garage",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=home,service.name=unused",
        OTEL_PYTHON_EXCLUDED_URLS="quiet",
    )
    assert [span.name for _, span in sink.spans] == ["GET /logs"]
    assert arrived(sink) == {"TRACES", "METRICS", "LOGS"}
    ours = {"service.name": "garage", "service.namespace": "faplog", "service.version": VERSION}
    assert len(sink.resources) == 3
    for resource in sink.resources:
        assert resource.items() >= (ours | {"deployment.environment.name": "home"}).items()


def test_without_them_a_service_has_its_own_name(sink: Sink) -> None:
    served(OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint, OTEL_SERVICE_NAME="", OTEL_TRACES_EXPORTER="")
    assert {resource["service.name"] for resource in sink.resources} == {"x"}
    assert arrived(sink) == {"TRACES", "METRICS", "LOGS"}


@pytest.mark.parametrize(
    ("variables", "signals"),
    [
        ({"OTEL_METRICS_EXPORTER": "none"}, {"TRACES", "LOGS"}),
        ({"OTEL_LOGS_EXPORTER": "none"}, {"TRACES", "METRICS"}),
        ({"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}, {"METRICS", "LOGS"}),
        ({"OTEL_TRACES_SAMPLER": "always_off", "OTEL_METRICS_EXPORTER": "console"}, {"LOGS"}),
        ({"OTEL_SDK_DISABLED": "true"}, set()),
    ],
)
def test_they_turn_signals_off(sink: Sink, variables: dict[str, str], signals: set[str]) -> None:
    served(OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint, **variables)
    assert arrived(sink) == signals


@pytest.mark.parametrize("signal", ["TRACES", "METRICS", "LOGS"])
def test_an_endpoint_for_one_signal_exports_that_one(sink: Sink, signal: str) -> None:
    said = served(**{f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT": f"{sink.endpoint}/v1/{signal.lower()}"})
    assert arrived(sink) == {signal}
    assert "export" not in said, "the others do not try"


def test_every_exporter_gets_only_what_may_leave(sink: Sink) -> None:
    said = served(
        OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint,
        OTEL_TRACES_EXPORTER="console,otlp",
        OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED="true",
    )
    assert '"name": "GET /logs"' in said
    assert "a-person" not in said
    assert len(sink.spans) == 2
    assert [record.body.string_value for _, record in sink.logs] == ["an event"], "once, by our own handler"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "nowhere"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_CONFIG_FILE", "/dev/null"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-1"),
    ],
)
def test_what_is_not_available_is_logged_and_stops_nothing(sink: Sink, variable: str, value: str) -> None:
    said = served(OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint, **{variable: value})
    (line,) = [json.loads(line) for line in said.splitlines() if "telemetry is off" in line]
    assert line["level"] == "error"
    assert "LOGS" not in arrived(sink)


def test_a_collector_that_does_not_answer_keeps_neither_a_request_nor_the_end_waiting(tmp_path: Path) -> None:
    """It is connected to and told everything, and never says a word: who waited for one would wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with function_process(tmp_path, ROOT, ENTRY, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as function:
            assert function.post(b"no log", Content_Type="text/csv")[0] == 422
            assert function.terminate() == 0
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(4).startswith(b"POST")


def test_the_trace_goes_on_through_the_connector(tmp_path: Path, sink: Sink) -> None:
    with nats_server(tmp_path) as server, function_server() as function:
        function.answer = lambda _: Behaviour(body=b"{}")
        route = Route(function="analyse", url=function.url, topic="analysis.request", reply_topic="analysis.result")
        with Connector(tmp_path, server, [route], OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint) as connector:
            server.publish("analysis.request", b"{}", headers={bus.HEADER_TRACEPARENT: PARENT})
            ((_, headers),) = until(lambda: server.messages("analysis.result"), what="a reply")
            until(lambda: not server.messages("analysis.request"), what="the request is acked")
            assert connector.kill(signal.SIGTERM) == 0
    (span,) = [span for service, span in sink.spans if service == "connector"]
    assert span.name == "deliver analysis.request"
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE_ID, "b7ad6b7169203331")
    onwards = f"00-{TRACE_ID}-{span.span_id.hex()}-01"
    assert headers[bus.HEADER_TRACEPARENT] == onwards
    assert function.calls[0].headers["traceparent"] == onwards
    names = {metric.name for _, metric in sink.metrics}
    assert {"faplog.connector.deliveries", "faplog.connector.request"} <= names
    assert names <= set(METRICS), "only what the free plan was counted for"
    points = next(m for _, m in sink.metrics if m.name == "faplog.connector.deliveries").sum.data_points
    assert [{pair.key: pair.value.string_value for pair in point.attributes} for point in points] == [
        {"function": "analyse", "outcome": "done"}
    ]
