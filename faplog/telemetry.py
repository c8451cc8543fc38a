"""Traces, metrics and logs over OTLP. Without an endpoint the SDK is not even imported.

A process calls `setup` once, after any fork since threads do not survive one, and `shutdown` at its end. A Flask
application is passed to `instrument` where it is created. All other functions may be called at any time.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from flask import Flask

    from faplog.otel import Exporting

log = logging.getLogger(__name__)

ENDPOINTS: Final = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    *(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT" for signal in ("TRACES", "METRICS", "LOGS")),
)
"""The standard variables of which one has to be set: one for all signals, and one for each."""

_exporting: "Exporting | None" = None


def enabled() -> bool:
    """Return whether an OTLP endpoint is configured, and not everything turned off by `OTEL_SDK_DISABLED`."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return any(os.environ.get(name, "").strip() for name in ENDPOINTS)


def setup(service: str) -> None:
    """Start exporting telemetry as `service`. Does nothing without an endpoint or when already started.

    The `OTEL_…` variables decide what is exported and how. Where they ask for something that is not there, the
    process logs it and goes on without telemetry.
    """
    global _exporting
    if enabled() and _exporting is None:
        from faplog.otel import Exporting

        try:
            _exporting = Exporting(service)
        except Exception:
            log.exception("telemetry is off: an OTEL_ variable asks for something that is not available")


def shutdown() -> None:
    """Flush and stop exporting. Takes a few seconds at most, also if the collector does not answer."""
    global _exporting
    if _exporting is not None:
        _exporting.shutdown()
        _exporting = None


def instrument(app: "Flask", *, database: bool = False) -> None:
    """Trace each request of the application except probes; with `database` also each SQL statement.

    Must be called before the first connection is made. SQL is recorded without parameters.
    """
    if enabled():
        from faplog import otel

        otel.instrument(app, database=database)


def traceparent() -> str | None:
    """Return the current span as a W3C traceparent, or None when telemetry is off."""
    return _exporting.traceparent() if _exporting else None


def trace_fields() -> dict[str, str]:
    """Return `trace_id` and `span_id` of the current span for a log event; empty without one."""
    return _exporting.trace_fields() if _exporting else {}


@contextmanager
def span(
    name: str,
    parent: str | None = None,
    kind: Literal["internal", "client", "producer", "consumer"] = "internal",
    **attributes: str | int | float,
) -> Iterator[None]:
    """Trace a block as a span, child of the W3C traceparent `parent` if given. Does nothing when telemetry is off."""
    if _exporting is None:
        yield
        return
    with _exporting.span(name, parent, kind, attributes):
        yield


def count(name: str, amount: int = 1, **attributes: str) -> None:
    """Add to a counter of `faplog.metrics.METRICS`."""
    if _exporting:
        _exporting.counter(name).add(amount, attributes)


def record(name: str, value: float, **attributes: str) -> None:
    """Record a value in a histogram of `faplog.metrics.METRICS`."""
    if _exporting:
        _exporting.histogram(name).record(value, attributes)


def gauge(name: str, value: float, **attributes: str) -> None:
    """Set a gauge of `faplog.metrics.METRICS`."""
    if _exporting:
        _exporting.gauge(name).set(value, attributes)
