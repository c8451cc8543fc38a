"""The connection to NATS. It is replaced when lost, and streams and consumers exist before it is used."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import APIError, NoStreamResponseError

from faplog import bus
from faplog.routes import Route

log = logging.getLogger(__name__)

INBOX_PREFIX: Final = bus.inbox_prefix("connector")
LONGEST_PAUSE_SEC: Final = 5.0
PUBLISH_TIMEOUT_SEC: Final = 5.0
CLOSED_CHECK_SEC: Final = 1.0
"""Interval at which the connection is checked, because nats-py does not always call `closed_cb`."""
MAX_ACK_PENDING: Final = 10_000
"""Messages of one function that may be delivered and not yet acknowledged: in work, or waiting for a retry."""
CONSUMER_OVERLAPS: Final = 10100
NOT_STORED: Final = 10077
"""The stream, or the disk under it, is full."""
AWAY: Final = (NatsError, OSError, TimeoutError)
"""Errors of nats-py while the server is not available or does not answer."""


class Broker:
    """One connection at a time. A lost connection is replaced, never resumed, so that no stale state survives."""

    def __init__(self, url: str, routes: Sequence[Route], ack_wait_sec: float) -> None:
        self._url = url
        self._routes = routes
        self._ack_wait_sec = ack_wait_sec
        self._client: Client | None = None
        self._connected = asyncio.Event()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, with streams and consumers in place."""
        return self._client is not None and self._client.is_connected

    @property
    def jetstream(self) -> JetStreamContext | None:
        """JetStream on the current connection, or None without one."""
        return self._client.jetstream(timeout=PUBLISH_TIMEOUT_SEC) if self._client else None

    async def client(self) -> Client:
        """Return the current connection; wait for the next one while NATS is not available."""
        while not (self._client and self._client.is_connected):
            await self._connected.wait()
            await asyncio.sleep(0.02)
        return self._client

    async def run(self) -> None:
        """Keep connected until cancelled."""
        pause_sec = 0.1
        while True:
            try:
                async with self._session() as (client, closed):
                    self._client = client
                    self._connected.set()
                    log.info("connected to NATS", extra={"server": str(client.connected_server_version)})
                    pause_sec = 0.1
                    while not client.is_closed:  # nats-py skips `closed_cb` if the server goes while data is unsent
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(closed.wait(), CLOSED_CHECK_SEC)
                log.warning("connection to NATS lost")
            except AWAY as error:
                log.warning("NATS is away", extra={"reason": reason(error), "retry_sec": pause_sec})
                await asyncio.sleep(pause_sec)
                pause_sec = min(pause_sec * 2, LONGEST_PAUSE_SEC)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[tuple[Client, asyncio.Event]]:
        closed = asyncio.Event()

        async def on_closed() -> None:
            self._connected.clear()
            closed.set()

        async def on_error(error: Exception) -> None:
            if client.is_connected:
                log.warning("NATS reports an error", extra={"reason": reason(error)})

        client = Client()
        try:
            await client.connect(
                self._url,
                name="faplog-connector",
                inbox_prefix=INBOX_PREFIX,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=3,
                ping_interval=10,
                max_outstanding_pings=2,
                closed_cb=on_closed,
                error_cb=on_error,
            )
            await self.ensure(client)
            yield client, closed
        finally:
            self._client = None
            self._connected.clear()
            await client.close()

    async def ensure(self, client: Client) -> None:
        """Create the streams and consumers, or update them to the current configuration."""
        jetstream = client.jetstream(timeout=PUBLISH_TIMEOUT_SEC)
        await bus.ensure_streams(jetstream)
        for route in self._routes:
            try:
                await jetstream.add_consumer(bus.STREAM, consumer(route, self._ack_wait_sec))
            except APIError as error:
                if error.err_code != CONSUMER_OVERLAPS:
                    raise
                log.error(  # noqa: TRY400  (a matter for the operator, a traceback would not help)
                    "another consumer takes messages of this topic; remove it",
                    extra={"function": route.function, "topic": route.topic, "reason": reason(error)},
                )

    async def publish(self, subject: str, payload: bytes, headers: dict[str, str], *, while_full: bool = True) -> bool:
        """Publish a message and wait until it is stored, retrying while NATS is not available.

        Args:
            subject: Where to publish.
            payload: The message's body.
            headers: Its headers; they hold a message id, so that a retry makes no duplicate.
            while_full: Whether to retry while the stream is full, too.

        Returns:
            True once stored. False only with `while_full=False`, where the stream is full.
        """
        pause_sec = 0.1
        while True:
            client = await self.client()
            try:
                await client.jetstream().publish(subject, payload, timeout=PUBLISH_TIMEOUT_SEC, headers=headers)
            except AWAY as error:
                if not while_full and isinstance(error, APIError) and error.err_code == NOT_STORED:
                    return False
                log.warning("publishing failed, trying again", extra={"subject": subject, "reason": reason(error)})
                if isinstance(error, NoStreamResponseError):
                    with contextlib.suppress(*AWAY):
                        await self.ensure(client)
                await asyncio.sleep(pause_sec)
                pause_sec = min(pause_sec * 2, LONGEST_PAUSE_SEC)
            else:
                return True

    async def acknowledge(self, reply: str, kind: bytes) -> bool:
        """Send an acknowledgement (`+ACK`, `-NAK`, `+WPI`) for a delivered message.

        It may go over another connection than the message came on.

        Returns:
            Whether it could be sent now.
        """
        client = self._client
        if not (client and client.is_connected):
            return False
        try:
            await client.publish(reply, kind)
        except AWAY:
            return False
        return True

    async def close(self) -> None:
        """Flush what is still to be sent."""
        if self._client and self._client.is_connected:
            with contextlib.suppress(*AWAY):
                await self._client.flush(timeout=2)

    @property
    def max_payload(self) -> int:
        """The size limit of a message with its headers, in bytes; 1 MiB, NATS' default, while it is not available."""
        return self._client.max_payload if self._client else 1 << 20


def consumer(route: Route, ack_wait_sec: float) -> ConsumerConfig:
    """Return the durable pull consumer of a function. The connector counts tries, so deliveries are not limited."""
    return ConsumerConfig(
        durable_name=route.function,
        filter_subject=route.topic,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait_sec,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
    )


def reason(error: BaseException) -> str:
    """Return an error in few words, without addresses or credentials."""
    if isinstance(error, APIError):
        return f"{error.code} {error.description}"
    return type(error).__name__ if isinstance(error, OSError) else f"{type(error).__name__} {error}".strip()
