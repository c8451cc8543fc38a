"""`python -m functions.api.reconcile [--every SECONDS]`: Postgres is the truth, and this makes the rest agree with it.

It publishes again what is overdue and no longer in the stream, ends what was tried often enough and uploads that
never finished, queues analyses of older analyser versions while there is nothing else to do, purges deleted logs that
can no longer be restored, and removes objects no row knows. One runs at a time. Every step may be repeated and none
waits for another: a part that is away costs the steps that need it.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Final

from faplog import environment, logs, reachable, telemetry
from faplog.blobs import Blobs
from faplog.errors import Unavailable
from faplog.settings import SettingsError, load

from ..accounts import audit, rate_limit, sessions
from ..analyses import deletion
from ..db import Database
from ..delivery.publisher import Publisher
from ..settings import Settings
from ..sharing import links
from . import orphans
from .requeue import Requeue

log = logging.getLogger(__name__)

LOCK: Final = 0x_FA_91_07
OBJECTS_EVERY_SEC: Final = 3600

CONNECT_SEC: Final = 20.0
"""How long the first run waits for the broker; a job that runs only once would otherwise publish nothing."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """The parts to agree with each other."""

    database: Database
    blobs: Blobs
    publisher: Publisher
    settings: Settings

    def run(self, *, objects: bool = True) -> bool:
        """Every step once, unless another one runs; whether all of them could be done.

        Raises:
            Unavailable: the database is away, without which there is nothing to do.
        """
        requeue = Requeue(self.database, self.blobs, self.publisher, self.settings)
        steps: list[Callable[[], object]] = [
            requeue.end_uploads,
            requeue.requeue_analyses,
            requeue.settle_averages,
            requeue.requeue_averages,
            requeue.renew,
            self.purge_deleted,
            self.forget,
        ]
        with self.database.alone(LOCK) as alone:
            if not alone:
                log.info("another reconcile runs")
                return True
            done = [self._step(step) for step in ([*steps, self.remove_orphans] if objects else steps)]
            return all(done)

    def forget(self) -> int:
        """Remove what is kept about accounts for a while only, and links that have expired."""
        with self.database.worker() as connection:
            for module in (sessions, rate_limit, audit, links):
                module.forget(connection)
        return 0

    def purge_deleted(self) -> int:
        """Remove deleted logs that can no longer be restored, and return how many."""
        return deletion.purge(self.database, self.blobs)

    def remove_orphans(self) -> int:
        """Remove old objects no row knows; how many."""
        return orphans.remove(self.database, self.blobs, timedelta(seconds=self.settings.orphan_sec))

    def _step(self, step: Callable[[], object]) -> bool:
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
    """Run once, or every so many seconds until SIGTERM; 1 if something could not be done."""
    parser = argparse.ArgumentParser(prog="reconcile", description="Make queue, objects and rows agree.")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on, with a pause of so many seconds")
    every: float | None = parser.parse_args(arguments).every
    logs.setup(environment.LOG_LEVEL.read())
    telemetry.setup("reconcile")
    try:
        settings = load(Settings)
        reconciler = _reconciler(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if every is None:  # a job; a loop tries again by itself
        reachable.wait_for_server(settings.worker_database.get_secret_value())
    try:
        return _loop(reconciler, every, stop)
    finally:
        reconciler.publisher.close()
        reconciler.database.close()
        telemetry.shutdown()


def _loop(reconciler: Reconciler, every: float | None, stop: Event) -> int:
    objects_at = 0.0
    if not reconciler.publisher.start(CONNECT_SEC):
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


def _reconciler(settings: Settings) -> Reconciler:
    from faplog.function import blobs

    database = Database(settings.api_database.get_secret_value(), settings.worker_database.get_secret_value())
    return Reconciler(database, blobs(settings), Publisher(settings.nats.get_secret_value()), settings)


if __name__ == "__main__":
    sys.exit(main())
