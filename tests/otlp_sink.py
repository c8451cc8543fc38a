"""A collector for tests: takes OTLP over HTTP and keeps it, so that a test can ask what arrived."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

KINDS: dict[str, type[Message]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class Sink:
    """What arrived, with the name of the service that sent it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.spans: list[tuple[str, Span]] = []
        self.metrics: list[tuple[str, Metric]] = []
        self.logs: list[tuple[str, LogRecord]] = []
        self.resources: list[dict[str, str]] = []

    def take(self, request: Message) -> None:
        """Keep the parts of one export."""
        if isinstance(request, ExportTraceServiceRequest):
            self.resources += [attributes(spans.resource) for spans in request.resource_spans]
            for spans in request.resource_spans:
                self.spans += [(service(spans.resource), s) for scope in spans.scope_spans for s in scope.spans]
        elif isinstance(request, ExportMetricsServiceRequest):
            self.resources += [attributes(metrics.resource) for metrics in request.resource_metrics]
            for metrics in request.resource_metrics:
                self.metrics += [
                    (service(metrics.resource), m) for scope in metrics.scope_metrics for m in scope.metrics
                ]
        elif isinstance(request, ExportLogsServiceRequest):
            self.resources += [attributes(logs.resource) for logs in request.resource_logs]
            for logs in request.resource_logs:
                self.logs += [(service(logs.resource), r) for scope in logs.scope_logs for r in scope.log_records]


def attributes(resource: Resource) -> dict[str, str]:
    """Return the attributes of a resource that are text."""
    return {pair.key: pair.value.string_value for pair in resource.attributes}


def service(resource: Resource) -> str:
    """Return the service a resource names."""
    return attributes(resource)["service.name"]


@contextmanager
def otlp_sink() -> Iterator[Sink]:
    """Yield a sink that listens until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            request = KINDS[self.path]()
            request.ParseFromString(body)
            sink.take(request)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink = Sink(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            server.shutdown()
            thread.join()
