"""Any headers and payload as NATS may deliver them to the connector, and what it makes of them."""

import re
from functools import cache
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg

from connector import call
from connector.answer import MAX_TRIES, retry_delay_sec
from connector.lane import HEADER_ROOM_BYTES
from connector.message import HEADER_NOT_BEFORE, Message, Outgoing, dead_letter, next_try, reply
from faplog import bus
from tests.fuzz.messages import wires

LONGEST_SEC: Final = 81.0
MAX_PAYLOAD: Final = 8192
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

WORDS: Final = (
    *(
        f"{name}: ".encode()
        for name in (bus.HEADER_MESSAGE_ID, bus.HEADER_TRY, bus.HEADER_TRACEPARENT, HEADER_NOT_BEFORE)
    ),
    *(
        b"\n",
        b"\n\n",
        b":",
        b":try1",
        b"nan",
        b"inf",
        b"-1",
        b"1e999",
        b"\xc2\xb2",
        b"\xd9\xa1",
        b"9" * 5000,
        b"x" * 2000,
    ),
    *(TRACE.encode(), b"analysis.request:id:1:0", b'{"message": "x"}', b'{"message": 1}', b"[" * 2000, b"\r", b"\x00"),
)


def check(data: bytes) -> None:
    """Whatever the headers, the message can be answered, tried again and laid aside within what NATS carries."""
    head, _, payload = data.partition(b"\n\n")
    lines = (line.partition(":") for line in re.split("[\r\n]", head.decode("utf-8", "replace")))
    headers = {name.strip(): value.strip() for name, _, value in lines if name.strip()}
    place = "$JS.ACK.FAPLOG.analyse.1.7.1.1700000000000000000.0"
    message = Message.of(Msg(Client(), "analysis.request", place, payload[:MAX_PAYLOAD], headers))
    assert message.tries >= 0
    assert 0 <= message.wait_sec(LONGEST_SEC) <= LONGEST_SEC
    text = call.explanation_of(payload[: call.MAX_EXPLANATION_BYTES])
    tries = min(message.tries + 1, MAX_TRIES)
    body = payload[: MAX_PAYLOAD - HEADER_ROOM_BYTES]
    _check_sendable(reply(message, "analysis.result", body, message.traceparent))
    _check_sendable(dead_letter(message, tries, f"HTTP 500: {text}", MAX_PAYLOAD))
    again = next_try(message, tries, retry_delay_sec(tries, 1.0))
    if again.size <= MAX_PAYLOAD:
        _check_sendable(again)
        second = Message.of(Msg(Client(), again.subject, place, again.payload, again.headers))
        assert (second.identity, second.tries) == (message.identity, tries)


def _check_sendable(outgoing: Outgoing) -> None:
    assert outgoing.size <= MAX_PAYLOAD, outgoing.size
    for name, value in outgoing.headers.items():
        assert value == value.strip(), name
        assert not {"\r", "\n"} & set(value), name
        value.encode()


@cache
def seeds() -> list[bytes]:
    """Return a foreign publisher's message, a first delivery of ours, a later one, and one without any header."""
    first = f"{bus.HEADER_MESSAGE_ID}: analysis.request:5f0c6f0e:1:0\n{bus.HEADER_TRACEPARENT}: {TRACE}\n\n"
    later = f"{bus.HEADER_MESSAGE_ID}: x:try2\n{bus.HEADER_TRY}: 2\n{HEADER_NOT_BEFORE}: 1700000000.125\n\n"
    foreign = f"{bus.HEADER_MESSAGE_ID}: {'é' * 2000}\n\n{'x' * MAX_PAYLOAD}"
    return [foreign.encode(), first.encode() + wires()[0], later.encode() + wires()[2], b"\n\n" + wires()[0], b""]
