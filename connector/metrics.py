"""The metrics of the connector, by function: at /metrics for Prometheus, and over OTLP where that is on."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from faplog import telemetry

REGISTRY: Final = CollectorRegistry()
disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the number of series

_DELIVERIES = Counter(
    "faplog_connector_deliveries", "Requests to functions by outcome.", ["function", "outcome"], registry=REGISTRY
)
_SECONDS = Histogram(
    "faplog_connector_request_seconds",
    "How long functions took to answer.",
    ["function"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
    registry=REGISTRY,
)
IN_FLIGHT: Final = Gauge("faplog_connector_in_flight", "Messages the connector holds.", ["function"], registry=REGISTRY)
PAUSED: Final = Gauge(
    "faplog_connector_paused",
    "1 while the function is not available and nothing is fetched.",
    ["function"],
    registry=REGISTRY,
)
QUEUE_MESSAGES: Final = Gauge(
    "faplog_queue_messages", "Messages waiting or in work in the stream.", ["function"], registry=REGISTRY
)
QUEUE_AGE: Final = Gauge(
    "faplog_queue_oldest_seconds", "Age of the oldest message not yet done.", ["function"], registry=REGISTRY
)
_DEAD_LETTERS = Gauge("faplog_dead_letters", "Dead letters.", registry=REGISTRY)
CONNECTED: Final = Gauge("faplog_connector_connected", "1 while connected to NATS.", registry=REGISTRY)


def delivered(function: str, outcome: str, seconds: float) -> None:
    """Record one request to a function and its outcome."""
    _DELIVERIES.labels(function, outcome).inc()
    _SECONDS.labels(function).observe(seconds)
    telemetry.count("faplog.connector.deliveries", function=function, outcome=outcome)
    telemetry.record("faplog.connector.request", seconds, function=function)


def queue(function: str, messages: int, oldest_sec: float) -> None:
    """Set the queue length of a function and the age of its oldest message."""
    QUEUE_MESSAGES.labels(function).set(messages)
    QUEUE_AGE.labels(function).set(oldest_sec)
    telemetry.gauge("faplog.queue.messages", messages, function=function)
    telemetry.gauge("faplog.queue.oldest", oldest_sec, function=function)


def dead_letters(messages: int) -> None:
    """Set the number of dead letters."""
    _DEAD_LETTERS.set(messages)
    telemetry.gauge("faplog.dead_letters", messages)
