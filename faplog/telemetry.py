"""Traces over OTLP: set up in code, only when an endpoint is given, at no cost otherwise."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def enabled() -> bool:
    """Whether an OTLP endpoint is configured (`OTEL_EXPORTER_OTLP_ENDPOINT`)."""
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))


def setup(service: str) -> None:
    """Start exporting this process's telemetry as `service`. After a fork: threads do not survive one."""
    if enabled():
        raise NotImplementedError(service)


def traceparent() -> str | None:
    """The current span as a W3C traceparent, to go into a message and its header; None when telemetry is off."""
    return None


@contextmanager
def span(name: str, parent: str | None = None) -> Iterator[None]:  # noqa: ARG001
    """A span around a block, child of the W3C traceparent `parent` if given; nothing when telemetry is off."""
    yield
