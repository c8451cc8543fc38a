"""What a function's answer means for its message: the decision table, without any I/O."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

MAX_TRIES: Final = 5
"""Failures of the function on one message before it is laid aside."""

MAX_RESETS: Final = 3
"""Broken connections in a row a message may see before they count: a restart breaks one, a deadly message all."""


class Verdict(StrEnum):
    """What to do with the message."""

    DONE = "done"  # publish the reply, ack
    HOLD = "hold"  # the function is away: keep the message, try again, fetch no more
    RESET = "reset"  # the function vanished while it worked: hold, a few times
    FAILED = "failed"  # the function's error: count it, try again later
    DEAD = "dead"  # will never work: lay it aside


@dataclass(frozen=True)
class Answer:
    """A verdict, its reason in words for operators, and for DONE the reply."""

    verdict: Verdict
    reason: str = ""
    reply: bytes = b""
    retry_after_sec: float | None = None


def judge(status: int) -> Verdict:
    """The verdict on an HTTP status.

    429 and 503 say that the function is busy or a part of it is away; other 5xx are its errors, and so is whatever
    no function should answer (1xx, 3xx); other 4xx say that this message will never be taken.
    """
    if 200 <= status < 300:
        return Verdict.DONE
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return Verdict.HOLD
    if 400 <= status < 500:
        return Verdict.DEAD
    return Verdict.FAILED


def after_resets(answer: Answer, resets: int) -> Answer:
    """The answer, where a connection that broke too often on the same message has become the message's failure."""
    if answer.verdict is Verdict.RESET and resets > MAX_RESETS:
        return Answer(Verdict.FAILED, f"{answer.reason}, {resets} times in a row")
    return answer


def retry_delay_sec(tries: int, first_sec: float) -> float:
    """Seconds to wait after the given number of failures (from 1): 1, 3, 9, 27 times the first."""
    return float(first_sec * 3 ** (tries - 1))
