"""The messages made from a message: ids that neither collide nor differ by accident, and headers that stay small."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg

from connector.message import HEADER_NOT_BEFORE, Message, Outgoing, dead_letter, next_try, reply
from faplog import bus

REQUEST_ID = bus.message_id("analysis.request", "id", 1)


def delivered(headers: dict[str, str] | None = None, sequence: int = 7, data: bytes = b"{}") -> Message:
    msg = Msg(
        Client(), "analysis.request", f"$JS.ACK.FAPLOG.analyse.1.{sequence}.1.1700000000000000000.0", data, headers
    )
    return Message.of(msg)


def again(outgoing: Outgoing, sequence: int) -> Message:
    """Return what the connector sees when the outgoing message is delivered."""
    return delivered(outgoing.headers, sequence, outgoing.payload)


def test_a_message_keeps_its_identity_over_all_its_tries() -> None:
    message = delivered({bus.HEADER_MESSAGE_ID: REQUEST_ID})
    ids = set()
    for tries in range(1, 5):
        outgoing = next_try(message, tries, 0)
        ids.add(outgoing.headers[bus.HEADER_MESSAGE_ID])
        message = again(outgoing, 7 + tries)
        assert (message.identity, message.tries) == (REQUEST_ID, tries)
    assert len(ids) == 4, "an id seen before would be swallowed by the de-duplication window"


def test_a_message_without_an_id_gets_one_of_its_place_in_the_stream() -> None:
    assert delivered(None, 7).identity != delivered(None, 8).identity
    first = delivered(None, 7)
    assert again(next_try(first, 1, 0), 9).identity == first.identity


def test_the_reply_id_is_the_same_for_every_try_and_of_the_replys_subject() -> None:
    message = delivered({bus.HEADER_MESSAGE_ID: REQUEST_ID})
    second = again(next_try(message, 1, 0), 8)
    ids = {reply(each, "analysis.result", b"", None).headers[bus.HEADER_MESSAGE_ID] for each in (message, second)}
    assert ids == {bus.message_id("analysis.result", "id", 1)}


def test_the_reply_id_of_another_attempt_is_another() -> None:
    ids = {
        reply(delivered({bus.HEADER_MESSAGE_ID: request}), "analysis.result", b"", None).headers[bus.HEADER_MESSAGE_ID]
        for request in (REQUEST_ID, bus.message_id("analysis.request", "id", 2), "somebody's own id")
    }
    assert len(ids) == 3
    assert all(each.startswith("analysis.result:") for each in ids)


def test_no_message_waits_longer_than_the_longest_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert delivered({HEADER_NOT_BEFORE: "1000000005"}).wait_sec(27) == 5
    assert delivered({HEADER_NOT_BEFORE: "2e9"}).wait_sec(27) == 27
    assert delivered({HEADER_NOT_BEFORE: "0"}).wait_sec(27) == 0
    assert delivered({HEADER_NOT_BEFORE: "nonsense"}).wait_sec(27) == 0
    assert delivered().wait_sec(27) == 0


def test_a_count_that_is_no_number_is_none() -> None:
    assert delivered({bus.HEADER_TRY: "many"}).tries == 0


@given(st.text(max_size=2000))
def test_a_dead_letter_has_a_reason_that_is_one_short_header_line(reason: str) -> None:
    letter = dead_letter(delivered({HEADER_NOT_BEFORE: "5"}), 3, reason, 1 << 20)
    line = letter.headers[bus.HEADER_REASON]
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= 300
    assert letter.subject == "dead.analysis.request"
    assert HEADER_NOT_BEFORE not in letter.headers


def test_a_dead_letter_that_does_not_fit_keeps_its_reason() -> None:
    message = delivered({bus.HEADER_MESSAGE_ID: REQUEST_ID}, data=b"x" * 1000)
    letter = dead_letter(message, 5, "HTTP 500", 1000)
    assert letter.size <= 1000
    assert letter.payload == b""
    assert letter.headers[bus.HEADER_REASON].startswith("HTTP 500 (payload of 1000 bytes left out")


@given(st.dictionaries(st.from_regex(r"[A-Za-z-]{1,20}", fullmatch=True), st.text("abcäß", max_size=50)), st.binary())
def test_the_size_is_what_nats_counts(headers: dict[str, Any], payload: bytes) -> None:
    wire = b"NATS/1.0\r\n" + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items()) + b"\r\n" + payload
    assert Outgoing("s", payload, headers).size == len(wire)


@pytest.mark.parametrize(
    "text", ["", "x", "00-zz-1-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: y"]
)
def test_what_is_no_traceparent_goes_no_further(text: str) -> None:
    message = delivered({bus.HEADER_TRACEPARENT: text})
    assert message.traceparent is None
    assert bus.HEADER_TRACEPARENT not in next_try(message, 1, 0).headers


def test_a_publishers_expectations_are_not_repeated() -> None:
    message = delivered({"Nats-Expected-Last-Msg-Id": "x", bus.HEADER_MESSAGE_ID: REQUEST_ID})
    for outgoing in (next_try(message, 1, 0), dead_letter(message, 1, "why", 1 << 20)):
        assert not [name for name in outgoing.headers if name.startswith("Nats-Expected")]
