"""What of a span leaves the process: an allow list, whatever an instrumentation puts into it."""

from typing import Final

import pytest
from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from faplog.otel import KEPT_ATTRIBUTES, PATH_ATTRIBUTES, Impersonal

PERSON: Final = "person@example.org"
TOKEN: Final = "x" * 43


def exported(name: str = "GET /x", **attributes: str | int) -> ReadableSpan:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Impersonal(kept)))
    names = {key.replace("__", "."): value for key, value in attributes.items()}
    try:
        with provider.get_tracer("x").start_as_current_span(name, kind=SpanKind.SERVER, attributes=names):
            raise ValueError(PERSON)
    except ValueError:
        (span,) = kept.get_finished_spans()
        return span
    raise AssertionError


@pytest.mark.parametrize(
    "name",
    [
        *("url.query", "url.full", "http.url", "client.address", "client.port", "network.peer.address"),
        *("network.peer.port", "net.peer.ip", "net.peer.name", "net.peer.port", "user_agent.original"),
        *("http.user_agent", "http.client_ip", "http.host", "server.address", "enduser.id", "db.statement.parameters"),
        *("http.request.header.cookie", "http.response.header.set_cookie", "of_a_later_release"),
    ],
)
def test_an_attribute_that_is_not_named_does_not_leave(name: str) -> None:
    span = exported(**{name.replace(".", "__"): PERSON, "http__method": "GET"})
    assert dict(span.attributes or {}) == {"http.method": "GET"}
    assert PERSON not in span.to_json()


@pytest.mark.parametrize("name", sorted(PATH_ATTRIBUTES))
@pytest.mark.parametrize(
    ("target", "path"),
    [
        (f"/logs?q={PERSON}", "/logs"),
        (f"http://host/logs?q={PERSON}", "/logs"),
        (f"/api/v1/shared/{TOKEN}/series", "/api/v1/shared/…/series"),
        (f"/api/v1/%73hared/{TOKEN}", "/api/v1/shared/…"),
        (f"http://[{PERSON}", ""),
    ],
)
def test_of_a_target_the_path_is_kept(name: str, target: str, path: str) -> None:
    span = exported(f"GET {target.split('?')[0]}", **{name.replace(".", "__"): target})
    assert (span.attributes or {})[name] == path


def test_of_an_exception_its_type_is_kept() -> None:
    span = exported()
    (event,) = span.events
    assert dict(event.attributes or {}) == {"exception.type": "ValueError"}
    assert span.status.is_ok is False
    assert PERSON not in span.to_json()


@pytest.mark.parametrize("opted", ["", "http", "http/dup", "http,database", "http/dup,database/dup"])
def test_of_a_request_nothing_personal_is_kept_in_any_convention(opted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.instrumentation import _semconv
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", opted)
    monkeypatch.setattr(_semconv._OpenTelemetrySemanticConventionStability, "_initialized", False)
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Impersonal(kept)))
    app = Flask("x")
    app.add_url_rule("/logs", view_func=lambda: "ok")
    FlaskInstrumentor.instrument_app(app, tracer_provider=provider)  # type: ignore[no-untyped-call]
    client = app.test_client()
    client.get(
        f"/logs?q={PERSON}",
        headers={"User-Agent": PERSON, "X-Forwarded-For": "203.0.113.7", "Referer": PERSON, "Host": "203.0.113.8"},
        environ_base={"REMOTE_ADDR": "203.0.113.9", "REMOTE_PORT": "4242", "REMOTE_HOST": PERSON},
    )
    monkeypatch.setattr(_semconv._OpenTelemetrySemanticConventionStability, "_initialized", False)
    (span,) = kept.get_finished_spans()
    assert set(span.attributes or {}) <= KEPT_ATTRIBUTES | PATH_ATTRIBUTES
    assert {"/logs"} <= set((span.attributes or {}).values())
    text = span.to_json()
    assert not [value for value in (PERSON, "203.0.113", "4242") if value in text]
