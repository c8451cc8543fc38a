"""The lane of one function: fetches messages for its free slots and handles each to its end."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
from nats.aio.client import Client
from nats.aio.msg import Msg

from connector import metrics
from connector.answer import MAX_TRIES, Answer, Outcome, after_resets, retry_delay_sec
from connector.backlog import Backlog
from connector.broker import AWAY, Broker, reason
from connector.call import call, report
from connector.gate import Gate
from connector.message import Message, Outgoing, dead_letter, next_try, reply
from connector.wake import Waker
from faplog import bus, telemetry
from faplog.contracts.messages import DELAYED
from faplog.routes import Route

log = logging.getLogger(__name__)

PULL_SEC: Final = 20.0
"""Lifetime of one pull request before it is renewed."""
SILENCE_SEC: Final = PULL_SEC + 10
"""Silence of NATS after which the pull requests count as lost."""
FIRST_PAUSE_SEC: Final = 0.1
LONGEST_PAUSE_SEC: Final = 5.0
"""Longest pause between attempts to fetch while stream or consumer are missing or changed."""
HEADER_ROOM_BYTES: Final = 1024
"""Room kept free beside a reply for its headers."""
HEADER_NOT_DELIVERED: Final = "Nats-Pending-Messages"
"""Header of the status that ends a pull request: of how many messages it was, less those delivered."""


class Lane:
    """Fetches only as many messages as it has free slots; the rest waits in the stream for any connector.

    Of a function that takes batches it fetches two batches ahead.
    """

    def __init__(
        self,
        route: Route,
        broker: Broker,
        session: aiohttp.ClientSession,
        secret: str,
        retry_sec: float,
        reply_route: Route | None = None,
        waker: Waker | None = None,
    ) -> None:
        """Serve one route.

        Args:
            route: the function and its topic.
            broker: the connection to NATS.
            session: the HTTP client.
            secret: the connector secret.
            retry_sec: the pause before the second try of a failed message.
            reply_route: the function that takes the replies; it is told of failed tries.
            waker: of the function that will have work next.
        """
        self.route = route
        self._reply_route = reply_route
        self._waker = waker
        self.gate = Gate()
        self._broker = broker
        self._session = session
        self._secret = secret
        self._retry_sec = retry_sec
        self._held: dict[int, Message] = {}
        self._backlog = Backlog(route.batch)
        self._start_later: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._requested = 0
        self._heard_at = 0.0
        self._lost = False
        self._pause_sec = FIRST_PAUSE_SEC

    async def run(self) -> None:
        """Fetch and deliver until `stop`."""
        while not self.gate.ended:
            client = await self._broker.client()
            try:
                async with self._inbox(client) as inbox:
                    await self._fetch(client, inbox)
                if self._lost and client.is_connected:
                    await asyncio.sleep(self._pause_sec)
                    self._pause_sec = min(self._pause_sec * 2, LONGEST_PAUSE_SEC)
                    await self._broker.ensure(client)
            except AWAY as error:
                log.warning("fetching failed", extra={"function": self.route.function, "reason": reason(error)})
                await asyncio.sleep(FIRST_PAUSE_SEC)

    def stop(self) -> None:
        """Fetch no more, and return messages that wait for their function to the stream."""
        self.gate.end()
        self._changed.set()

    async def finish(self, grace_sec: float) -> None:
        """Wait for requests in flight, at most `grace_sec` seconds; the stream delivers the others again."""
        for message in self._backlog.clear():
            await self._broker.acknowledge(message.reply, Msg.Ack.Nak)
            self._release(message)
        if self._work:
            _, late = await asyncio.wait(self._work, timeout=grace_sec)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._waker:
            await self._waker.stop()

    async def heartbeat(self) -> None:
        """Report to NATS that every held message is still in work."""
        for message in list(self._held.values()):
            await self._broker.acknowledge(message.reply, Msg.Ack.Progress)

    @contextlib.asynccontextmanager
    async def _inbox(self, client: Client) -> AsyncIterator[str]:
        inbox = client.new_inbox()
        subscription = await client.subscribe(inbox, cb=self._on_message)
        self._requested, self._lost = 0, False
        self._heard_at = asyncio.get_running_loop().time()
        try:
            yield inbox
        finally:
            with contextlib.suppress(*AWAY):
                # Drain, so that messages already sent are returned at once instead of after ack_wait.
                async with asyncio.timeout(2):
                    await subscription.drain()  # type: ignore[no-untyped-call]

    async def _fetch(self, client: Client, inbox: str) -> None:
        """Keep pull requests open for as many messages as there is room, until the lane stops or they are lost."""
        loop = asyncio.get_running_loop()
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{bus.STREAM}.{self.route.function}"
        while client.is_connected and not self.gate.ended and not self._lost:
            self._changed.clear()
            metrics.PAUSED.labels(self.route.function).set(not self.gate.is_open)
            free_slots = self.route.concurrency - len(self._work)
            if self.gate.is_open and (room := self._backlog.room(self._requested, free_slots)) > 0:
                if self._requested == 0:
                    self._heard_at = loop.time()
                self._requested += room
                request = {"batch": room, "expires": int(PULL_SEC * 1e9)}
                await client.publish(subject, json.dumps(request).encode(), reply=inbox)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._changed.wait()
            if self._requested and loop.time() - self._heard_at > SILENCE_SEC:
                self._lost = True

    async def _on_message(self, msg: Msg) -> None:
        """Handle a message, or a status that ends one of our pull requests."""
        self._heard_at = asyncio.get_running_loop().time()
        headers = msg.headers or {}
        status = headers.get("Status")
        ended = int(headers.get(HEADER_NOT_DELIVERED, "1")) if status else 1
        self._requested = max(self._requested - ended, 0)
        self._changed.set()
        if status:
            # 404, 408: no message came in time. Everything else: the consumer or the stream has changed.
            self._lost = self._lost or status not in ("404", "408")
            return
        self._pause_sec = FIRST_PAUSE_SEC
        message = Message.of(msg)
        if self.gate.ended:
            await self._broker.acknowledge(message.reply, Msg.Ack.Nak)
        elif message.sequence not in self._held:
            self._held[message.sequence] = message
            metrics.IN_FLIGHT.labels(self.route.function).set(len(self._held))
            self._backlog.add(message, self._heard_at)
            self._start()

    def _start(self) -> None:
        """Start the requests that may leave now, and come back when the next one may."""
        loop = asyncio.get_running_loop()
        if self._start_later:
            self._start_later.cancel()
            self._start_later = None
        while not self.gate.ended and len(self._work) < self.route.concurrency:
            wait_sec = self._backlog.due_in(loop.time(), len(self._work))
            if wait_sec is None:
                return
            if wait_sec > 0:
                self._start_later = loop.call_later(wait_sec, self._start)
                return
            task = asyncio.create_task(self._handle_all(self._backlog.take()))
            self._work.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._start()
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("delivery failed unexpectedly", exc_info=error, extra={"function": self.route.function})

    async def _handle_all(self, batch: list[Message]) -> None:
        """Handle messages together, or one by one where there is one only, and where a batch has failed."""
        left = batch
        try:
            if len(left) > 1:
                left = await self._deliver_together(left)
            while left:
                await self._handle(left.pop(0))
        finally:
            for message in left:
                self._release(message)

    async def _deliver_together(self, batch: list[Message]) -> list[Message]:
        """Deliver messages by one request. Nothing is counted against one of them if that fails.

        Returns:
            The messages that are still to be delivered, one by one.
        """
        if not await self.gate.wait():
            return batch
        if self._waker:
            self._waker.wake()
        with contextlib.ExitStack() as spans:
            traces = []
            for message in batch:
                span = telemetry.span(f"deliver {message.subject}", message.traceparent, "consumer")
                spans.enter_context(span)
                traces.append(telemetry.traceparent() or message.traceparent)
            answers = await self._call(batch, None)
            if answers[0].outcome is not Outcome.DONE:
                log.warning(
                    "a batch failed, delivering its messages one by one",
                    extra={"function": self.route.function, "reason": answers[0].reason.split(":")[0]},
                )
                return batch
            self.gate.open()
            await asyncio.gather(*map(self._finish, batch, answers, traces))
        answered, left = batch[: len(answers)], batch[len(answers) :]
        for message in answered:
            self._release(message)
        if self.gate.ended:
            return left
        self._backlog.put_back(left, asyncio.get_running_loop().time())
        return []

    def _release(self, message: Message) -> None:
        self._held.pop(message.sequence, None)
        metrics.IN_FLIGHT.labels(self.route.function).set(len(self._held))

    async def _handle(self, message: Message) -> None:
        try:
            wait_sec = message.wait_sec(retry_delay_sec(MAX_TRIES, self._retry_sec))
            if wait_sec > 0:
                await self._give_back(message, wait_sec)
                return
            with telemetry.span(f"deliver {message.subject}", message.traceparent, "consumer"):
                await self._deliver(message)
        finally:
            self._release(message)

    async def _deliver(self, message: Message) -> None:
        traceparent = telemetry.traceparent() or message.traceparent
        resets = 0
        while True:
            if not await self.gate.wait():
                await self._broker.acknowledge(message.reply, Msg.Ack.Nak)
                return
            if self._waker:
                self._waker.wake()
            (answer,) = await self._call([message], traceparent)
            if answer.outcome not in (Outcome.DONE, Outcome.HOLD) and resets == 0:
                await self._report_delay(message, traceparent)
            if answer.outcome is Outcome.RESET:
                resets += 1
                answer = after_resets(answer, resets)
            if answer.outcome not in (Outcome.HOLD, Outcome.RESET):
                break
            self.gate.shut(answer.retry_after_sec)
            self._changed.set()
            log.warning(
                "function is not available", extra=self._fields(message) | {"reason": answer.reason.split(":")[0]}
            )
        self.gate.open()
        self._changed.set()
        await self._finish(message, answer, traceparent)

    async def _finish(self, message: Message, answer: Answer, traceparent: str | None) -> None:
        """Publish what the answer to a message leads to, and acknowledge the message."""
        outgoing = self._outgoing(message, answer, traceparent)
        if outgoing:
            again = outgoing.subject == message.subject
            headers = outgoing.headers
            if not await self._broker.publish(outgoing.subject, outgoing.payload, headers, while_full=not again):
                # Waiting for room would hold the slot whose replies make room.
                log.warning("no room for a retry, failure not counted", extra=self._fields(message))
                await self._give_back(message, retry_delay_sec(message.tries + 1, self._retry_sec))
                return
        while not await self._broker.acknowledge(message.reply, Msg.Ack.Ack):
            await asyncio.sleep(0.02)
            await self._broker.client()

    async def _give_back(self, message: Message, wait_sec: float) -> None:
        """Return the message to NATS, which delivers it to any connector after `wait_sec` seconds."""
        delay = json.dumps({"delay": int(wait_sec * 1e9)}).encode()
        await self._broker.acknowledge(message.reply, Msg.Ack.Nak + b" " + delay)

    async def _call(self, batch: list[Message], traceparent: str | None) -> list[Answer]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        limit = self._broker.max_payload - HEADER_ROOM_BYTES
        answers = await call(self._session, self.route, self._secret, batch, traceparent, limit)
        metrics.delivered(self.route.function, answers[0].outcome, loop.time() - start)
        return answers

    async def _report_delay(self, message: Message, traceparent: str | None) -> None:
        """Tell the function that takes the replies that a try has failed. A hint: one that is lost is not repeated."""
        topic = DELAYED.get(message.subject)
        if topic is None or self._reply_route is None:
            return
        answer = await report(self._session, self._reply_route, self._secret, topic, message.payload, traceparent)
        if answer.outcome is not Outcome.DONE:
            log.warning("delay not reported", extra=self._fields(message) | {"reason": answer.reason.split(":")[0]})

    def _outgoing(self, message: Message, answer: Answer, traceparent: str | None) -> Outgoing | None:
        """Return what is published before the message is acknowledged."""
        if answer.outcome is Outcome.DONE:
            log.debug("delivered", extra=self._fields(message))
            if not (self.route.reply_topic and answer.reply):
                return None
            return reply(message, self.route.reply_topic, answer.reply, traceparent)
        limit = self._broker.max_payload
        tries = message.tries + 1
        fields = self._fields(message) | {"tries": tries, "reason": answer.reason.split(":")[0]}
        if answer.outcome is Outcome.FAILED and tries < MAX_TRIES:
            again = next_try(message, tries, retry_delay_sec(tries, self._retry_sec))
            if again.size <= limit:
                log.warning("function failed, retrying later", extra=fields)
                return again
        log.error("message became a dead letter", extra=fields)
        return dead_letter(message, tries, answer.reason, limit)

    def _fields(self, message: Message) -> dict[str, object]:
        return {"function": self.route.function, "subject": message.subject, "message_id": message.identity}
