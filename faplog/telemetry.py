"""Traces, metrics and logs over OTLP: only where an endpoint is set, and not even imported otherwise.

A process calls `setup` once (after a fork, for threads do not survive one) and `shutdown` at its end; a Flask
application is given to `instrument` where it is created. Everything else may be called anywhere, at any time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from flask import Flask

    from faplog.otel import Exporting

_exporting: "Exporting | None" = None


def enabled() -> bool:
    """Whether an OTLP endpoint is configured (`OTEL_EXPORTER_OTLP_ENDPOINT`)."""
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))


def setup(service: str) -> None:
    """Start exporting this process's telemetry as `service`; nothing without an endpoint, nor a second time."""
    global _exporting
    if enabled() and _exporting is None:
        from faplog.otel import Exporting

        _exporting = Exporting(service)


def shutdown() -> None:
    """Send what is not sent yet and stop exporting; takes seconds at most, also while the collector is away."""
    global _exporting
    if _exporting is not None:
        _exporting.shutdown()
        _exporting = None


def instrument(app: "Flask", *, database: bool = False) -> None:
    """A span for each request of the application but probes; with `database` also for each SQL statement.

    Called before the first connection is made. SQL is recorded without its parameters.
    """
    if enabled():
        from faplog import otel

        otel.instrument(app, database=database)


def traceparent() -> str | None:
    """The current span as a W3C traceparent, to go into a message and its header; None when telemetry is off."""
    return _exporting.traceparent() if _exporting else None


def trace_fields() -> dict[str, str]:
    """The current span as `trace_id` and `span_id` for a line of the log; empty when there is none."""
    return _exporting.trace_fields() if _exporting else {}


@contextmanager
def span(
    name: str,
    parent: str | None = None,
    kind: Literal["internal", "client", "producer", "consumer"] = "internal",
    **attributes: str | int | float,
) -> Iterator[None]:
    """A span around a block, child of the W3C traceparent `parent` if given; nothing when telemetry is off."""
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
