"""Mail that a request causes, sent by a thread of its own after the response.

The request neither waits for the mail server nor takes longer for an address that has an account.
"""

import logging
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Final

from faplog.errors import Unavailable

from .mail import MailRefused

log = logging.getLogger(__name__)

MAX_WAITING: Final = 100
"""Mails that wait in one process; with this many the next one is dropped."""

IDLE_SEC: Final = 30.0
"""The thread ends after this long without work."""


class MailQueue:
    """The mails of one process, sent one after the other. They are lost if the process ends: the user asks again."""

    def __init__(self) -> None:
        self._jobs: Queue[Callable[[], None]] = Queue(MAX_WAITING)
        self._lock = Lock()
        self._running = False

    def put(self, job: Callable[[], None]) -> None:
        """Run a job soon: it makes and sends one mail. Returns at once and never raises."""
        with self._lock:
            try:
                self._jobs.put_nowait(job)
            except Full:
                log.warning("mail dropped", extra={"reason": "too many are waiting"})
                return
            if not self._running:
                self._running = True
                Thread(target=self._run, name="mail", daemon=True).start()

    def _run(self) -> None:
        while job := self._next():
            try:
                job()
            except (Unavailable, MailRefused) as error:
                log.warning("mail not sent", extra={"reason": str(error)})
            except Exception:
                log.exception("mail failed")

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._jobs.get(timeout=IDLE_SEC)
        except Empty:
            with self._lock:  # a job may have come since
                self._running = not self._jobs.empty()
                return self._jobs.get_nowait() if self._running else None
