"""Mail that requests cause: sent in order by a thread of its own, which outlives failures and rests in between."""

import logging
from threading import Event
from threading import enumerate as threads

import pytest

from faplog.errors import Unavailable
from functions.api import mail_queue
from functions.api.mail import MailRefused
from functions.api.mail_queue import MailQueue
from tests.conftest import until


def finish(queue: MailQueue) -> None:
    """Wait until everything that was put before is done."""
    done = Event()
    queue.put(done.set)
    assert done.wait(60)


def test_jobs_run_in_order_in_one_other_thread() -> None:
    queue, ran = MailQueue(), list[int]()
    for number in range(10):
        queue.put(lambda number=number: ran.append(number))  # type: ignore[misc]
    finish(queue)
    assert ran == list(range(10))


def test_what_goes_wrong_is_logged_and_the_next_mail_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    def fail(error: Exception) -> None:
        raise error

    queue = MailQueue()
    with caplog.at_level(logging.INFO):
        queue.put(lambda: fail(Unavailable("the mail server is away")))
        queue.put(lambda: fail(MailRefused("the mail server refuses the recipient")))
        queue.put(lambda: fail(KeyError("a bug")))
        finish(queue)
    assert [record.message for record in caplog.records] == ["mail not sent", "mail not sent", "mail failed"]
    assert [vars(record)["reason"] for record in caplog.records[:2]] == [
        "the mail server is away",
        "the mail server refuses the recipient",
    ]


def test_too_many_are_dropped_with_a_warning_and_no_caller_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mail_queue, "MAX_WAITING", 2)
    queue, began, go_on, ran = MailQueue(), Event(), Event(), list[int]()

    def hang() -> None:
        began.set()
        go_on.wait(60)

    queue.put(hang)
    assert began.wait(60)
    for number in range(5):
        queue.put(lambda number=number: ran.append(number))  # type: ignore[misc]
    go_on.set()
    until(lambda: len(ran) == 2)
    finish(queue)
    assert ran == [0, 1]
    assert [record.message for record in caplog.records] == ["mail dropped"] * 3


def test_the_thread_ends_without_work_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_queue, "IDLE_SEC", 0.01)
    before, queue = set(threads()), MailQueue()
    for _ in range(3):
        finish(queue)
        until(lambda: not set(threads()) - before)
