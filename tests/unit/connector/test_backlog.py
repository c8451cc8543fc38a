"""When the next request leaves, and which of the waiting messages it carries."""

import pytest

from connector.backlog import GATHER_SEC, Backlog
from connector.message import Message, next_try
from faplog.contracts.messages import MAX_MESSAGE_BYTES


def waiting(batch: int, *messages: Message) -> Backlog:
    backlog = Backlog(batch)
    for message in messages:
        backlog.add(message, now=0)
    return backlog


def message(payload: bytes = b"{}", subject: str = "analysis.request") -> Message:
    return Message(subject, payload, {}, "reply", 1, "identity")


def taken(backlog: Backlog) -> list[bytes]:
    return [message.payload for message in backlog.take()]


def numbered(count: int) -> list[Message]:
    return [message(b"%d" % number) for number in range(count)]


@pytest.mark.parametrize(
    ("batch", "count", "in_flight", "due_in"),
    [
        (8, 0, 0, None),
        (8, 1, 0, 0),
        (8, 7, 0, 0),
        (8, 1, 1, GATHER_SEC),
        (8, 7, 1, GATHER_SEC),
        (8, 8, 1, 0),
        (1, 1, 1, 0),
    ],
)
def test_messages_gather_while_a_request_is_in_flight(
    batch: int, count: int, in_flight: int, due_in: float | None
) -> None:
    assert waiting(batch, *numbered(count)).due_in(0, in_flight) == due_in


def test_no_message_waits_for_others_for_longer_than_a_moment() -> None:
    backlog = waiting(8, message())
    backlog.add(message(), now=GATHER_SEC / 2)
    assert backlog.due_in(GATHER_SEC, in_flight=1) == 0


@pytest.mark.parametrize(("count", "size"), [(1, 1), (2, 1), (3, 2), (8, 4), (15, 8), (16, 8), (40, 8)])
def test_a_request_takes_half_of_what_waits_and_no_more_than_a_batch(count: int, size: int) -> None:
    backlog = waiting(8, *numbered(count))
    assert taken(backlog) == [b"%d" % number for number in range(size)]
    assert len(backlog) == count - size


def test_a_function_without_batches_gets_one_message_a_request() -> None:
    backlog = waiting(1, *numbered(5))
    assert taken(backlog) == [b"0"]


def test_only_messages_of_one_subject_travel_together() -> None:
    backlog = waiting(8, message(b"1", "a"), message(b"2", "a"), message(b"3", "b"), *[message(b"4", "a")] * 5)
    assert [taken(backlog) for _ in range(3)] == [[b"1", b"2"], [b"3"], [b"4", b"4", b"4"]]


@pytest.mark.parametrize("payload", [b"", b'{\n"pattern": 1}', b"\n"])
def test_a_message_that_is_not_one_line_travels_alone(payload: bytes) -> None:
    backlog = waiting(8, message(payload), *numbered(3), message(payload), *[message(b"x")] * 8)
    assert [taken(backlog) for _ in range(4)] == [[payload], [b"0", b"1", b"2"], [payload], [b"x"] * 4]


def test_a_message_that_failed_before_travels_alone() -> None:
    again = next_try(message(b"bad"), 1, delay_sec=0)
    failed = Message(again.subject, again.payload, again.headers, "reply", 2, "identity")
    backlog = waiting(8, message(b"1"), failed, *[message(b"2")] * 8)
    assert [taken(backlog) for _ in range(3)] == [[b"1"], [b"bad"], [b"2"] * 4]


def test_a_batch_is_no_larger_than_one_message_may_be() -> None:
    third = message(b"x" * (MAX_MESSAGE_BYTES // 3))
    assert len(waiting(8, *[third] * 16).take()) == 2, "with line ends, three are too many"
    assert len(waiting(8, *[message(b"x" * MAX_MESSAGE_BYTES)] * 16).take()) == 1


def test_what_is_put_back_comes_first_and_in_order() -> None:
    backlog = waiting(2, *numbered(5))
    batch = backlog.take()
    backlog.put_back(batch, now=1)
    assert [message.payload for message in backlog.clear()] == [b"0", b"1", b"2", b"3", b"4"]
    assert not len(backlog)


@pytest.mark.parametrize(
    ("batch", "count", "requested", "free_slots", "room"),
    [
        (1, 0, 0, 3, 3),
        (1, 0, 3, 3, 0),
        (1, 0, 0, 0, 0),
        (8, 0, 0, 2, 16),
        (8, 0, 0, 0, 16),
        (8, 4, 4, 0, 8),
        (8, 4, 5, 0, 0),
        (8, 20, 0, 2, 0),
    ],
)
def test_two_batches_are_fetched_ahead_and_only_as_many_messages_as_there_are_slots_without(
    batch: int, count: int, requested: int, free_slots: int, room: int
) -> None:
    assert waiting(batch, *numbered(count)).room(requested, free_slots) == room
