"""The broker: which streams there are, and the names of what travels on them."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nats.js import JetStreamContext
    from nats.js.api import StreamConfig

STREAM: Final = "FAPLOG"
STREAM_DEAD: Final = "FAPLOG_DEAD"
DEAD_PREFIX: Final = "dead."

MAX_REQUEST_BYTES: Final = 1 << 30
"""Size of the stream from which no request is added: it waits in Postgres until reconcile publishes it."""
MAX_STREAM_BYTES: Final = MAX_REQUEST_BYTES + (256 << 20)
"""Size limit of the stream. The difference is for replies and next tries, because they empty a stream of requests."""
MAX_DEAD_BYTES: Final = 256 << 20
DEAD_DAYS: Final = 14
DUPLICATE_WINDOW_SEC: Final = 120

HEADER_MESSAGE_ID: Final = "Nats-Msg-Id"
HEADER_TRACEPARENT: Final = "traceparent"
HEADER_TRY: Final = "Faplog-Try"
HEADER_REASON: Final = "Faplog-Reason"


def message_id(subject: str, key: str, attempt: int, publish_no: int = 0) -> str:
    """Return the de-duplication id. The window is per stream and spans subjects, so the subject is part of the id."""
    return f"{subject}:{key}:{attempt}:{publish_no}"


def inbox_prefix(role: str) -> str:
    """Return where the replies to a role's requests arrive; the server lets no other role subscribe there."""
    return f"_INBOX.{role}"


def streams() -> "list[StreamConfig]":
    """Return the two streams: work, whose messages are removed by the ack of one consumer, and dead letters."""
    from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

    return [
        StreamConfig(
            name=STREAM,
            subjects=["analysis.*", "average.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            max_bytes=MAX_STREAM_BYTES,
            discard=DiscardPolicy.NEW,
            duplicate_window=DUPLICATE_WINDOW_SEC,
        ),
        StreamConfig(
            name=STREAM_DEAD,
            subjects=[f"{DEAD_PREFIX}>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            max_bytes=MAX_DEAD_BYTES,
            max_age=DEAD_DAYS * 86400,
            discard=DiscardPolicy.OLD,
        ),
    ]


async def ensure_streams(jetstream: "JetStreamContext") -> None:
    """Make both streams, or bring existing ones to this configuration; safe to repeat and to run twice at once.

    Only the connector's user may.
    """
    from nats.js.errors import NotFoundError

    for config in streams():
        try:
            await jetstream.update_stream(config)
        except NotFoundError:
            await jetstream.add_stream(config)


async def room(jetstream: "JetStreamContext") -> int:
    """Return how many bytes of requests the stream may still take. Raises the errors of nats-py without the server."""
    return max(0, MAX_REQUEST_BYTES - (await jetstream.stream_info(STREAM)).state.bytes)


async def full(jetstream: "JetStreamContext") -> bool:
    """Return whether no request may be added now. Raises the errors of nats-py without the server."""
    return await room(jetstream) == 0
