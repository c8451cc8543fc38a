"""The fetched messages of one function that wait: when the next request leaves, and with how many of them."""

from collections import deque
from typing import Final

from connector.message import Message
from faplog.contracts.messages import MAX_MESSAGE_BYTES

GATHER_SEC: Final = 0.1
"""How long a message waits at most for others to travel with, while a request is in flight and another could leave."""


class Backlog:
    """First in, first out. Messages gather while a request is in flight; a message that is alone leaves at once."""

    def __init__(self, batch: int) -> None:
        """Make an empty one.

        Args:
            batch: How many messages one request may carry; 1 if the function takes them one by one.
        """
        self._batch = batch
        self._waiting: deque[tuple[float, Message]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def room(self, requested: int, free_slots: int) -> int:
        """Return how many more messages to ask NATS for: enough for free slots, and for batches two of them.

        It is 0 while less than half of them is missing, so that one request to NATS asks for several.
        """
        wanted = free_slots if self._batch == 1 else 2 * self._batch
        missing = wanted - requested - len(self._waiting)
        return missing if missing * 2 >= wanted else 0

    def add(self, message: Message, now: float) -> None:
        """Let a message wait from now on."""
        self._waiting.append((now, message))

    def put_back(self, messages: list[Message], now: float) -> None:
        """Let messages wait before all others, because a function has answered without them."""
        self._waiting.extendleft((now, message) for message in reversed(messages))

    def due_in(self, now: float, in_flight: int) -> float | None:
        """Return the seconds until the next request may leave, 0 or less for now; None if no message waits."""
        if not self._waiting:
            return None
        if self._batch == 1 or not in_flight or len(self._waiting) >= self._batch:
            return 0.0
        return self._waiting[0][0] + GATHER_SEC - now

    def take(self) -> list[Message]:
        """Take the messages of the next request: half of what waits, so that another replica can have the other half.

        Only messages of one subject that fit into one request travel together, and of those only first tries.
        """
        most = min(self._batch, -(-len(self._waiting) // 2))
        batch = [self._waiting.popleft()[1]]
        size = len(batch[0].payload)
        while len(batch) < most and _together(batch[0], following := self._waiting[0][1]):
            size += 1 + len(following.payload)
            if size > MAX_MESSAGE_BYTES:
                break
            batch.append(self._waiting.popleft()[1])
        return batch

    def clear(self) -> list[Message]:
        """Take all messages."""
        messages = [message for _, message in self._waiting]
        self._waiting.clear()
        return messages


def _together(first: Message, second: Message) -> bool:
    return first.subject == second.subject and first.fits_on_a_line and second.fits_on_a_line
