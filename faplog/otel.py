"""The OpenTelemetry SDK, set up by opentelemetry-distro from the standard `OTEL_…` variables.

Imported by faplog.telemetry only, and only where an endpoint is set. This module adds faplog's
defaults, and limits which parts of a span or a log event may leave the process.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote, urlsplit

from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.distro import OpenTelemetryConfigurator, OpenTelemetryDistro
from opentelemetry.metrics import Counter, Histogram, NoOpMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from faplog.contracts.links import without_tokens
from faplog.log_fields import extra_fields, without_values
from faplog.metrics import METRICS
from faplog.version import VERSION

if TYPE_CHECKING:
    from flask import Flask
    from opentelemetry.metrics import _Gauge

EXPORT_TIMEOUT_SEC: Final = 3
"""Default for `OTEL_EXPORTER_OTLP_TIMEOUT`: an export that takes longer is given up."""

SHUTDOWN_TIMEOUT_SEC: Final = EXPORT_TIMEOUT_SEC + 1
"""A collector that does not answer holds up a process that ends for no longer than this."""

SECONDS_BUCKETS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
PROBES: Final = r"/health($|[/?])"

KEPT_ATTRIBUTES: Final = frozenset(
    {
        *("http.method", "http.request.method", "http.scheme", "url.scheme", "http.route"),
        *("http.status_code", "http.response.status_code", "http.flavor", "network.protocol.version", "error.type"),
        *("db.system", "db.system.name", "db.name", "db.namespace", "db.statement", "db.query.text"),
    }
)
"""The attributes of a span that leave the process. The set that an instrumentation writes depends on its release and on
OTEL_SEMCONV_STABILITY_OPT_IN, and many hold personal data."""
PATH_ATTRIBUTES: Final = frozenset({"http.target", "url.path"})
"""Attributes that are reduced to a path: without the query string and the token of a link."""

_SEVERITY: Final = {
    logging.DEBUG: SeverityNumber.DEBUG,
    logging.INFO: SeverityNumber.INFO,
    logging.WARNING: SeverityNumber.WARN,
    logging.ERROR: SeverityNumber.ERROR,
    logging.CRITICAL: SeverityNumber.FATAL,
}


def _set_defaults() -> None:
    """Set the variables that have another default here than in opentelemetry-distro.

    A signal without an endpoint is not exported. The exporter for gRPC is in no image. An empty variable counts as
    unset, as the specification says.
    """
    given = os.environ
    for name in [name for name, value in given.items() if name.startswith("OTEL_") and not value.strip()]:
        del given[name]
    for signal in ("TRACES", "METRICS", "LOGS"):
        if not given.keys() & {"OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"}:
            given.setdefault(f"OTEL_{signal}_EXPORTER", "none")
    given.setdefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    given.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", str(EXPORT_TIMEOUT_SEC))


def _configure(service: str) -> None:
    """Let the distro make the providers of traces, metrics and logs.

    Raises:
        RuntimeError: A variable names an exporter or another part that is not installed, or asks for a
            configuration file, which would leave out the allow list for spans.
        ValueError: The sizes or the interval of a batch do not fit together.
    """
    _set_defaults()
    if "OTEL_CONFIG_FILE" in os.environ:
        raise RuntimeError("OTEL_CONFIG_FILE is not supported")
    OpenTelemetryDistro().configure()  # sets the exporters that no variable names
    ours = {"service.name": service, "service.namespace": "faplog", "service.version": VERSION}
    OpenTelemetryConfigurator().configure(  # type: ignore[no-untyped-call]
        resource_attributes={**ours, **OTELResourceDetector().detect().attributes},  # code would win over variables
        export_span_processor=lambda exporter: BatchSpanProcessor(Impersonal(exporter)),
        setup_logging_handler=False,
    )


class Exporting:
    """The exporters of this process; made after its last fork, ended by `shutdown`.

    A process that ends without `shutdown` is flushed by the providers themselves, one after the other.
    """

    def __init__(self, service: str) -> None:
        _configure(service)
        self._traces = cast(TracerProvider, trace.get_tracer_provider())
        self._metrics = cast(MeterProvider, metrics.get_meter_provider())
        self._logs = cast(LoggerProvider, _logs.get_logger_provider())
        self._tracer = trace.get_tracer("faplog", VERSION)
        meter = metrics.get_meter("faplog", VERSION)

        @cache
        def counter(name: str) -> Counter:
            unit, meaning = METRICS[name]
            return meter.create_counter(name, unit, meaning)

        @cache
        def histogram(name: str) -> Histogram:
            unit, meaning = METRICS[name]
            return meter.create_histogram(
                name, unit, meaning, explicit_bucket_boundaries_advisory=list(SECONDS_BUCKETS)
            )

        @cache
        def gauge(name: str) -> "_Gauge":
            unit, meaning = METRICS[name]
            return meter.create_gauge(name, unit, meaning)

        self.counter, self.histogram, self.gauge = counter, histogram, gauge

        self._handler = _Handler(self._logs)
        logging.getLogger().addHandler(self._handler)

    def shutdown(self) -> None:
        """Flush and end the three, side by side: a collector that does not answer costs its time-out once."""
        logging.getLogger().removeHandler(self._handler)
        ends = (
            self._traces.shutdown,
            self._logs.shutdown,
            lambda: self._metrics.shutdown(EXPORT_TIMEOUT_SEC * 1000),
        )
        ending = [Thread(target=end, daemon=True) for end in ends]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(SHUTDOWN_TIMEOUT_SEC)

    def traceparent(self) -> str | None:
        """Return the current span in W3C form, or None without one."""
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier.get("traceparent")

    def trace_fields(self) -> dict[str, str]:
        """Return the ids of the current span; empty without one."""
        context = trace.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}

    def span(
        self, name: str, parent: str | None, kind: str, attributes: Mapping[str, Any]
    ) -> AbstractContextManager[object]:
        """Return a context manager for a span that is current inside the block, and failed if the block raises.

        Where the current span already is of the parent's trace, it is the nearer parent: a message says who asked
        first, a request's header who asked last.
        """
        context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
        current = trace.get_current_span().get_span_context()
        if context and current.trace_id == trace.get_current_span(context).get_span_context().trace_id:
            context = None
        return self._tracer.start_as_current_span(
            name, context, kind=trace.SpanKind[kind.upper()], attributes=dict(attributes)
        )


def instrument(app: "Flask", *, database: bool) -> None:
    """Trace requests and, with `database`, SQL. The metrics of the instrumentations stay off: ours are enough."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    asked = os.environ.get("OTEL_PYTHON_FLASK_EXCLUDED_URLS") or os.environ.get("OTEL_PYTHON_EXCLUDED_URLS")
    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
        app, excluded_urls=",".join(filter(None, (PROBES, asked))), meter_provider=NoOpMeterProvider()
    )
    if database:
        from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor

        instrumentor = PsycopgInstrumentor()
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument()


class Impersonal(SpanExporter):
    """Exporter that hands on only what the allow list names of each span, so that nothing personal leaves."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the spans, reduced."""
        return self._exporter.export([_impersonal(span) for span in spans])

    def shutdown(self) -> None:
        """End the exporter behind this one."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the exporter behind this one."""
        return self._exporter.force_flush(timeout_millis)


def _impersonal(span: ReadableSpan) -> ReadableSpan:
    attributes = {key: value for key, value in (span.attributes or {}).items() if key in KEPT_ATTRIBUTES}
    for key in PATH_ATTRIBUTES & (span.attributes or {}).keys():
        attributes[key] = _path(str((span.attributes or {})[key]))
    return ReadableSpan(
        name=without_tokens(span.name),  # for an unknown address the name is the address
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=[_without_message(event) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),  # the description is the message of an exception
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_message(event: Event) -> Event:
    """Return the event with the type of its exception; messages quote values, and the log has the traceback."""
    attributes = {key: value for key, value in (event.attributes or {}).items() if key == "exception.type"}
    return Event(event.name, attributes, event.timestamp)


def _path(target: str) -> str:
    """Return the path of a request's target; empty where it cannot be read."""
    try:
        return without_tokens(unquote(urlsplit(target).path))
    except ValueError:
        return ""


class _Handler(logging.Handler):
    """Log events as OTLP records with the trace they belong to, without those of the exporters themselves."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._logger = provider.get_logger("faplog", VERSION)
        self.addFilter(lambda record: not record.name.startswith(("opentelemetry", "urllib3", "requests")))

    def emit(self, record: logging.LogRecord) -> None:
        attributes = {key: _attribute(value) for key, value in extra_fields(record).items()}
        attributes["logger"] = record.name
        if record.exc_info and record.exc_info[0]:
            attributes["exception.type"] = record.exc_info[0].__name__
            attributes["exception.stacktrace"] = without_tokens(
                without_values(logging.Formatter().formatException(record.exc_info))
            )
        self._logger.emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                observed_timestamp=time.time_ns(),
                severity_text=record.levelname,
                severity_number=_SEVERITY.get(record.levelno, SeverityNumber.UNSPECIFIED),
                body=without_tokens(record.getMessage()),
                attributes=attributes,
            )
        )


def _attribute(value: object) -> str | int | float | bool:
    return value if isinstance(value, (int, float, bool)) else without_tokens(str(value))
