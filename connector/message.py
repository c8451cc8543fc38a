"""A delivered message, and the messages made from it: reply, next try, dead letter."""

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nats.aio.msg import Msg

from faplog.bus import (
    DEAD_PREFIX,
    HEADER_MESSAGE_ID,
    HEADER_REASON,
    HEADER_TRACEPARENT,
    HEADER_TRY,
    message_id,
)

HEADER_NOT_BEFORE: Final = "Faplog-Not-Before"
"""Header: seconds since the epoch before which the message must not be tried again."""

MAX_REASON_CHARS: Final = 300
MAX_ID_CHARS: Final = 128
"""The longest message id; a longer one is replaced by its digest, since a reply has little room for headers."""
_TRIES: Final = re.compile(r"[0-9]{1,6}")
_TRY_SUFFIX: Final = re.compile(r":try\d+$")
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NOT_IN_A_HEADER: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True)
class Message:
    """A delivered message. `identity` is its message id without the number of the try."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]
    reply: str
    """The subject that takes its acknowledgement."""
    sequence: int
    identity: str

    @classmethod
    def of(cls, msg: Msg) -> "Message":
        """Make it from what nats-py delivers."""
        headers = msg.headers or {}
        sequence = msg.metadata.sequence.stream
        own_id = _TRY_SUFFIX.sub("", headers.get(HEADER_MESSAGE_ID, "")).strip()
        identity = own_id or message_id(msg.subject, f"seq{sequence}", 0)
        if len(identity) > MAX_ID_CHARS:
            identity = message_id(msg.subject, hashlib.sha256(identity.encode()).hexdigest(), 0)
        return cls(msg.subject, msg.data, headers, msg.reply, sequence, identity)

    @property
    def tries(self) -> int:
        """The number of failures counted before this try."""
        text = self.headers.get(HEADER_TRY, "0")
        return int(text) if _TRIES.fullmatch(text) else 0

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context it was published with, or None."""
        text = self.headers.get(HEADER_TRACEPARENT, "")
        return text if _TRACEPARENT.fullmatch(text) else None

    @property
    def fits_on_a_line(self) -> bool:
        """Whether it may travel with others, one on each line: it has not failed yet, and its payload is one line."""
        return HEADER_NOT_BEFORE not in self.headers and self.payload != b"" and b"\n" not in self.payload

    def wait_sec(self, longest_sec: float) -> float:
        """Return the seconds until it may be tried, at most `longest_sec`, however far clocks are apart."""
        try:
            moment = float(self.headers.get(HEADER_NOT_BEFORE, "0"))
        except ValueError:
            return 0.0
        return min(max(0.0, moment - time.time()), longest_sec)  # in this order a NaN is no wait


@dataclass(frozen=True)
class Outgoing:
    """A message to be published."""

    subject: str
    payload: bytes
    headers: dict[str, str]

    @property
    def size(self) -> int:
        """The size on the wire in bytes, as NATS counts it: headers and payload."""
        lines = sum(len(key) + len(value.encode()) + 4 for key, value in self.headers.items())
        return len("NATS/1.0\r\n\r\n") + lines + len(self.payload)


def reply(message: Message, topic: str, body: bytes, traceparent: str | None) -> Outgoing:
    """Return the reply to a message. The same request has the same reply id, so a repeated reply is stored once."""
    suffix = message.identity.removeprefix(message.subject)
    own_id = f"{topic}{suffix if suffix.startswith(':') else ':' + suffix}"
    return Outgoing(topic, body, {HEADER_MESSAGE_ID: own_id} | _trace(traceparent))


def next_try(message: Message, tries: int, delay_sec: float) -> Outgoing:
    """Return the message for its next try. Its headers carry the count of failures, so restarts do not change it."""
    return Outgoing(
        message.subject,
        message.payload,
        {
            HEADER_MESSAGE_ID: f"{message.identity}:try{tries}",
            HEADER_TRY: str(tries),
            HEADER_NOT_BEFORE: f"{time.time() + delay_sec:.3f}",
        }
        | _trace(message.traceparent),
    )


def dead_letter(message: Message, tries: int, reason: str, max_payload: int) -> Outgoing:
    """Return the dead letter of a message.

    A payload that does not fit beside the reason is left out, and the reason says so.
    """
    words = _NOT_IN_A_HEADER.sub("?", " ".join(reason.split()))[:MAX_REASON_CHARS]
    headers = {
        HEADER_MESSAGE_ID: f"{DEAD_PREFIX}{message.identity}",
        HEADER_TRY: str(tries),
        HEADER_REASON: words,
    } | _trace(message.traceparent)
    letter = Outgoing(DEAD_PREFIX + message.subject, message.payload, headers)
    if letter.size <= max_payload:
        return letter
    headers[HEADER_REASON] = f"{words} (payload of {len(message.payload)} bytes left out: no room beside the reason)"
    return Outgoing(letter.subject, b"", headers)


def _trace(traceparent: str | None) -> dict[str, str]:
    """Return the trace header, the only one that is passed on."""
    return {HEADER_TRACEPARENT: traceparent} if traceparent else {}
