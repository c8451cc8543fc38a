"""The connector through restarts: its own, the broker's, the function's; two at once; and a polite end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from math import nan
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connector.broker import Broker
from faplog import bus
from faplog.routes import Route
from tests.conftest import ROOT, until
from tests.integration.connector_rig import (
    SOON,
    Behaviour,
    Connector,
    FunctionServer,
    NatsServer,
    analyse_route,
)


@pytest.fixture
def routes(function: FunctionServer) -> list[Route]:
    return [analyse_route(function, concurrency=3)]


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def echo(function: FunctionServer) -> None:
    """Reply with the request."""
    function.answer = lambda call: Behaviour(body=call.body)


def replies(server: NatsServer) -> set[bytes]:
    return {payload for payload, _ in server.messages("analysis.result")}


def test_a_connection_that_ends_without_a_word_is_replaced(server: NatsServer, routes: list[Route]) -> None:
    """With something unsent when the server goes, nats-py stumbles as it closes, and says nothing of having closed."""

    async def lose_it() -> bool:
        broker = Broker(server.connector_url, routes, ack_wait_sec=30)
        running = asyncio.create_task(broker.run())
        async with asyncio.timeout(60):
            client = await broker.client()
            client._pending, client._pending_data_size = [b"PING\r\n"], 6
            transport: Any = client._transport

            def reset() -> None:
                transport._io_writer.transport.abort()
                raise ConnectionResetError

            with mock.patch.object(transport, "drain", side_effect=reset):
                await asyncio.to_thread(server.stop, signal.SIGKILL)
                while not client.is_closed:
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(server.start)
            next_one = await broker.client()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return next_one is not client

    assert asyncio.run(lose_it())


def test_it_fetches_no_more_than_it_has_slots_for(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    with Connector(tmp_path, server, routes) as connector:
        server.publish("analysis.request", *numbered(20))
        until(lambda: function.at_once == 3, what="three requests at once")
        info = server.ask(lambda jetstream: jetstream.consumer_info(bus.STREAM, "analyse"))
        assert (info.num_ack_pending, info.num_pending) == (3, 17)
        gate.set()
        until(lambda: replies(server) == set(numbered(20)), what="all replies")
        assert function.most_at_once == 3
        assert 'outcome="done"} 20.0' in connector.get("/metrics")[1]


def test_a_long_request_is_not_delivered_twice(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    """Longer than ack_wait; heartbeats keep it ours."""
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    with Connector(tmp_path, server, routes, **SOON):
        server.publish("analysis.request", b"long")
        until(lambda: function.calls, what="the request")
        threading.Timer(5, gate.set).start()
        until(lambda: replies(server) == {b"long"}, what="the reply")
    assert len(function.calls) == 1


def test_what_a_killed_connector_held_is_delivered_by_the_next(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    with Connector(tmp_path, server, routes, **SOON) as first:
        server.publish("analysis.request", *numbered(10))
        until(lambda: function.at_once == 3, what="requests in flight")
        first.kill()
    gate.set()
    with Connector(tmp_path, server, routes, **SOON):
        until(lambda: replies(server) == set(numbered(10)), what="all replies")
        until(lambda: not server.messages("analysis.request"), what="all requests acked")
    assert not server.dead("analysis.request")


def test_the_count_of_tries_survives_restarts_and_does_not_grow_by_them(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda _: Behaviour(status=500, wait=gate if len(function.calls) % 2 else None)
    server.publish("analysis.request", b"bad")
    for calls in (1, 3, 5, 7):  # Each connector sees one failure, and is killed while it waits for the next answer.
        gate.clear()
        with Connector(tmp_path, server, routes, **SOON) as connector:
            until(lambda calls=calls: len(function.calls) >= calls, what=f"call {calls}")  # type: ignore[misc]
            connector.kill()
        gate.set()
    ((_, headers),) = server.messages("analysis.request")
    assert headers[bus.HEADER_TRY] == "3"
    function.answer = lambda _: Behaviour(status=500)
    with Connector(tmp_path, server, routes, **SOON):
        ((payload, headers),) = until(lambda: server.dead("analysis.request"), what="a dead letter")
    assert payload == b"bad"
    assert headers[bus.HEADER_TRY] == "5"
    assert len(function.calls) == 5 + 4, "five counted failures, and the four whose connector was killed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_broker_that_restarts_loses_nothing(
    number: signal.Signals, tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    with Connector(tmp_path, server, routes, **SOON) as connector:
        server.publish("analysis.request", *numbered(10))
        until(lambda: function.at_once == 3, what="requests in flight")
        server.stop(number)
        until(lambda: connector.get("/readyz")[0] == 503, what="it knows that NATS is away")
        assert connector.get("/healthz")[0] == 200
        gate.set()  # The answers come while there is no broker to publish them to.
        until(lambda: function.finished >= 3, what="answers given")
        server.start()
        until(lambda: connector.get("/readyz")[0] == 200, what="connected again")
        until(lambda: replies(server) == set(numbered(10)), what="all replies")
        until(lambda: not server.messages("analysis.request"), what="all requests acked")
    # A broker that comes back may deliver again what it had delivered, but a reply given twice is stored once.
    assert len(server.messages("analysis.result")) == 10
    assert not server.dead("analysis.request")


def test_it_starts_before_the_broker(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    server.stop()
    connector = Connector(tmp_path, server, routes)
    connector.start()
    try:
        until(lambda: connector.get("/healthz")[0] == 200, what="it runs")
        assert connector.get("/readyz")[0] == 503
        server.start()
        until(lambda: connector.get("/readyz")[0] == 200, what="it is connected")
        server.publish("analysis.request", b"1")
        until(lambda: server.messages("analysis.result"), what="a reply")
    finally:
        connector.kill()


def test_a_broker_that_lost_its_disk_gets_streams_and_consumers_again(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    with Connector(tmp_path, server, routes) as connector:
        server.publish("analysis.request", b"1")
        until(lambda: server.messages("analysis.result"), what="a reply")
        server.ask(lambda jetstream: jetstream.delete_stream(bus.STREAM))
        server.publish("analysis.request", b"2")  # Makes the stream again, but no consumer.
        until(lambda: (b"2" in function.bodies()) and replies(server), what="the second reply")
        assert connector.get("/readyz")[0] == 200


def test_sigterm_finishes_what_is_in_flight_and_leaves_the_rest(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    with Connector(tmp_path, server, routes) as connector:
        server.publish("analysis.request", *numbered(10))
        until(lambda: function.at_once == 3, what="requests in flight")
        assert connector.process
        connector.process.send_signal(signal.SIGTERM)
        until(lambda: any(event["event"] == "stopping" for event in connector.events()), what="it is stopping")
        gate.set()
        assert connector.process.wait(60) == 0
    assert len(function.calls) == 3
    assert len(replies(server)) == 3
    assert len(server.messages("analysis.request")) == 7
    info = server.ask(lambda jetstream: jetstream.consumer_info(bus.STREAM, "analyse"))
    assert info.num_ack_pending == 0, "what was not done is free for the next connector at once"


def test_sigterm_gives_back_what_waits_for_an_absent_function(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    function.stop()
    with Connector(tmp_path, server, routes) as connector:
        server.publish("analysis.request", *numbered(3))
        until(lambda: 'paused{function="analyse"} 1.0' in connector.get("/metrics")[1], what="a pause")
        assert connector.kill(signal.SIGTERM) == 0
    info = server.ask(lambda jetstream: jetstream.consumer_info(bus.STREAM, "analyse"))
    assert info.num_pending + info.num_ack_pending == 3
    function.start()
    with Connector(tmp_path, server, routes):
        until(lambda: len(server.messages("analysis.result")) == 3, what="all replies")


def test_sigterm_does_not_wait_for_ever(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    never = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=never)
    connector = Connector(tmp_path, server, routes)
    connector.start(grace=0.5)
    try:
        server.publish("analysis.request", b"1")
        until(lambda: function.calls, what="a request in flight")
        assert connector.kill(signal.SIGTERM) == 0
    finally:
        never.set()
    assert len(server.messages("analysis.request")) == 1


def test_two_connectors_share_the_work(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    other = tmp_path / "other"
    other.mkdir()
    with Connector(tmp_path, server, routes) as one, Connector(other, server, routes) as two:
        server.publish("analysis.request", *numbered(200))
        until(lambda: function.at_once == 6, what="both are at work with all their slots")
        gate.set()
        until(lambda: len(replies(server)) == 200, what="all replies")
        until(lambda: not server.messages("analysis.request"), what="all requests acked")
        done = [
            float(line.rsplit(" ", 1)[1])
            for connector in (one, two)
            for line in connector.get("/metrics")[1].splitlines()
            if line.startswith("faplog_connector_deliveries_total")
        ]
    assert sum(done) == 200
    assert min(done) > 0
    assert Counter(function.bodies()) == Counter(numbered(200))
    assert len(server.messages("analysis.result")) == 200


def test_a_reply_given_twice_is_stored_once(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    """The first connector dies between publishing the reply and the ack; here: it is given the message again."""
    echo(function)
    reply_id = {"Nats-Msg-Id": bus.message_id("analysis.result", "x", 1)}
    server.publish("analysis.result", b"1", headers=reply_id)
    with Connector(tmp_path, server, routes):
        server.publish("analysis.request", b"1", headers={"Nats-Msg-Id": bus.message_id("analysis.request", "x", 1)})
        until(lambda: function.calls and not server.messages("analysis.request"), what="the request is done")
        assert len(server.messages("analysis.result")) == 1
        # Queued again by reconcile, it is another request and must get its own reply.
        again = {"Nats-Msg-Id": bus.message_id("analysis.request", "x", 2)}
        server.publish("analysis.request", b"1", headers=again)
        until(lambda: len(server.messages("analysis.result")) == 2, what="its own reply")


def test_a_full_stream_holds_the_reply_until_there_is_room(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    echo(function)
    with Connector(tmp_path, server, routes) as connector:

        async def fill(jetstream: object) -> None:
            config = next(config for config in bus.streams() if config.name == bus.STREAM)
            await jetstream.update_stream(config.evolve(max_bytes=1000))  # type: ignore[attr-defined]

        server.ask(fill)
        server.ask(lambda jetstream: jetstream.publish("average.request", b"x" * 700))
        server.ask(lambda jetstream: jetstream.publish("analysis.request", b"y" * 150))
        until(lambda: any(e["event"] == "publishing failed, trying again" for e in connector.events()), what="no room")
        assert len(server.messages("analysis.request")) == 1, "not acked before its reply is stored"
        server.ask(lambda jetstream: jetstream.purge_stream(bus.STREAM, subject="average.request"))
        until(lambda: replies(server) == {b"y" * 150}, what="the reply")
        until(lambda: not server.messages("analysis.request"), what="the request is acked")
        assert len(function.calls) == 1


def test_a_function_that_fails_does_not_block_the_others_behind_it(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    function.answer = lambda call: Behaviour(status=500) if call.body == b"bad" else Behaviour(body=call.body)
    with Connector(tmp_path, server, routes, FAPLOG_CONNECTOR_RETRY_SEC="300"):
        server.publish("analysis.request", *[b"bad"] * 10, *numbered(10))
        until(lambda: replies(server) == set(numbered(10)), what="the good ones' replies")

        def tries() -> list[str | None]:
            return [headers.get(bus.HEADER_TRY) for _, headers in server.messages("analysis.request")]

        until(lambda: tries() == ["1"] * 10, what="the bad ones wait for their second try")


def test_dead_letters_are_listed_and_replayed(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    def dead(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "connector.dead", *arguments],
            cwd=ROOT,
            env=os.environ | connector.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    function.answer = lambda _: Behaviour(status=422, body=b'{"message": "Not so."}')
    with Connector(tmp_path, server, routes) as connector:
        identity = bus.message_id("analysis.request", "x", 1)
        server.publish("analysis.request", b"secret payload", headers={"Nats-Msg-Id": identity})
        until(lambda: server.dead("analysis.request"), what="a dead letter")
        listed = dead("list")
        letter = json.loads(listed.stdout)
        assert "secret payload" not in listed.stdout
        assert (letter["subject"], letter["reason"]) == ("analysis.request", "HTTP 422: Not so.")
        assert (letter["tries"], letter["message_id"]) == ("1", identity)

        assert dead("replay", "99").returncode == 1
        # Refused again, it is laid aside again although its id was just seen.
        assert dead("replay", str(letter["seq"])).stdout == "1 replayed.\n"
        until(lambda: len(function.calls) == 2 and server.dead("analysis.request"), what="laid aside again")
        function.answer = lambda call: Behaviour(body=call.body)
        assert dead("replay", "--all").returncode == 0
        until(lambda: replies(server) == {b"secret payload"}, what="the reply")
        assert not server.dead("analysis.request")


def test_wildcards_and_functions_without_a_reply(tmp_path: Path, server: NatsServer, function: FunctionServer) -> None:
    route = Route(function="api", url=function.url, topic="*.result", concurrency=4)
    function.answer = lambda _: Behaviour(body=b"dropped")
    with Connector(tmp_path, server, [route]):
        server.publish("analysis.result", b"1")
        server.publish("average.result", b"2")
        until(lambda: not server.messages("analysis.result") + server.messages("average.result"), what="both acked")
    topics = {call.body: call.headers["X-Topic"] for call in function.calls}
    assert topics == {b"1": "analysis.result", b"2": "average.result"}


def test_nothing_it_logs_has_payloads_or_credentials(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    function.answer = lambda _: Behaviour(status=400, body=b'{"message": "private words"}')
    with Connector(tmp_path, server, routes) as connector:
        server.publish("analysis.request", b"private payload")
        until(lambda: server.dead("analysis.request"), what="a dead letter")
        server.stop()
        until(lambda: any(event["event"] == "NATS is away" for event in connector.events()), what="NATS is away")
        connector.kill(signal.SIGTERM)
    text = connector.log.read_text()
    assert "private" not in text
    assert "connector:c@" not in text
    assert "a-secret-of-the-tests" not in text
    assert [event["event"] for event in connector.events()][-1] == "stopped"


def test_the_queue_can_be_watched(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    results = Route(function="api", url=function.url, topic="*.result")
    with Connector(tmp_path, server, [*routes, results], FAPLOG_CONNECTOR_WATCH_SEC="0.1") as connector:
        server.publish("analysis.request", *numbered(5))

        def number(name: str) -> float:
            """Return the metric's value, NaN (equal to nothing) as long as the connector has not looked yet."""
            lines = [line for line in connector.get("/metrics")[1].splitlines() if line.startswith(name + " ")]
            return float(lines[0].split()[-1]) if lines else nan

        until(lambda: number('faplog_queue_messages{function="analyse"}') == 5, what="five messages")
        until(lambda: number('faplog_queue_oldest_seconds{function="analyse"}') > 0.3, what="the oldest gets older")
        assert number("faplog_connector_connected") == 1
        gate.set()
        until(lambda: len(function.calls) == 10, what="five requests and five results")
        until(lambda: number('faplog_queue_messages{function="analyse"}') == 0, what="an empty queue")
        until(lambda: number('faplog_queue_messages{function="api"}') == 0, what="an empty queue of results")
        assert number('faplog_queue_oldest_seconds{function="analyse"}') == 0
        function.answer = lambda _: Behaviour(status=410)
        server.publish("analysis.result", b"1")
        until(lambda: number("faplog_dead_letters") == 1, what="a dead letter")


def test_another_consumer_in_its_way_is_said_and_gone_with_it(
    tmp_path: Path, server: NatsServer, function: FunctionServer, routes: list[Route]
) -> None:
    """A consumer left over from a function of another name; messages wait until an operator removes it."""
    echo(function)
    server.publish("analysis.request", b"1")
    server.ask(lambda js: js.add_consumer(bus.STREAM, durable_name="former", filter_subject="analysis.*"))
    with Connector(tmp_path, server, routes) as connector:
        until(lambda: [e for e in connector.events() if "remove it" in e["event"]], what="it says so")
        server.ask(lambda js: js.delete_consumer(bus.STREAM, "former"))
        until(lambda: replies(server) == {b"1"}, what="the reply")
