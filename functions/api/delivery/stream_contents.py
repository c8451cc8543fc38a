"""What is still in the stream: a long queue is not a lost message."""

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
"""So many messages of a subject are looked at one by one; behind them the age of the oldest one decides."""

SKEW: Final = timedelta(seconds=60)
"""A row is queued before its message is stored, and two clocks may differ."""

_SEEN_IN: Final = timedelta(seconds=60)
_ALL: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Queue:
    """The messages of one kind, requests and results, that wait in the stream.

    `keys` are those that were looked at. What was queued before `lost_before` and is not among them waits no longer.
    """

    keys: frozenset[str]
    lost_before: datetime

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self.keys


def analyses(publisher: Publisher) -> Queue:
    """The analyses that wait, by id. Raises `Unavailable` while NATS is away."""
    return _look(publisher, Subject.ANALYSIS_REQUEST, Subject.ANALYSIS_RESULT, _analysis_key)


def averages(publisher: Publisher) -> Queue:
    """The averages that wait, by generation. Raises `Unavailable` while NATS is away."""
    return _look(publisher, Subject.AVERAGE_REQUEST, Subject.AVERAGE_RESULT, _average_key)


def _look(publisher: Publisher, request: Subject, result: Subject, key: Callable[[Any], str]) -> Queue:
    async def look() -> Queue:
        jetstream = publisher.jetstream()
        asked, asked_all, oldest = await _scan(jetstream, request, key)  # first: a request may become a result
        answered, answered_all, _ = await _scan(jetstream, result, key)
        keys = frozenset(asked | answered)
        if not answered_all:
            return Queue(keys, _NEVER)
        return Queue(keys, _ALL if asked_all or oldest is None else oldest - SKEW)

    if not publisher.connected():
        raise Unavailable("the broker did not answer (not connected)")
    return publisher.ask(look(), _SEEN_IN.total_seconds())


async def _scan(
    jetstream: "JetStreamContext", subject: Subject, key: Callable[[Any], str]
) -> tuple[set[str], bool, datetime | None]:
    """The keys of the oldest messages of a subject, whether these are all, and when the oldest one came."""
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
    """The analysis id of a request or a result; "" of anything else."""
    try:
        return str(message["data"]["fileName"] if "data" in message else message["analysisId"]).lower()
    except (TypeError, KeyError):
        return ""


def _average_key(message: Any) -> str:
    """The generation of a request or a result; "" of anything else."""
    try:
        return str((message.get("data") or message)["generation"])
    except (AttributeError, TypeError, KeyError):
        return ""
