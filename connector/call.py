"""One message POSTed to its function: what came back, as an answer that can be judged."""

import asyncio
from typing import Final

import aiohttp
import orjson

from connector.answer import Answer, Verdict, judge
from connector.message import Message
from faplog.contracts.messages import HEADER_SECRET, HEADER_TOPIC
from faplog.routes import Route

CONNECT_TIMEOUT_SEC: Final = 5.0
REPORT_TIMEOUT_SEC: Final = 5.0
"""How long the report of a failed try may take; it delays the next one."""
MAX_EXPLANATION_BYTES: Final = 8192
IDLE_CONNECTION_SEC: Final = 15


def http_session() -> aiohttp.ClientSession:
    """The HTTP client: connections are kept, shorter than a function keeps them, so that few break on reuse."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SEC)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


async def call(
    session: aiohttp.ClientSession, route: Route, secret: str, message: Message, traceparent: str | None, limit: int
) -> Answer:
    """POST the message to the function's root. `limit` is how many bytes a reply may have; never raises for HTTP."""
    headers = _headers(message.subject, secret, traceparent)
    timeout = aiohttp.ClientTimeout(total=route.timeout_sec, sock_connect=CONNECT_TIMEOUT_SEC)
    try:
        async with session.post(
            route.url, data=message.payload, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return await _read(response, route, limit)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return Answer(Verdict.HOLD, f"not reachable ({type(error).__name__})")
    except TimeoutError:
        return Answer(Verdict.FAILED, f"no answer within {route.timeout_sec:g} s")
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError) as error:
        return Answer(Verdict.RESET, f"connection broke before the answer was complete ({type(error).__name__})")
    except aiohttp.ClientError as error:
        return Answer(Verdict.FAILED, f"not an HTTP answer ({type(error).__name__})")


async def report(
    session: aiohttp.ClientSession, route: Route, secret: str, topic: str, payload: bytes, traceparent: str | None
) -> Answer:
    """POST a payload under another topic than it came on. DONE if it was taken; never raises for HTTP."""
    timeout = aiohttp.ClientTimeout(total=REPORT_TIMEOUT_SEC)
    headers = _headers(topic, secret, traceparent)
    try:
        async with session.post(
            route.url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return Answer(judge(response.status), f"HTTP {response.status}")
    except (TimeoutError, aiohttp.ClientError) as error:
        return Answer(Verdict.HOLD, type(error).__name__)


def _headers(topic: str, secret: str, traceparent: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", HEADER_TOPIC: topic, HEADER_SECRET: secret}
    return headers | ({"traceparent": traceparent} if traceparent else {})


async def _read(response: aiohttp.ClientResponse, route: Route, limit: int) -> Answer:
    verdict = judge(response.status)
    if verdict is not Verdict.DONE:
        explanation = explanation_of(await _up_to(response, MAX_EXPLANATION_BYTES))
        reason = f"HTTP {response.status}{explanation and ': ' + explanation}"
        return Answer(verdict, reason, retry_after_sec=_retry_after(response))
    body = await _up_to(response, limit + 1)
    if len(body) > limit:
        return Answer(Verdict.FAILED, f"the reply is longer than the {limit} bytes a message may have")
    if not body and route.reply_topic and response.status != 204:
        return Answer(Verdict.FAILED, f"HTTP {response.status} without a reply for {route.reply_topic}")
    return Answer(Verdict.DONE, reply=body)


async def _up_to(response: aiohttp.ClientResponse, limit: int) -> bytes:
    try:
        return await response.content.readexactly(limit)
    except asyncio.IncompleteReadError as error:
        return error.partial


def explanation_of(body: bytes) -> str:
    """The sentence of an error answer `{"statusCode", "error", "message"}`; empty if it is something else."""
    try:
        document = orjson.loads(body)  # json's own raises RecursionError for what is nested too deep
    except orjson.JSONDecodeError:
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
