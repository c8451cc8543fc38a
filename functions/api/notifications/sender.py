"""Sends what is due: each worker process at once and again when a pause is over, and `reconcile` whatever is left."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event as Signal
from threading import Lock, Thread
from typing import Final

from faplog.contracts.errors import CodedError, ErrorCode
from faplog.errors import Unavailable

from ..services import Services
from . import channels, content, deliver, facts, outbox
from .addresses import BadReceiver
from .channels import Open
from .content import Content
from .facts import Moot
from .http_client import NotDelivered
from .outbox import Claimed, EarlierVersion, Status

log = logging.getLogger(__name__)

SENDERS: Final = 4
"""Messages sent at once by one process, so that a few receivers that hang do not stop the others."""

LOOK_SEC: Final = 60.0
"""How often a worker looks for messages whose pause is over."""

RUN_SEC: Final = 60.0
"""How long one run of reconcile begins new messages."""

DELETED_PAUSE: Final = timedelta(minutes=10)
"""How long a message waits for a deleted log to be restored or purged."""

EARLIER_VERSION_PAUSE: Final = timedelta(seconds=30)
"""How long a message waits while the one of an earlier version of its log may be on its way."""

SHARE_PAUSE: Final = timedelta(minutes=5)

STOP_SEC: Final = 5.0
"""How long `stop` waits for messages that are being sent."""


class Sender:
    """A daemon thread of a worker. It sleeps until `Services.notifications_due` is set, or for `LOOK_SEC`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = Signal()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Send what is due, now and whenever something was written from then on. Returns at once."""
        self._services.notifications_due.set()
        self._thread = Thread(target=self._run, name="notifications", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the messages that are being sent if they take no longer than `STOP_SEC`."""
        self._stopping.set()
        self._services.notifications_due.set()
        if self._thread is not None:
            self._thread.join(STOP_SEC)

    def _run(self) -> None:
        while True:
            self._services.notifications_due.wait(LOOK_SEC)
            if self._stopping.is_set():
                return
            self._services.notifications_due.clear()
            try:
                send_due(self._services, self._stopping.is_set)
            except Unavailable as error:
                log.warning("notifications put off", extra={"reason": str(error)})
            except Exception:
                log.exception("notifications put off")


def send_for(services: Services, seconds: float = RUN_SEC) -> int:
    """Give up what is too old, then send what is due, beginning nothing after some seconds.

    Returns:
        How many messages were given up or sent.

    Raises:
        Unavailable: The database is away.
    """
    given_up = outbox.give_up(services.database, channels.offered(services.settings))
    if given_up:
        log.warning("notifications given up", extra={"messages": given_up})
    ends_at = time.monotonic() + seconds
    return given_up + send_due(services, lambda: time.monotonic() > ends_at)


def send_due(services: Services, stop: Callable[[], bool]) -> int:
    """Send every message that is due, a few at once, until none is left or `stop` says so.

    Returns:
        How many were sent.

    Raises:
        Unavailable: The database is away.
    """
    if not outbox.is_any_due(services.database, channels.offered(services.settings)):
        return 0
    sent: list[int] = []
    lock = Lock()
    lanes = [Thread(target=partial(_send_lane, services, stop, sent, lock), daemon=True) for _ in range(SENDERS)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return sum(sent)


def _send_lane(services: Services, stop: Callable[[], bool], sent: list[int], lock: Lock) -> None:
    count, offered = 0, channels.offered(services.settings)
    try:
        while not stop() and (message := outbox.claim(services.database, offered)) is not None:
            count += send_one(services, message)
    except Unavailable as error:
        log.warning("notifications put off", extra={"reason": str(error)})
    except Exception:
        log.exception("notifications put off")
    with lock:
        sent.append(count)


def send_one(services: Services, message: Claimed) -> bool:
    """Send a claimed message if it is still to be told, and return whether it was sent.

    Raises:
        Unavailable: The database is away; the message is claimed again after its lease.
    """
    ready = _prepare(services, message)
    if ready is None:
        return False
    channel, said = ready
    try:
        deliver.send(services.settings, channel, said, message.id)
    except (BadReceiver, NotDelivered) as error:
        outbox.put_off(services.database, message, error)
        log.info("notification not delivered", extra=_fields(message) | {"reason": error.code})
        return False
    except Exception:
        outbox.put_off(services.database, message, CodedError(ErrorCode.INTERNAL_ERROR))
        log.exception("notification not delivered", extra=_fields(message))
        return False
    outbox.end(services.database, message, Status.SENT)
    log.info("notification sent", extra=_fields(message))
    return True


def _prepare(services: Services, message: Claimed) -> tuple[Open, Content] | None:
    """Return the channel and what to say, or None if the message is not sent now; its row then says so."""
    with services.database.worker() as connection:
        channel = channels.open_channel(connection, message.user_id, message.channel)
        known = facts.of(connection, message.user_id, message.event)
        earlier = outbox.earlier_version(connection, message)
        waits = outbox.has_had_its_share(connection, message)
    if channel is None or known is Moot.OVER or earlier is EarlierVersion.TOLD:
        outbox.end(services.database, message, Status.WITHDRAWN)
        log.info("notification withdrawn", extra=_fields(message))
        return None
    if isinstance(known, Moot):
        outbox.wait(services.database, message, DELETED_PAUSE)
        return None
    if earlier is EarlierVersion.MAY_BE_TELLING:
        outbox.wait(services.database, message, EARLIER_VERSION_PAUSE)
        return None
    if waits:
        outbox.wait(services.database, message, SHARE_PAUSE, with_others=True)
        return None
    return channel, content.of_event(message.event, known, channel.language, services.settings.public_url)


def _fields(message: Claimed) -> dict[str, object]:
    return {
        "notification_id": message.id,
        "channel": message.channel.value,
        "kind": message.event.kind,
        "tries": message.tries,
    }
