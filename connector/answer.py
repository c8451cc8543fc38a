"""What an answer of a function means for its message: the decision table, free of I/O."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

MAX_TRIES: Final = 5
"""How often a function may fail on a message before it becomes a dead letter."""

MAX_RESETS: Final = 3
"""Broken connections in a row that do not count as failures: a restart breaks one, a poison message breaks all."""


class Outcome(StrEnum):
    """What to do with a message."""

    DONE = "done"  # publish the reply, acknowledge
    HOLD = "hold"  # the function is not available: keep the message, retry, fetch no more
    RESET = "reset"  # the connection broke during the request: hold, a few times
    FAILED = "failed"  # the function failed: count it, retry later
    DEAD = "dead"  # can never succeed: make it a dead letter


@dataclass(frozen=True)
class Answer:
    """An outcome, its reason in words for operators, and for DONE the reply."""

    outcome: Outcome
    reason: str = ""
    reply: bytes = b""
    retry_after_sec: float | None = None


def outcome_of(status: int) -> Outcome:
    """Return the outcome that an HTTP status stands for.

    429 and 503 mean that the function is busy or misses one of its parts. Other 4xx mean that the message can never be
    accepted, except for 404: the function is not at this address, which an installation that goes on mends. Everything
    else (5xx, and 1xx or 3xx, which no function sends) is a failure of the function.
    """
    if 200 <= status < 300:
        return Outcome.DONE
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return Outcome.HOLD
    if 400 <= status < 500 and status != HTTPStatus.NOT_FOUND:
        return Outcome.DEAD
    return Outcome.FAILED


def after_resets(answer: Answer, resets: int) -> Answer:
    """Return the answer, or a failure if the connection broke more than `MAX_RESETS` times in a row on this message."""
    if answer.outcome is Outcome.RESET and resets > MAX_RESETS:
        return Answer(Outcome.FAILED, f"{answer.reason}, {resets} times in a row")
    return answer


def retry_delay_sec(tries: int, first_sec: float) -> float:
    """Return the seconds to wait after the given number of failures (from 1): 1, 3, 9, 27 times the first."""
    return float(first_sec * 3 ** (tries - 1))
