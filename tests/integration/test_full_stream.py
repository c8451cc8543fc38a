"""A stream full of requests: replies still get through, and what was refused waits in Postgres."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import StreamConfig, StreamState
from nats.js.errors import APIError

from connector.broker import NOT_STORED
from connector.dead import letters, replay
from faplog import bus
from functions.api.delivery.publisher import Outgoing, Publisher
from functions.api.settings import Settings
from tests.conftest import until
from tests.integration.connector_rig import (
    Behaviour,
    Connector,
    FunctionServer,
    NatsServer,
    analyse_route,
)
from tests.integration.delivery import Rig, average_of, empty_rig, get, some_log, success, upload, uploaded, zipped
from tests.integration.people import Person

REQUESTS: Final = 5000
"""Bytes after which no request is added, in these tests."""
ROOM: Final = 5000
"""For replies, beside them: more than one batch of the publisher's, as in earnest."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a stream that is soon full, in the test's own process."""
    monkeypatch.setattr(bus, "MAX_REQUEST_BYTES", REQUESTS)
    monkeypatch.setattr(bus, "MAX_STREAM_BYTES", REQUESTS + ROOM)


@pytest.fixture
def system(api_settings: Settings, tmp_path: Path, small: None) -> Iterator[Rig]:
    with empty_rig(api_settings, tmp_path) as made:
        yield made


def state(server: NatsServer) -> StreamState:
    return server.ask(lambda jetstream: jetstream.stream_info(bus.STREAM)).state


def resize(server: NatsServer, max_bytes: int) -> None:
    """Give the stream so many bytes, and nothing else another value."""
    config = work().evolve(max_bytes=max_bytes)
    server.ask(lambda jetstream: jetstream.update_stream(config))


def as_connector(server: NatsServer, action: Callable[[JetStreamContext], Awaitable[object]]) -> None:
    """Do something with no more than the connector's permissions."""

    async def run() -> None:
        client = await nats.connect(
            server.connector_url, inbox_prefix=bus.inbox_prefix("connector"), allow_reconnect=False
        )
        try:
            await action(client.jetstream())
        finally:
            await client.close()

    asyncio.run(run())


def work() -> StreamConfig:
    return next(config for config in bus.streams() if config.name == bus.STREAM)


def fill(server: NatsServer) -> list[bytes]:
    """Publish requests without a look at the stream until the server refuses one; return those it took."""

    async def run(jetstream: JetStreamContext) -> list[bytes]:
        taken: list[bytes] = []
        while True:
            payload = b"%04d" % len(taken)
            try:
                await jetstream.publish("analysis.request", payload)
            except APIError as error:
                if error.err_code != NOT_STORED:
                    raise
                return taken
            taken.append(payload)

    return server.ask(run)


def published(publisher: Publisher) -> list[bytes]:
    """Publish requests as the API does, one after the other, until one is refused; those that were taken."""
    taken: list[bytes] = []
    while True:
        payload = b"%04d" % len(taken)
        message = Outgoing("analysis.request", payload, bus.message_id("analysis.request", payload.decode(), 1))
        if publisher.publish([message]) == [False]:
            return taken
        taken.append(payload)


def test_replies_get_through_a_stream_full_of_requests(
    tmp_path: Path, server: NatsServer, function: FunctionServer, small: None
) -> None:
    gate = threading.Event()
    function.answer = lambda call: Behaviour(body=call.body, wait=gate)
    publisher = Publisher(server.url)
    try:
        with Connector(tmp_path, server, [analyse_route(function, concurrency=2)]):
            resize(server, bus.MAX_STREAM_BYTES)  # the connector has made a stream of the usual size
            until(publisher.connected, what="the publisher is connected")
            requests = published(publisher)
            assert len(requests) > 10
            assert REQUESTS <= state(server).bytes < REQUESTS + 500
            assert publisher.publish([Outgoing("average.request", b"{}", "one:more")]) == [False]
            gate.set()
            until(lambda: not server.messages("analysis.request"), what="all requests are done")
        replies = [payload for payload, _ in server.messages("analysis.result")]
        assert sorted(replies) == requests
    finally:
        gate.set()
        publisher.close()


def test_the_size_of_a_stream_with_much_room_is_asked_for_once(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    ask = bus.room

    async def room(jetstream: JetStreamContext) -> int:
        looks.append(await ask(jetstream))
        return looks[-1]

    monkeypatch.setattr(bus, "room", room)
    server.ask(bus.ensure_streams)
    publisher = Publisher(server.url)
    try:
        until(publisher.connected, what="the publisher is connected")
        for number in range(20):
            assert publisher.publish([Outgoing("analysis.request", b"%d" % number, f"one:{number}")]) == [True]
        assert len(looks) == 1
        large = [Outgoing("analysis.request", bytes(200_000), f"large:{number}") for number in range(32)]
        assert publisher.publish(large) == [True] * 32
        assert len(looks) == 2
    finally:
        publisher.close()


def test_a_failed_message_does_not_block_others(tmp_path: Path, server: NatsServer, function: FunctionServer) -> None:
    """Where its next try has no room beside it, the one slot there is goes to those that can be done."""
    gate = threading.Event()
    bad, good = b"bad" * 500, {b"1", b"2", b"3"}
    function.answer = lambda call: Behaviour(500 if call.body == bad else 200, call.body, wait=gate)
    with Connector(tmp_path, server, [analyse_route(function, concurrency=1)]) as connector:
        server.publish("analysis.request", bad, *sorted(good))
        until(lambda: function.at_once == 1, what="the bad one is in work")
        resize(server, state(server).bytes + 500)
        gate.set()
        until(lambda: {payload for payload, _ in server.messages("analysis.result")} == good, what="the good ones")
        assert not server.dead("analysis.request")
        assert [payload for payload, _ in server.messages("analysis.request")] == [bad]
        assert any(event["event"] == "no room for a retry, failure not counted" for event in connector.events())
        resize(server, bus.MAX_STREAM_BYTES)
        until(lambda: [payload for payload, _ in server.dead("analysis.request")] == [bad], what="its five failures")
        until(lambda: not server.messages("analysis.request"), what="it is acked")


def test_what_was_refused_waits_in_postgres_until_there_is_room(system: Rig, person: Person) -> None:
    ids = upload(person, zipped({f"{n}.csv": some_log() for n in range(60)}), "a.zip").get_json()["ids"]
    more = [str(uploaded(person)) for _ in range(20)]
    waiting = len(system.waiting("analysis.request"))
    assert 10 < waiting < 80
    assert system.reconcile(overdue_sec=0.001)
    assert len(system.waiting("analysis.request")) == waiting, "there is no room yet"
    taken = []
    while batch := system.take("analysis.request"):
        taken += batch
        assert system.reconcile(overdue_sec=3600)  # what was taken is in work, not lost
    assert sorted(request["data"]["fileName"] for request in taken) == sorted(ids + more)
    assert {request["data"]["attempt"] for request in taken} == {1}


def test_averages_are_asked_for_when_there_is_room(system: Rig, person: Person) -> None:
    analysis_id = uploaded(person)
    system.take("analysis.request")
    fill(system.broker)
    system.analysed(success(analysis_id))  # what the stream cannot take is not this message's fault
    system.reconcile(overdue_sec=0.001)
    assert system.waiting("average.request") == []
    assert get(person, "/average")["status"] == "CALCULATING"
    system.broker.ask(lambda jetstream: jetstream.purge_stream(bus.STREAM))
    assert system.reconcile(overdue_sec=0.001)
    requests = system.take("average.request")
    assert {request["data"]["type"] for request in requests} == {"OVERALL", "YEARLY", "MONTHLY"}
    for request in requests:
        system.averaged(average_of(request))
    assert get(person, "/average")["status"] == "SUCCESS"


def test_a_stream_of_an_older_release_is_widened_and_keeps_what_it_holds(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had the requests' bytes and no more: one that stands still goes on with the new release."""
    monkeypatch.setattr(bus, "MAX_REQUEST_BYTES", REQUESTS)
    monkeypatch.setattr(bus, "MAX_STREAM_BYTES", REQUESTS)
    server.ask(bus.ensure_streams)
    held = fill(server)
    server.ask(lambda jetstream: jetstream.add_consumer(bus.STREAM, durable_name="analyse", filter_subject="*.request"))
    with pytest.raises(APIError):
        server.ask(lambda jetstream: jetstream.publish("analysis.result", b"reply"))
    before = state(server)

    monkeypatch.setattr(bus, "MAX_STREAM_BYTES", REQUESTS + ROOM)
    as_connector(server, bus.ensure_streams)
    assert (state(server).messages, state(server).first_seq) == (before.messages, before.first_seq)
    as_connector(server, lambda jetstream: jetstream.publish("analysis.result", b"reply"))
    assert [payload for payload, _ in server.messages("analysis.request")] == held
    info = server.ask(lambda jetstream: jetstream.consumer_info(bus.STREAM, "analyse"))
    assert info.num_pending == len(held)

    # And back: a connector of the older release beside this one, or a release taken back.
    monkeypatch.setattr(bus, "MAX_STREAM_BYTES", REQUESTS)
    as_connector(server, bus.ensure_streams)
    assert state(server).messages == before.messages + 1


def test_a_dead_letter_is_not_replayed_into_the_replies_room(server: NatsServer, small: None) -> None:
    server.ask(bus.ensure_streams)
    server.ask(lambda jetstream: jetstream.publish("dead.analysis.request", b"letter"))
    fill(server)

    async def again(jetstream: JetStreamContext) -> None:
        async for letter in letters(jetstream):
            await replay(jetstream, letter)

    with pytest.raises(ValueError, match="Letter 1 was not replayed"):
        as_connector(server, again)
    assert [payload for payload, _ in server.dead("analysis.request")] == [b"letter"]
    server.ask(lambda jetstream: jetstream.purge_stream(bus.STREAM))
    as_connector(server, again)
    assert not server.dead("analysis.request")
    assert [payload for payload, _ in server.messages("analysis.request")] == [b"letter"]
