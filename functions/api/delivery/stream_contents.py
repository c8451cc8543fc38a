"""The messages that still wait in the stream, to distinguish a lost message from a long queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from faplog.bus import STREAM
from faplog.contracts.messages import Subject
from faplog.errors import Unavailable

from .publisher import Publisher

if TYPE_CHECKING:
    from nats.js import JetStreamContext

SCAN: Final = 500
"""How many messages of a subject are read one by one; for those behind them the age of the oldest one decides."""

SKEW: Final = timedelta(seconds=60)
"""Tolerance: a row is queued before its message is stored, and two clocks may differ."""

_TIMEOUT_SEC: Final = 60.0
_ALL: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Queue:
    """The requests and results of one kind that wait in the stream.

    `keys` are those that were read. A request that was queued before `lost_before` and is not among them is lost.
    """

    keys: frozenset[str]
    lost_before: datetime

    @property
    def empty(self) -> bool:
        """Whether no message waits."""
        return not self.keys


def analyses(publisher: Publisher) -> Queue:
    """Return the waiting analyses, by id. Raises `Unavailable` while NATS is away."""
    return _read_queue(publisher, Subject.ANALYSIS_REQUEST, Subject.ANALYSIS_RESULT, _analysis_key)


def averages(publisher: Publisher) -> Queue:
    """Return the waiting averages, by generation. Raises `Unavailable` while NATS is away."""
    return _read_queue(publisher, Subject.AVERAGE_REQUEST, Subject.AVERAGE_RESULT, _average_key)


def _read_queue(publisher: Publisher, request: Subject, result: Subject, key: Callable[[Any], str]) -> Queue:
    async def scan_both() -> Queue:
        jetstream = publisher.jetstream()
        # The requests first, because a request may become a result meanwhile.
        requests, all_requests, oldest = await _scan(jetstream, request, key)
        results, all_results, _ = await _scan(jetstream, result, key)
        keys = frozenset(requests | results)
        if not all_results:
            return Queue(keys, _NEVER)
        return Queue(keys, _ALL if all_requests or oldest is None else oldest - SKEW)

    if not publisher.connected():
        raise Unavailable("the broker did not answer (not connected)")
    return publisher.ask(scan_both(), _TIMEOUT_SEC)


async def _scan(
    jetstream: "JetStreamContext", subject: Subject, key: Callable[[Any], str]
) -> tuple[set[str], bool, datetime | None]:
    """Return the keys of the oldest messages of a subject, whether these are all, and the time of the oldest one."""
    from nats.errors import Error as NatsError
    from nats.js.errors import NotFoundError

    keys: set[str] = set()
    oldest: datetime | None = None
    sequence = 1
    try:
        for _ in range(SCAN):
            try:
                message = await jetstream.get_msg(STREAM, seq=sequence, subject=subject, next=True)
            except NotFoundError:
                return keys, True, oldest
            sequence = (message.seq or 0) + 1
            oldest = oldest or message.time
            keys.add(key(orjson.loads(message.data or b"null")))
    except (NatsError, TimeoutError) as error:
        raise Unavailable(f"the broker did not answer ({type(error).__name__})") from error
    return keys, False, oldest


def _analysis_key(message: Any) -> str:
    """Return the analysis id of a request or a result, or "" for anything else."""
    try:
        return str(message["data"]["fileName"] if "data" in message else message["analysisId"]).lower()
    except (TypeError, KeyError):
        return ""


def _average_key(message: Any) -> str:
    """Return the generation of a request or a result, or "" for anything else."""
    try:
        return str((message.get("data") or message)["generation"])
    except (AttributeError, TypeError, KeyError):
        return ""
