"""Messages that wait for the same function travel together, and a batch that fails is as if it had never left."""

import asyncio
import json
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from connector import lane
from connector.broker import Broker
from connector.call import http_session
from faplog import bus
from faplog.contracts.messages import BATCH
from faplog.routes import Route
from tests.conftest import until
from tests.integration.connector_rig import (
    SECRET,
    SOON,
    Behaviour,
    Call,
    Connector,
    FunctionServer,
    NatsServer,
    analyse_route,
)

NEVER_AGAIN = {"FAPLOG_CONNECTOR_ACK_WAIT_SEC": "600"}
"""What a connector does not give back is not delivered again while a test waits."""


@pytest.fixture
def route(function: FunctionServer) -> Route:
    return analyse_route(function, batch=4)


def request(number: int) -> bytes:
    return json.dumps({"number": number}).encode()


def requests(count: int) -> list[bytes]:
    return [request(number) for number in range(count)]


def is_batch(call: Call) -> bool:
    return call.headers["Content-Type"] == BATCH


def batches(function: FunctionServer) -> list[list[bytes]]:
    return [call.body.split(b"\n") for call in function.calls if is_batch(call)]


def singles(function: FunctionServer) -> Counter[bytes]:
    return Counter(call.body for call in function.calls if not is_batch(call))


def sent(function: FunctionServer) -> Counter[bytes]:
    """Return how often each message was sent, alone or with others."""
    return Counter(line for call in function.calls for line in call.body.split(b"\n"))


def replies(server: NatsServer) -> list[bytes]:
    return [payload for payload, _ in server.messages("analysis.result")]


class Crowd:
    """A function whose first requests are held up until many messages wait behind them."""

    def __init__(self, server: NatsServer, function: FunctionServer, answer: Callable[[Call], Behaviour]) -> None:
        self._server, self._function = server, function
        self._waits = threading.Event()

        def held_up(call: Call) -> Behaviour:
            behaviour = answer(call)
            if not self._waits.is_set():
                behaviour.wait = self._waits
            return behaviour

        function.answer = held_up

    def gather(self, messages: list[bytes], **headers: str) -> None:
        """Publish messages and wait until the connector holds as many as it takes."""
        self._server.publish("analysis.request", *messages, headers=headers)
        until(lambda: self._function.at_once == 2, what="both slots are taken")
        until(lambda: self._held() >= min(len(messages), 8), what="messages wait")

    def let_go(self) -> None:
        self._waits.set()

    def _held(self) -> int:
        info = self._server.ask(lambda jetstream: jetstream.consumer_info(bus.STREAM, "analyse"))
        return info.num_ack_pending or 0


def echo(call: Call) -> Behaviour:
    return Behaviour(body=call.body)


def test_what_waits_travels_together_and_each_message_has_its_own_reply(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    crowd = Crowd(server, function, echo)
    with Connector(tmp_path, server, [route]):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        crowd.gather(requests(30), traceparent=trace)
        crowd.let_go()
        until(lambda: len(replies(server)) == 30, what="all replies")
        until(lambda: not server.messages("analysis.request"), what="all requests acked")
    assert Counter(replies(server)) == Counter(requests(30))
    assert sent(function) == Counter(requests(30)), "each was sent once"
    assert max(map(len, batches(function))) == 4
    assert len(function.calls) < 20
    assert all(call.headers["X-Connector-Secret"] == SECRET for call in function.calls)
    assert all(call.headers["X-Topic"] == "analysis.request" for call in function.calls)
    headers = [headers for _, headers in server.messages("analysis.result")]
    assert len({header["Nats-Msg-Id"] for header in headers}) == 30
    assert {header["traceparent"] for header in headers} == {trace}


def test_a_message_alone_is_sent_as_it_is(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    function.answer = echo
    with Connector(tmp_path, server, [route]):
        server.publish("analysis.request", request(1))
        until(lambda: replies(server) == [request(1)], what="the reply")
    assert [call.headers["Content-Type"] for call in function.calls] == ["application/json"]


def test_a_poisonous_message_is_the_only_one_that_fails(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    bad = request(5)

    def answer(call: Call) -> Behaviour:
        return Behaviour(500) if bad in call.body else Behaviour(body=call.body)

    crowd = Crowd(server, function, answer)
    with Connector(tmp_path, server, [route]):
        crowd.gather(requests(20))
        crowd.let_go()
        until(lambda: server.dead("analysis.request"), what="a dead letter")
        until(lambda: not server.messages("analysis.request"), what="all others are done")
    ((payload, headers),) = server.dead("analysis.request")
    assert (payload, headers[bus.HEADER_TRY]) == (bad, "5")
    assert Counter(replies(server)) == Counter(each for each in requests(20) if each != bad)
    assert singles(function)[bad] == 5, "what failed with others is not counted"


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(400, b'{"message": "One message, please."}'),
        Behaviour(500),
        Behaviour(503),
        Behaviour(breaks=True),
        Behaviour(204, b""),
        Behaviour(body=b""),
        Behaviour(body=b"1\n2\n3\n4\n5\n6"),
        Behaviour(body=b"1\n\n3"),
        Behaviour(body=b"x" * (2 << 20)),
    ],
    ids=["refused", "failed", "busy", "broke", "no content", "no reply", "too many", "empty reply", "too large"],
)
def test_a_batch_that_fails_is_delivered_one_by_one_and_nothing_is_counted(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route, behaviour: Behaviour
) -> None:
    """A function of an earlier version refuses batches, while a later connector serves it already."""

    def answer(call: Call) -> Behaviour:
        given = behaviour if is_batch(call) else Behaviour(body=call.body)
        return Behaviour(given.status, given.body, breaks=given.breaks)

    crowd = Crowd(server, function, answer)
    with Connector(tmp_path, server, [route]):
        crowd.gather(requests(20))
        crowd.let_go()
        until(lambda: not server.messages("analysis.request"), what="all requests are done")
    assert batches(function)
    assert singles(function) == Counter(requests(20))
    assert Counter(replies(server)) == Counter(requests(20))
    assert not server.dead("analysis.request")


def test_messages_that_a_function_leaves_come_again(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    crowd = Crowd(server, function, lambda call: Behaviour(body=call.body.split(b"\n")[0]))
    with Connector(tmp_path, server, [route]):
        crowd.gather(requests(20))
        crowd.let_go()
        until(lambda: not server.messages("analysis.request"), what="all requests are done")
    assert Counter(replies(server)) == Counter(requests(20))
    assert batches(function)


def test_a_function_without_replies_has_done_all_of_a_batch(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    crowd = Crowd(server, function, lambda _: Behaviour(body=b'{"status": "ok"}'))
    results = route.model_copy(update={"reply_topic": None})
    with Connector(tmp_path, server, [results]):
        crowd.gather(requests(20))
        crowd.let_go()
        until(lambda: not server.messages("analysis.request"), what="all messages are done")
    assert sent(function) == Counter(requests(20))
    assert batches(function)


def test_a_connector_that_stops_gives_back_what_waits(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    crowd = Crowd(server, function, echo)
    with Connector(tmp_path, server, [route], **NEVER_AGAIN) as first:
        crowd.gather(requests(20))
        assert first.process
        first.process.send_signal(signal.SIGTERM)
        until(lambda: any(event["event"] == "stopping" for event in first.events()), what="it stops")
        crowd.let_go()
        assert first.process.wait(60) == 0
    with Connector(tmp_path, server, [route], **NEVER_AGAIN):
        until(lambda: not server.messages("analysis.request"), what="the next one does the rest")
    assert Counter(replies(server)) == Counter(requests(20))


def test_what_a_killed_connector_held_is_delivered_by_the_next(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    crowd = Crowd(server, function, echo)
    with Connector(tmp_path, server, [route], **SOON) as first:
        crowd.gather(requests(20))
        first.kill()
    crowd.let_go()
    with Connector(tmp_path, server, [route], **SOON):
        until(lambda: not server.messages("analysis.request"), what="the next one does all")
    assert set(replies(server)) == set(requests(20))
    assert not server.dead("analysis.request")


def test_a_function_that_is_killed_again_and_again_costs_no_message_its_tries(
    tmp_path: Path, server: NatsServer, function: FunctionServer, route: Route
) -> None:
    """Every batch breaks, and one message of it after the other once."""
    broken: set[bytes] = set()

    def answer(call: Call) -> Behaviour:
        if is_batch(call) or call.body not in broken:
            broken.add(call.body)
            return Behaviour(breaks=True)
        return Behaviour(body=call.body)

    crowd = Crowd(server, function, answer)
    with Connector(tmp_path, server, [route]):
        crowd.gather(requests(12))
        crowd.let_go()
        until(lambda: not server.messages("analysis.request"), what="all requests are done")
    assert Counter(replies(server)) == Counter(requests(12))
    assert not server.dead("analysis.request")


def test_a_lane_asks_again_when_nothing_came_for_long(
    server: NatsServer, function: FunctionServer, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request that ends says of how many messages it was."""
    monkeypatch.setattr(lane, "PULL_SEC", 1)
    function.answer = echo

    async def serve() -> int:
        broker = Broker(server.connector_url, [route], ack_wait_sec=30)
        running = asyncio.create_task(broker.run())
        async with http_session() as session:
            lane_ = lane.Lane(route, broker, session, SECRET, retry_sec=1)
            fetching = asyncio.create_task(lane_.run())
            client = await broker.client()
            jetstream = client.jetstream()
            await asyncio.sleep(2.5)  # longer than two pull requests
            for _ in range(50):
                info = await jetstream.consumer_info(bus.STREAM, "analyse")
                if info.num_waiting:
                    break
                await asyncio.sleep(0.1)
            lane_.stop()
            await fetching
            await lane_.finish(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return info.num_waiting or 0

    assert asyncio.run(serve()) == 1
