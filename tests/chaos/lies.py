"""Unrequested messages, put on the system's own stream with the connector's credentials."""

import asyncio
from collections.abc import Sequence
from typing import Any

import nats
import orjson
from nats.js import JetStreamContext

from faplog import bus
from faplog.contracts.analysis import ANALYSIS_VERSION
from tests.conftest import Stack

Said = tuple[str, dict[str, Any]]
"""A subject and what is published on it."""


def publish(stack: Stack, messages: Sequence[Said]) -> None:
    """Put the messages on the stream in this order, each as new to it."""

    async def put(jetstream: JetStreamContext) -> None:
        for subject, message in messages:
            await jetstream.publish(subject, orjson.dumps(message), timeout=10)

    asyncio.run(_with_stream(stack, put))


def first_waiting(stack: Stack, subject: str) -> bytes | None:
    """Return the oldest message of a subject that is in the stream, left there."""
    found: list[bytes] = []

    async def look(jetstream: JetStreamContext) -> None:
        message = await jetstream.get_msg(bus.STREAM, seq=1, subject=subject, next=True)
        found.append(message.data or b"")

    try:
        asyncio.run(_with_stream(stack, look))
    except nats.js.errors.NotFoundError:
        return None
    return found[0]


async def _with_stream(stack: Stack, action: Any) -> None:
    client = await nats.connect(
        (stack.secrets / "faplog-connector-nats").read_text("utf-8").strip(), inbox_prefix=bus.inbox_prefix("connector")
    )
    try:
        await action(client.jetstream(timeout=10))
    finally:
        await client.close()


def result(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the result of an analysis as its function would say it again."""
    same = {key: one[key] for key in ("status", "message", "analysis", "fapRegen", "logDate", "distance")}
    return {"analysisId": one["id"], **same, "attempt": 1, "version": ANALYSIS_VERSION} | more


def failure(analysis_id: str, **more: Any) -> dict[str, Any]:
    """Return a result that says a log could not be read."""
    said = {"status": "Failed", "message": "Failed to read csv file: a lie.", "analysis": None, "fapRegen": False}
    return {"analysisId": analysis_id, **said, "logDate": None, "distance": None} | more


def average(user: str, sha: str, **more: Any) -> dict[str, Any]:
    """Return the result of an average that was never made."""
    said = {"status": "SUCCESS", "message": "Average calculated successfully.", "average": {"overall": {"logs": 666}}}
    return {"userId": user, "analysisSha": sha, **said, "type": "OVERALL"} | more
