"""The HTTP request that hands a message to its function, and the answer that came back."""

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
import orjson

from connector.answer import Answer, Outcome, outcome_of
from connector.message import Message
from faplog.contracts.messages import BATCH, HEADER_SECRET, HEADER_TOPIC
from faplog.routes import Route

JSON: Final = "application/json"
CONNECT_TIMEOUT_SEC: Final = 5.0
REPORT_TIMEOUT_SEC: Final = 5.0
"""How long the report of a failed try may take; it delays the next one."""
MAX_EXPLANATION_BYTES: Final = 8192
IDLE_CONNECTION_SEC: Final = 15


def http_session() -> aiohttp.ClientSession:
    """Return the HTTP client.

    It keeps idle connections for a shorter time than functions do, so that few break on reuse.
    """
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_CONNECTION_SEC)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)


async def call(
    session: aiohttp.ClientSession,
    route: Route,
    secret: str,
    batch: Sequence[Message],
    traceparent: str | None,
    limit: int,
) -> list[Answer]:
    """POST messages of one subject to the root of their function: one as it is, several each on a line.

    Args:
        session: The HTTP client.
        route: The function.
        secret: The connector secret, which proves who sends.
        batch: The messages.
        traceparent: The W3C trace context to pass on.
        limit: Maximum size of one reply in bytes.

    Returns:
        The answers to all messages, or to the first ones, all DONE; or one other answer to the whole request. Network
        and HTTP errors become one, too.
    """
    headers = _headers(batch[0].subject, secret, traceparent, JSON if len(batch) == 1 else BATCH)
    body = b"\n".join(message.payload for message in batch)
    whole = await _post(session, route, headers, body, (limit + 1) * len(batch) - 1)
    if len(batch) == 1 or whole.outcome is not Outcome.DONE:
        return [whole]
    if not route.reply_topic:
        return [whole] * len(batch)
    replies = whole.reply.split(b"\n")
    if len(replies) > len(batch) or not all(0 < len(reply) <= limit for reply in replies):
        return [Answer(Outcome.FAILED, "the replies do not match the messages")]
    return [Answer(Outcome.DONE, reply=reply) for reply in replies]


async def _post(
    session: aiohttp.ClientSession, route: Route, headers: dict[str, str], body: bytes, limit: int
) -> Answer:
    timeout = aiohttp.ClientTimeout(total=route.timeout_sec, sock_connect=CONNECT_TIMEOUT_SEC)
    try:
        async with session.post(
            route.url, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return await _read(response, route, limit)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return Answer(Outcome.HOLD, f"not reachable ({type(error).__name__})")
    except TimeoutError:
        return Answer(Outcome.FAILED, f"no answer within {route.timeout_sec:g} s")
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError) as error:
        return Answer(Outcome.RESET, f"connection broke before the answer was complete ({type(error).__name__})")
    except aiohttp.ClientError as error:
        return Answer(Outcome.FAILED, f"not an HTTP answer ({type(error).__name__})")


async def report(
    session: aiohttp.ClientSession, route: Route, secret: str, topic: str, payload: bytes, traceparent: str | None
) -> Answer:
    """POST a payload under another topic than it came on. DONE if it was taken; never raises for HTTP."""
    timeout = aiohttp.ClientTimeout(total=REPORT_TIMEOUT_SEC)
    headers = _headers(topic, secret, traceparent, JSON)
    try:
        async with session.post(
            route.url, data=payload, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return Answer(outcome_of(response.status), f"HTTP {response.status}")
    except (TimeoutError, aiohttp.ClientError) as error:
        return Answer(Outcome.HOLD, type(error).__name__)


def _headers(topic: str, secret: str, traceparent: str | None, content_type: str) -> dict[str, str]:
    headers = {"Content-Type": content_type, HEADER_TOPIC: topic, HEADER_SECRET: secret}
    return headers | ({"traceparent": traceparent} if traceparent else {})


async def _read(response: aiohttp.ClientResponse, route: Route, limit: int) -> Answer:
    outcome = outcome_of(response.status)
    if outcome is not Outcome.DONE:
        explanation = explanation_of(await _up_to(response, MAX_EXPLANATION_BYTES))
        reason = f"HTTP {response.status}{explanation and ': ' + explanation}"
        return Answer(outcome, reason, retry_after_sec=_retry_after(response))
    body = await _up_to(response, limit + 1)
    if len(body) > limit:
        return Answer(Outcome.FAILED, f"the reply is longer than the {limit} bytes a message may have")
    if not body and route.reply_topic and response.status != 204:
        return Answer(Outcome.FAILED, f"HTTP {response.status} without a reply for {route.reply_topic}")
    return Answer(Outcome.DONE, reply=body)


async def _up_to(response: aiohttp.ClientResponse, limit: int) -> bytes:
    try:
        return await response.content.readexactly(limit)
    except asyncio.IncompleteReadError as error:
        return error.partial


def explanation_of(body: bytes) -> str:
    """Return the message of an error body `{"statusCode", "error", "message"}`; empty for any other body."""
    try:
        document = orjson.loads(body)  # the standard json module raises RecursionError on deep nesting
    except orjson.JSONDecodeError:
        return ""
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else ""


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None
