"""Publishing of messages: one daemon thread per worker owns the event loop and the NATS connection.

Postgres is the source of truth; publishing only speeds things up. If a message cannot be published now, because NATS
is away or the stream is full, the caller learns it at once. Its row is marked, and `Resender` or reconcile publishes it
later.
"""

import asyncio
import logging
import os
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar

from faplog import bus
from faplog.errors import Unavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

log = logging.getLogger(__name__)

PUBLISH_SEC: Final = 1.0
"""How long one message may take to be stored by the stream."""

FIRST_CONNECT_SEC: Final = 1.0
"""How long the first publish of a process waits for the connection; later ones do not wait."""

BATCH: Final = 64
"""Messages published at once."""

MAX_ALLOWANCE_BYTES: Final = 4 << 20
_ALLOWANCE_SHARE: Final = 64
"""After a look at the size of the stream, a process publishes this share of the room, at most `MAX_ALLOWANCE_BYTES`,
before it looks again."""
_OVERHEAD_BYTES: Final = 512
"""What a message takes in the stream beside its payload, at most: subject, headers, length."""

_CANCEL_AGAIN_SEC: Final = 0.2

_LOOK_SEC: Final = 1.0
"""How often the connection is checked for having been closed for good, which nats-py does not always report."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. The stream recognises duplicates by its `message_id`."""

    subject: str
    payload: bytes
    message_id: str
    traceparent: str | None = None


class Publisher:
    """Publishes from any thread. Nothing starts before `start` or the first use."""

    def __init__(self, url: str) -> None:
        self.resend = Event()
        """Set when there is a new connection or rows were marked as unsent; `Resender` waits for it."""
        self.refused = False
        """Whether the stream did not accept all of the last messages of this process."""
        self._url = url
        self._lock = Lock()
        self._pid: int | None = None
        self._started_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._connecting: Future[None] | None = None
        self._allowance_bytes = 0
        """How much may be published before the next look at the size of the stream; used in the loop only."""

    def start(self, wait_sec: float = 0) -> bool:
        """Connect in the background, and return whether that succeeded within `wait_sec` seconds."""
        _, connecting = self._started()
        return bool(wait([connecting], wait_sec).done)

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish messages, and return for each whether it is in the stream. Returns at once while NATS is away."""
        stored: list[bool] = []
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            stored += self._publish_batch(batch)
        if stored:
            self.refused = not all(stored)
        return stored

    def connected(self) -> bool:
        """Return whether there is a connection. The first call of a process starts it and waits a moment for it."""
        loop, connecting = self._started()
        wait_sec = self._started_at + FIRST_CONNECT_SEC - time.monotonic()
        if wait_sec > 0:
            wait([connecting], wait_sec)
        return loop.is_running() and self._client is not None and self._client.is_connected

    def ask(self, question: "Coroutine[Any, Any, T]", timeout_sec: float) -> T:
        """Run a coroutine on the connection's loop. Raises `Unavailable` if it takes longer or NATS is away."""
        loop, _ = self._started()
        future = asyncio.run_coroutine_threadsafe(question, loop)
        try:
            return future.result(timeout_sec)
        except FutureTimeout:
            future.cancel()
            raise Unavailable("the broker did not answer (timeout)") from None

    def jetstream(self) -> "JetStreamContext":
        """JetStream on this connection, for use inside `ask`. Raises `Unavailable` while NATS is away."""
        if self._client is None or not self._client.is_connected:
            raise Unavailable("the broker did not answer (not connected)")
        return self._client.jetstream(timeout=PUBLISH_SEC)

    def close(self) -> None:
        """Close the connection and end the thread."""
        with self._lock:
            loop, self._loop = self._loop, None
            client, self._client = self._client, None
        if loop is None:
            return

        async def end() -> None:
            if client is not None:
                await client.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            while tasks:  # until each has ended: nats-py swallows a cancellation that comes while it closes
                for task in tasks:
                    task.cancel()
                _, tasks = await asyncio.wait(tasks, timeout=_CANCEL_AGAIN_SEC)

        asyncio.run_coroutine_threadsafe(end(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)

    def _publish_batch(self, messages: Sequence[Outgoing]) -> list[bool]:
        if not self.connected():
            log.warning("not published", extra={"messages": len(messages), "reason": "not connected to the broker"})
            return [False] * len(messages)
        try:
            return self.ask(self._publish(messages), PUBLISH_SEC * 2)
        except Unavailable as error:
            log.warning("not published", extra={"messages": len(messages), "reason": str(error)})
            return [False] * len(messages)

    async def _publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        from nats.errors import Error as NatsError

        jetstream = self.jetstream()
        size = sum(len(message.payload) + _OVERHEAD_BYTES for message in messages)
        if size > self._allowance_bytes:
            try:
                room = await bus.room(jetstream)
            except (NatsError, TimeoutError) as error:
                raise Unavailable(f"the broker did not answer ({type(error).__name__})") from error
            if room == 0:
                raise Unavailable("the stream holds as many requests as it may")
            self._allowance_bytes = min(room // _ALLOWANCE_SHARE, MAX_ALLOWANCE_BYTES)
        self._allowance_bytes -= size

        async def publish_one(message: Outgoing) -> bool:
            headers = {bus.HEADER_MESSAGE_ID: message.message_id}
            if message.traceparent:
                headers[bus.HEADER_TRACEPARENT] = message.traceparent
            await jetstream.publish(message.subject, message.payload, timeout=PUBLISH_SEC, headers=headers)
            return True

        outcomes = await asyncio.gather(*(publish_one(message) for message in messages), return_exceptions=True)
        if failed := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            log.warning("not published", extra={"messages": len(failed), "reason": type(failed[0]).__name__})
        return [outcome is True for outcome in outcomes]

    def _started(self) -> "tuple[asyncio.AbstractEventLoop, Future[None]]":
        """Return the loop and the future of its first connection; the first call of a process starts both."""
        with self._lock:
            if self._loop is not None and self._connecting is not None and self._pid == os.getpid():
                return self._loop, self._connecting
            self._pid, self._started_at = os.getpid(), time.monotonic()
            self._client = None
            self._loop = loop = asyncio.new_event_loop()
            Thread(target=self._run, args=[loop], name="publisher", daemon=True).start()
            self._connecting = Future()
            asyncio.run_coroutine_threadsafe(self._stay_connected(self._connecting), loop)
            return loop, self._connecting

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()

    async def _stay_connected(self, first: "Future[None]") -> None:
        """Connect, however long it takes, and again whenever the client has given up. Resolves `first` once."""
        while True:
            client = await self._connect()
            self._client = client
            self.resend.set()
            if not first.done():
                first.set_result(None)
            while not client.is_closed:
                await asyncio.sleep(_LOOK_SEC)
            if self._client is not client:  # closed by `close`
                return
            log.warning("broker connection closed")
            await asyncio.sleep(1)

    async def _connect(self) -> "Client":
        """Connect, however long it takes. Later the client reconnects itself, unless the server rejects it."""
        from nats.aio.client import Client
        from nats.errors import Error as NatsError

        async def log_error(error: Exception) -> None:
            log.info("broker", extra={"reason": type(error).__name__})

        async def wake_resender() -> None:
            self.resend.set()

        while True:
            client = Client()
            try:
                await client.connect(
                    self._url,
                    name="faplog-api",
                    inbox_prefix=bus.inbox_prefix("api"),
                    connect_timeout=2,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=log_error,
                    reconnected_cb=wake_resender,
                )
            except (NatsError, OSError, TimeoutError) as error:
                log.warning("broker away", extra={"reason": type(error).__name__})
                await asyncio.sleep(1)
                continue
            except asyncio.CancelledError:
                await client.close()  # or the socket of the current attempt stays open
                raise
            return client
