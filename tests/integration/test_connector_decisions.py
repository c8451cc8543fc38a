"""Each row of the connector's table of answers, with its real process, a real NATS server and real HTTP."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from faplog import bus
from faplog.routes import Route
from tests.conftest import until
from tests.integration.connector_rig import (
    SECRET,
    Behaviour,
    Call,
    Connector,
    FunctionServer,
    NatsServer,
    analyse_route,
    function_server,
    nats_server,
)

REQUEST = b'{"pattern": "analysis.request", "data": {"fileName": "6d8ff4e4-0a77-4b36-9b0c-9d5cd4c3d0a1"}}'
REPLY = b'{"analysisId": "6d8ff4e4-0a77-4b36-9b0c-9d5cd4c3d0a1", "status": "Success"}'
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MESSAGE_ID = bus.message_id("analysis.request", "6d8ff4e4-0a77-4b36-9b0c-9d5cd4c3d0a1", 1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, max_payload=64 * 1024) as server:
        yield server


@pytest.fixture
def route(function: FunctionServer) -> Route:
    """Yield one function for requests; no function takes results, so they stay in the stream for the test."""
    return analyse_route(function)


@pytest.fixture
def connector(tmp_path: Path, server: NatsServer, route: Route) -> Iterator[Connector]:
    with Connector(tmp_path, server, [route]) as connector:
        yield connector


def in_turn(function: FunctionServer, *behaviours: Behaviour) -> None:
    """Let the function behave so once each, then as the last."""
    waiting = list(behaviours)

    def answer(_: Call) -> Behaviour:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    function.answer = answer


def test_the_function_that_comes_next_is_woken_once_while_one_works(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    working = threading.Event()
    function.answer = lambda _: Behaviour(body=REPLY, wait=working)
    woken = route.model_copy(update={"wakes": "average"})
    with function_server() as following:
        averages = Route(function="average", url=following.url, topic="average.request", reply_topic="average.result")
        with Connector(tmp_path, server, [woken, averages]):
            server.publish("analysis.request", REQUEST, REQUEST)
            until(lambda: following.health_checks, what="the next function is woken")
            assert not function.finished, "before the first has an answer"
            working.set()
            until(lambda: not server.messages("analysis.request"), what="both requests are done")
        assert (following.health_checks, following.calls) == (1, [])


def test_a_next_function_that_does_not_answer_holds_nothing_up(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    function.answer = lambda _: Behaviour(body=REPLY)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        averages = Route(function="average", url=url, topic="average.request", reply_topic="average.result")
        with Connector(tmp_path, server, [route.model_copy(update={"wakes": "average"}), averages]):
            server.publish("analysis.request", REQUEST)
            until(lambda: not server.messages("analysis.request"), what="the request is done")


def test_a_reply_is_published_and_then_the_message_is_gone(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    in_turn(function, Behaviour(body=REPLY))
    server.publish("analysis.request", REQUEST, headers={"Nats-Msg-Id": MESSAGE_ID, "traceparent": TRACE})
    replies = until(lambda: server.messages("analysis.result"), what="a reply")
    until(lambda: not server.messages("analysis.request"), what="the request is acked")

    (call,) = function.calls
    assert call.body == REQUEST
    assert call.headers["X-Topic"] == "analysis.request"
    assert call.headers["X-Connector-Secret"] == SECRET
    assert call.headers["traceparent"] == TRACE
    assert call.headers["Content-Type"] == "application/json"
    ((payload, headers),) = replies
    assert payload == REPLY
    assert headers["traceparent"] == TRACE
    assert headers["Nats-Msg-Id"] == bus.message_id("analysis.result", "6d8ff4e4-0a77-4b36-9b0c-9d5cd4c3d0a1", 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_function_gets_the_same_messages_again_and_no_others_meanwhile(
    status: int, server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    in_turn(function, *[Behaviour(status=status)] * 6, Behaviour(body=REPLY))
    server.publish("analysis.request", *(b"%d" % number for number in range(20)))
    until(lambda: len(server.messages("analysis.result")) == 20, what="all replies")
    until(lambda: not server.messages("analysis.request"), what="all requests acked")
    assert len(set(function.bodies()[:6])) <= 2, "only what was in its hands already"
    assert Counter(Counter(function.bodies()[6:]).values()) == {1: 20}
    assert not server.dead("analysis.request")


def test_failures_count_and_after_five_the_message_is_laid_aside(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    statuses = [b"500", b"502", b"504", b"302"]
    function.answer = lambda call: Behaviour(
        status=int(call.body), body=b'{"statusCode": 500, "message": "It\\nbroke."}'
    )
    for status in statuses:
        headers = {"Nats-Msg-Id": bus.message_id("analysis.request", status.decode(), 1), "traceparent": TRACE}
        server.publish("analysis.request", status, headers=headers)
    until(lambda: len(server.dead("analysis.request")) == 4, what="four dead letters")
    until(lambda: not server.messages("analysis.request"), what="the messages are gone")
    for payload, headers in server.dead("analysis.request"):
        assert headers[bus.HEADER_REASON] == f"HTTP {payload.decode()}: It broke."
        assert headers[bus.HEADER_TRY] == "5"
        assert headers["traceparent"] == TRACE
    assert Counter(function.bodies()) == dict.fromkeys(statuses, 5)


def test_a_failure_that_passes_ends_well(server: NatsServer, function: FunctionServer, connector: Connector) -> None:
    in_turn(function, *[Behaviour(status=500)] * 4, Behaviour(body=REPLY))
    server.publish("analysis.request", REQUEST, headers={"Nats-Msg-Id": MESSAGE_ID})
    until(lambda: server.messages("analysis.result"), what="a reply")
    until(lambda: not server.messages("analysis.request"), what="the message is gone")
    assert len(function.calls) == 5
    assert not server.dead("analysis.request")


def test_a_refused_message_is_laid_aside_at_once(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    statuses = {b"400", b"401", b"410", b"413", b"422"}
    function.answer = lambda call: Behaviour(status=int(call.body), body=b'{"message": "No such thing."}')
    server.publish("analysis.request", *statuses)
    until(lambda: len(server.dead("analysis.request")) == 5, what="five dead letters")
    letters = {payload: headers[bus.HEADER_REASON] for payload, headers in server.dead("analysis.request")}
    assert letters == {status: f"HTTP {status.decode()}: No such thing." for status in statuses}
    assert Counter(function.bodies()) == dict.fromkeys(statuses, 1)


def test_no_answer_in_time_counts(tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route) -> None:
    never = threading.Event()
    in_turn(function, Behaviour(wait=never), Behaviour(body=REPLY))
    with Connector(tmp_path, server, [route.model_copy(update={"timeout_sec": 2})]) as connector:
        server.publish("analysis.request", REQUEST)
        until(lambda: server.messages("analysis.result"), what="a reply")
        never.set()
        assert len(function.calls) > 1
        assert any(event.get("reason") == "no answer within 2 s" for event in connector.events())


def test_a_reply_too_large_for_nats_counts_and_says_so(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    in_turn(function, Behaviour(body=b"x" * 64 * 1024))
    server.publish("analysis.request", REQUEST)
    ((_, headers),) = until(lambda: server.dead("analysis.request"), what="a dead letter")
    assert "longer than the 64512 bytes" in headers[bus.HEADER_REASON]
    assert len(function.calls) == 5


def test_a_message_at_the_limit_is_laid_aside_without_its_payload(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    """With a reason beside it, it would be too large for NATS; trying that forever would block the function."""
    in_turn(function, Behaviour(status=500))
    server.publish("analysis.request", b"x" * 64 * 1024)
    ((payload, headers),) = until(lambda: server.dead("analysis.request"), what="a dead letter")
    until(lambda: not server.messages("analysis.request"), what="the message is gone")
    assert payload == b""
    assert headers[bus.HEADER_REASON] == "HTTP 500 (payload of 65536 bytes left out: no room beside the reason)"


def test_an_empty_answer_where_a_reply_is_due_counts_but_204_does_not(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    in_turn(function, Behaviour(body=b""), Behaviour(status=204, body=b""))
    server.publish("analysis.request", REQUEST)
    until(lambda: len(function.calls) == 2, what="a second try")
    until(lambda: not server.messages("analysis.request"), what="the message is gone")
    assert not server.messages("analysis.result")
    assert not server.dead("analysis.request")


def test_a_function_that_is_not_there_is_waited_for(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    function.stop()
    server.publish("analysis.request", REQUEST, b"2", b"3")
    until(lambda: 'faplog_connector_paused{function="analyse"} 1.0' in connector.get("/metrics")[1], what="a pause")
    assert connector.get("/readyz")[0] == 200
    function.start()
    until(lambda: len(server.messages("analysis.result")) == 3, what="all replies")
    until(lambda: 'faplog_connector_paused{function="analyse"} 0.0' in connector.get("/metrics")[1], what="no pause")
    assert sorted(function.bodies()) == [b"2", b"3", REQUEST]
    assert not server.dead("analysis.request")


def test_a_connection_that_breaks_is_forgiven_until_it_always_breaks(
    server: NatsServer, function: FunctionServer, connector: Connector
) -> None:
    in_turn(function, Behaviour(breaks=True), Behaviour(breaks=True), Behaviour(body=REPLY))
    server.publish("analysis.request", REQUEST)
    until(lambda: server.messages("analysis.result"), what="a reply")
    until(lambda: not server.messages("analysis.request"), what="the message is gone")

    function.calls.clear()
    in_turn(function, Behaviour(breaks=True))
    server.publish("analysis.request", b"deadly")
    ((payload, headers),) = until(lambda: server.dead("analysis.request"), 60, what="a dead letter")
    assert payload == b"deadly"
    assert "4 times in a row" in headers[bus.HEADER_REASON]
    assert len(function.calls) == 20
    function.answer = lambda _: Behaviour(body=REPLY)
    server.publish("analysis.request", b"harmless")
    until(lambda: len(server.messages("analysis.result")) == 2, what="the next message's reply")


@pytest.fixture
def replies_to() -> Iterator[FunctionServer]:
    """Yield the function that takes the replies."""
    with function_server() as function:
        yield function


@pytest.mark.parametrize(
    ("behaviours", "reported"),
    [
        ([Behaviour(body=REPLY)], False),
        ([Behaviour(status=503), Behaviour(status=429), Behaviour(body=REPLY)], False),
        ([Behaviour(status=500), Behaviour(body=REPLY)], True),
        ([Behaviour(body=b""), Behaviour(body=REPLY)], True),
        ([Behaviour(breaks=True), Behaviour(body=REPLY)], True),
        ([Behaviour(status=500)], True),
        ([Behaviour(status=400)], True),
        ([Behaviour(breaks=True)], True),
    ],
    ids=["answered", "away", "failed", "no reply", "broke", "always failed", "refused", "always broke"],
)
def test_a_failed_try_is_reported_to_the_function_that_takes_the_replies(
    tmp_path: Path,
    server: NatsServer,
    function: FunctionServer,
    replies_to: FunctionServer,
    route: Route,
    behaviours: list[Behaviour],
    reported: bool,
) -> None:
    in_turn(function, *behaviours)
    results = Route(function="api", url=replies_to.url, topic="*.result")
    with Connector(tmp_path, server, [route, results]):
        server.publish("analysis.request", REQUEST, headers={"Nats-Msg-Id": MESSAGE_ID})
        until(lambda: replies_to.calls or server.dead("analysis.request"), what="a result or a report")
        until(lambda: not server.messages("analysis.request"), what="the request is gone")
        until(lambda: not server.messages("analysis.result"), what="the result is delivered")
    reports = [call for call in replies_to.calls if call.headers["X-Topic"] == "analysis.delayed"]
    assert bool(reports) == reported
    assert all(call.body == REQUEST and call.headers["X-Connector-Secret"] == SECRET for call in reports)


def test_a_report_that_fails_changes_nothing(
    tmp_path: Path, server: NatsServer, function: FunctionServer, replies_to: FunctionServer, route: Route
) -> None:
    in_turn(function, Behaviour(status=500), Behaviour(body=REPLY))
    replies_to.answer = lambda call: Behaviour(500 if call.headers["X-Topic"] == "analysis.delayed" else 200)
    with Connector(tmp_path, server, [route, Route(function="api", url=replies_to.url, topic="*.result")]) as connector:
        server.publish("analysis.request", REQUEST)
        until(lambda: REPLY in replies_to.bodies(), what="the result is delivered")
        assert any(event["event"] == "delay not reported" for event in connector.events())
    assert not server.dead("analysis.request")


def test_failed_averages_are_not_reported(
    tmp_path: Path, server: NatsServer, function: FunctionServer, replies_to: FunctionServer
) -> None:
    in_turn(function, Behaviour(status=500), Behaviour(body=REPLY))
    averages = Route(function="average", url=function.url, topic="average.request", reply_topic="average.result")
    with Connector(tmp_path, server, [averages, Route(function="api", url=replies_to.url, topic="*.result")]):
        server.publish("average.request", REQUEST)
        until(lambda: replies_to.calls, what="the result is delivered")
    assert [call.headers["X-Topic"] for call in replies_to.calls] == ["average.result"]
