"""`python -m functions.api.reconcile [--every SECONDS]`: bring queue and objects into agreement with Postgres.

It publishes again the requests that are overdue and no longer in the stream, ends those tried often enough and uploads
that never finished, queues analyses of older analyser versions while there is nothing else to do, purges deleted logs
that can no longer be restored, sends notifications that are still due, and removes objects without a row. One process
runs at a time. Every step may be repeated, and none depends on another: if a part is away, only the steps that need it
fail.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from faplog import environment, logs, reachable, telemetry
from faplog.errors import Unavailable
from faplog.settings import SettingsError, load

from .. import services
from ..accounts import api_tokens, audit, invites, password_reset, rate_limit, sessions
from ..analyses import deletion
from ..cars import due
from ..notifications import outbox, sender
from ..services import Services
from ..settings import Settings
from ..sharing import links
from . import orphans
from .requeue import Requeue

log = logging.getLogger(__name__)

LOCK: Final = 0x_FA_91_07
OBJECTS_EVERY_SEC: Final = 3600

CONNECT_SEC: Final = 20.0
"""How long the first run waits for the broker; otherwise a job that runs only once would publish nothing."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """All steps of reconcile."""

    services: Services

    def run(self, *, objects: bool = True) -> bool:
        """Run every step once, unless another process runs them, and return whether all succeeded.

        Args:
            objects: Whether to remove orphaned objects, too.

        Raises:
            Unavailable: The database is away, without which there is nothing to do.
        """
        requeue = Requeue(self.services)
        steps: list[Callable[[], object]] = [
            requeue.end_uploads,
            requeue.requeue_analyses,
            requeue.sort_cars,
            requeue.update_averages,
            requeue.requeue_averages,
            requeue.renew,
            self.purge_deleted,
            self.delete_expired,
            self.remind,
            self.send_notifications,
        ]
        with self.services.database.advisory_lock(LOCK) as locked:
            if not locked:
                log.info("another reconcile runs")
                return True
            done = [self._run_step(step) for step in ([*steps, self.remove_orphans] if objects else steps)]
            return all(done)

    def delete_expired(self) -> int:
        """Delete what has expired: sessions, tokens, failed logins, audit events, links, invites and notifications."""
        with self.services.database.worker() as connection:
            for module in (sessions, api_tokens, rate_limit, audit, links, password_reset, invites, outbox):
                module.delete_expired(connection)
        return 0

    def purge_deleted(self) -> int:
        """Remove deleted logs that can no longer be restored, and return how many."""
        return deletion.purge(self.services.database, self.services.direct_blobs)

    def remind(self) -> int:
        """Write the notifications of reminders and forecasts that are due, and return how many."""
        with self.services.database.worker() as connection:
            return due.enqueue_due(connection, datetime.now(UTC).date())

    def send_notifications(self) -> int:
        """Send the notifications that are due, give up the old ones, and return how many of both."""
        return sender.send_for(self.services)

    def remove_orphans(self) -> int:
        """Remove old objects without a row, and return how many."""
        min_age = timedelta(seconds=self.services.settings.orphan_sec)
        return orphans.remove(self.services.database, self.services.direct_blobs, min_age)

    def _run_step(self, step: Callable[[], object]) -> bool:
        began = time.monotonic()
        try:
            done = step()
        except Unavailable as error:
            log.warning("reconcile step put off", extra={"step": step.__name__, "reason": str(error)})
            return False
        except Exception:
            log.exception("reconcile step failed", extra={"step": step.__name__})
            return False
        if done:
            seconds = round(time.monotonic() - began, 3)
            log.info("reconciled", extra={"step": step.__name__, "changed": done, "seconds": seconds})
        return True


def main(arguments: list[str] | None = None) -> int:
    """Run once, or periodically until SIGTERM, and return the exit status: 1 if a step failed."""
    parser = argparse.ArgumentParser(
        prog="reconcile", description="Bring queue and object store in line with the database."
    )
    parser.add_argument(
        "--every", type=float, metavar="SECONDS", help="repeat, with a pause of this many seconds (default: run once)"
    )
    every: float | None = parser.parse_args(arguments).every
    logs.setup(environment.LOG_LEVEL.read())
    telemetry.setup("reconcile")
    try:
        settings = load(Settings)
        built = services.build(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if every is None:  # a job; a loop tries again by itself
        reachable.wait_for_server(settings.worker_database.get_secret_value())
    try:
        return _loop(Reconciler(built), every, stop)
    finally:
        built.publisher.close()
        built.database.close()
        telemetry.shutdown()


def _loop(reconciler: Reconciler, every: float | None, stop: Event) -> int:
    objects_at = 0.0
    if not reconciler.services.publisher.start(CONNECT_SEC):
        log.warning("nothing is published in this run", extra={"reason": "not connected to the broker"})
    while True:
        objects = every is None or time.monotonic() >= objects_at
        if objects:
            objects_at = time.monotonic() + OBJECTS_EVERY_SEC
        try:
            with telemetry.span("reconcile"):
                done = reconciler.run(objects=objects)
        except Unavailable as error:
            log.warning("reconcile put off", extra={"reason": str(error)})
            done = False
        except Exception:
            log.exception("reconcile failed")
            done = False
        if every is None:
            return 0 if done else 1
        if stop.wait(every):
            return 0


if __name__ == "__main__":
    sys.exit(main())
