"""Publishes unsent requests in the background, of this process or others, as soon as the broker is back.

`reconcile` does the same, but in a cluster only every few minutes; it also covers requests of processes that ended.
"""

import logging
from threading import Event, Thread
from typing import Final

from faplog.errors import Unavailable

from .requeue import Requeue

log = logging.getLogger(__name__)

FIRST_PAUSE_SEC: Final = 1.0
LONGEST_PAUSE_SEC: Final = 30.0
"""The pause between two attempts while a connection exists but something cannot be published: the stream is full."""

STOP_SEC: Final = 5.0
"""How long `stop` waits for the current batch."""


class Resender:
    """A daemon thread of a worker. It sleeps until the publisher has a new connection or a row was marked as unsent."""

    def __init__(self, requeue: Requeue) -> None:
        self._requeue = requeue
        self._publisher = requeue.services.publisher
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Connect to the broker and publish unsent requests from then on. Returns at once."""
        self._publisher.start()
        self._thread = Thread(target=self._run, name="resender", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the connection, after the current batch."""
        self._stopping.set()
        self._publisher.resend.set()
        if self._thread is not None:
            self._thread.join(STOP_SEC)
        self._publisher.close()

    def _run(self) -> None:
        pause_sec = FIRST_PAUSE_SEC
        while True:
            self._publisher.resend.wait()
            if self._stopping.is_set():
                return
            self._publisher.resend.clear()
            if not self._publisher.connected():
                pause_sec = FIRST_PAUSE_SEC
                continue  # the next connection sets the event again
            if self._publish():
                pause_sec = FIRST_PAUSE_SEC
                continue
            if self._stopping.wait(pause_sec):
                return
            pause_sec = min(pause_sec * 2, LONGEST_PAUSE_SEC)
            self._publisher.resend.set()

    def _publish(self) -> bool:
        """Publish unsent requests, and return whether none is left."""
        try:
            return self._requeue.publish_unsent()
        except Unavailable as error:
            log.warning("unsent requests not published", extra={"reason": str(error)})
        except Exception:
            log.exception("unsent requests not published")
        return False
