"""The connector as a process: lanes, heartbeat, queue metrics and shutdown."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Final

import aiohttp
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from connector import health, metrics
from connector.broker import AWAY, Broker
from connector.call import http_session
from connector.lane import Lane
from connector.settings import ConnectorSettings
from connector.wake import Waker
from faplog import bus
from faplog.routes import Route

log = logging.getLogger(__name__)

CANCEL_AGAIN_SEC: Final = 0.2


async def serve(
    settings: ConnectorSettings,
    routes: Sequence[Route],
    bind: tuple[str, int],
    grace_sec: float,
    metrics_token: str | None = None,
) -> None:
    """Run until SIGTERM or SIGINT, then finish requests in flight for at most `grace_sec` seconds."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    broker = Broker(settings.nats_url, routes, settings.connector_ack_wait_sec)
    async with (
        http_session() as session,
        health.server(bind, broker, routes, metrics_token),
        asyncio.TaskGroup() as tasks,
    ):
        lanes = [
            Lane(
                route,
                broker,
                session,
                settings.secret,
                settings.connector_retry_sec,
                reply_route_of(route, routes),
                waker_of(route, routes, session),
            )
            for route in routes
        ]
        connection = tasks.create_task(broker.run())
        fetching = [tasks.create_task(lane.run()) for lane in lanes]
        beats = tasks.create_task(send_heartbeats(lanes, settings.connector_ack_wait_sec / 3))
        watch = tasks.create_task(watch_queues(broker, routes, settings.connector_watch_sec))

        await stopping.wait()
        log.info("stopping")
        for lane in lanes:
            lane.stop()
        await asyncio.wait(fetching, timeout=3 if broker.is_connected else 0.1)
        await asyncio.gather(*(lane.finish(grace_sec) for lane in lanes))
        await broker.close()
        await _end({watch, beats, *fetching, connection})
    log.info("stopped")


def reply_route_of(route: Route, routes: Sequence[Route]) -> Route | None:
    """Return the route of the function that takes the replies of `route`, if there is one."""
    for other in routes:
        if route.reply_topic and fnmatchcase(route.reply_topic, other.topic):
            return other
    return None


def waker_of(route: Route, routes: Sequence[Route], session: aiohttp.ClientSession) -> Waker | None:
    """Return what wakes the function that will have work after that of `route`, if there is one."""
    return next((Waker(session, other.url) for other in routes if other.function == route.wakes), None)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel tasks repeatedly until each has ended, because nats-py swallows a cancellation while it closes."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=CANCEL_AGAIN_SEC)


async def send_heartbeats(lanes: Sequence[Lane], every_sec: float) -> None:
    """Tell NATS at intervals of every message that is still in work, until cancelled."""
    while True:
        await asyncio.sleep(every_sec)
        try:
            for lane in lanes:
                await lane.heartbeat()
        except Exception:
            log.exception("a heartbeat failed")


async def watch_queues(broker: Broker, routes: Sequence[Route], every_sec: float) -> None:
    """Update queue length, age of the oldest message and number of dead letters at intervals."""
    while True:
        await broker.client()
        try:
            if jetstream := broker.jetstream:
                await _measure(jetstream, routes)
        except AWAY:
            pass  # the connection tells of it
        except Exception:
            log.exception("looking at the queues failed")
        await asyncio.sleep(every_sec)


async def _measure(jetstream: JetStreamContext, routes: Sequence[Route]) -> None:
    """Publish as metrics what waits in the streams."""
    for route in routes:
        info = await jetstream.consumer_info(bus.STREAM, route.function)
        waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
        metrics.queue(route.function, waiting, await _oldest_sec(jetstream, route.topic) if waiting else 0)
    metrics.dead_letters((await jetstream.stream_info(bus.STREAM_DEAD)).state.messages)


async def _oldest_sec(jetstream: JetStreamContext, topic: str) -> float:
    try:
        oldest = await jetstream.get_msg(bus.STREAM, seq=1, subject=topic, next=True)
    except NotFoundError:
        return 0.0
    return (datetime.now(UTC) - oldest.time).total_seconds() if oldest.time else 0.0
