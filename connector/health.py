"""Health, readiness and metrics of the connector over HTTP."""

import contextlib
import hmac
import logging
from collections.abc import AsyncIterator, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from connector import metrics
from connector.broker import Broker
from faplog.routes import Route

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def server(
    bind: tuple[str, int], broker: Broker, routes: Sequence[Route], metrics_token: str | None = None
) -> AsyncIterator[None]:
    """Serve /healthz, /readyz and /metrics at host and port (0 takes a free one, which is logged).

    /healthz is 200 as long as the process works, also without NATS, since a restart would not bring NATS back.
    /readyz is 503 without NATS. /metrics is 401 without the bearer token, if there is one.
    """

    def state() -> dict[str, object]:
        return {
            "status": "ok" if broker.is_connected else "degraded",
            "nats": "connected" if broker.is_connected else "away",
            "functions": [route.function for route in routes],
        }

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response(state())

    async def readyz(_: web.Request) -> web.Response:
        return web.json_response(state(), status=200 if broker.is_connected else 503)

    async def metrics_page(request: web.Request) -> web.Response:
        if metrics_token:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {metrics_token}".encode()):
                return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        metrics.CONNECTED.set(broker.is_connected)
        return web.Response(body=generate_latest(metrics.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics_page)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, *bind).start()
        log.info("listening", extra={"address": "{}:{}".format(*runner.addresses[0][:2])})
        yield
    finally:
        await runner.cleanup()
