"""`python -m functions.api.reconcile [--every SECONDS]`: Postgres is the truth, and this makes the rest agree with it.

It publishes again what is overdue and no longer in the stream, ends what was tried often enough and uploads that
never finished, queues analyses of older analyser versions while there is nothing else to do, and removes objects no
row knows. One runs at a time. Every step may be repeated and none waits for another: a part that is away costs the
steps that need it.
"""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any, Final
from uuid import UUID

from faplog import logs, telemetry
from faplog.blobs import Blobs
from faplog.contracts.messages import AnalysisStatus, AverageStatus
from faplog.errors import Unavailable
from faplog.settings import SettingsError, load
from faplog.version import ANALYSIS_VERSION

from . import audit, brake, orphans, queued, sessions
from .averaging import Asking, Due, lock, settle
from .db import Database
from .publisher import Publisher
from .settings import Settings
from .storing import publish_requests

log = logging.getLogger(__name__)

LOCK: Final = 0x_FA_91_07
MAX_RETRIES: Final = 3
BATCH: Final = 200
VERSION_BATCH: Final = 50
OBJECTS_EVERY_SEC: Final = 3600

GAVE_UP: Final = "The analysis did not finish, although it was tried {tries} times. Upload the log again to retry."
NOT_UPLOADED: Final = "The upload did not finish. Please upload the log again."
AVERAGE_GAVE_UP: Final = "The average did not come, although it was asked for {tries} times."


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
        steps: list[Callable[[], object]] = [
            self.end_uploads,
            self.requeue_analyses,
            self.requeue_averages,
            self.renew,
            self.forget,
        ]
        with self.database.alone(LOCK) as alone:
            if not alone:
                log.info("another reconcile runs")
                return True
            done = [self._step(step) for step in ([*steps, self.remove_orphans] if objects else steps)]
            return all(done)

    def end_uploads(self) -> int:
        """Fail the rows whose object never came; how many."""
        return self._fail(
            "stage = 'upload' AND queued_at < now() - %(upload)s",
            NOT_UPLOADED,
            timed_out=False,
        )

    def requeue_analyses(self) -> int:
        """Publish again the requests that never reached the stream or are lost; fail what was tried often enough."""
        done = self._requeue("NOT sent", {}, "attempt = attempt")
        if not self._any_overdue("fap_analysis", "status = 'Processing' AND stage = 'analyse'"):
            return done
        queue = queued.analyses(self.publisher)
        lost = "queued_at < now() - %(overdue)s AND queued_at < %(before)s AND NOT id = ANY(%(waiting)s::uuid[])"
        values = {"before": queue.lost_before, "waiting": list(_ids(queue.keys))}
        done += self._fail(
            f"stage = 'analyse' AND sent AND retries >= {MAX_RETRIES} AND {lost}",
            GAVE_UP.format(tries=MAX_RETRIES + 1),
            timed_out=True,
            values=values,
        )
        return done + self._requeue(f"sent AND {lost}", values, "attempt = attempt + 1, retries = retries + 1")

    def requeue_averages(self) -> int:
        """The same for averages."""
        done = self._ask_again("NOT sent", {}, "attempt = attempt")
        if not self._any_overdue("fap_average", "status = 'CALCULATING'"):
            return done
        queue = queued.averages(self.publisher)
        lost = """
            sent AND queued_at < now() - %(overdue)s AND queued_at < %(before)s
            AND NOT generation = ANY(%(waiting)s::bigint[])
        """
        generations = [int(key) for key in queue.keys if key.isdecimal()]
        values = {"before": queue.lost_before, "waiting": generations, "overdue": self._overdue}
        with self.database.worker() as connection:
            failed = connection.execute(
                f"""
                UPDATE fap_average SET status = %(failed)s, timed_out = true, message = %(message)s
                WHERE status = 'CALCULATING' AND attempt > {MAX_RETRIES} AND {lost}
                """,  # noqa: S608  (constants of this module)
                values | {"failed": AverageStatus.FAILED, "message": AVERAGE_GAVE_UP.format(tries=MAX_RETRIES + 1)},
            )
        return done + failed.rowcount + self._ask_again(lost, values, "attempt = attempt + 1")

    def renew(self) -> int:
        """Queue a few analyses of an older analyser version, while nothing else waits; how many."""
        with self.database.worker() as connection:
            stale = connection.execute(
                """
                SELECT EXISTS (SELECT FROM fap_analysis WHERE version < %s AND status <> 'Processing')
                    AND NOT EXISTS (SELECT FROM fap_analysis WHERE status = 'Processing') AS any
                """,
                [ANALYSIS_VERSION],
            ).fetchone()
        if not (stale and stale["any"]) or not queued.analyses(self.publisher).empty:
            return 0
        with self.database.worker() as connection:
            rows = connection.execute(
                """
                UPDATE fap_analysis
                SET status = %(processing)s, message = NULL, timed_out = false, version = %(version)s,
                    attempt = attempt + 1, retries = 0, sent = true, queued_at = now()
                WHERE status <> 'Processing' AND id IN (
                    SELECT id FROM fap_analysis
                    WHERE version < %(version)s AND status <> 'Processing' AND stage = 'analyse'
                    ORDER BY version, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED)
                RETURNING id, attempt, version
                """,
                {"processing": AnalysisStatus.PROCESSING, "version": ANALYSIS_VERSION, "batch": VERSION_BATCH},
            ).fetchall()
        return self._publish(rows)

    def forget(self) -> int:
        """Remove what is kept about accounts for a while only."""
        with self.database.worker() as connection:
            for module in (sessions, brake, audit):
                module.forget(connection)
        return 0

    def remove_orphans(self) -> int:
        """Remove old objects no row knows; how many."""
        return orphans.remove(self.database, self.blobs, timedelta(seconds=self.settings.orphan_sec))

    @property
    def _overdue(self) -> timedelta:
        return timedelta(seconds=self.settings.overdue_sec)

    def _step(self, step: Callable[[], object]) -> bool:
        began = time.monotonic()
        try:
            done = step()
        except Unavailable as error:
            log.warning("reconcile step put off", extra={"step": step.__name__, "reason": str(error)})
            return False
        if done:
            seconds = round(time.monotonic() - began, 3)
            log.info("reconciled", extra={"step": step.__name__, "changed": done, "seconds": seconds})
        return True

    def _any_overdue(self, table: str, condition: str) -> bool:
        with self.database.worker() as connection:
            row = connection.execute(
                f"SELECT EXISTS (SELECT FROM {table} WHERE {condition} AND queued_at < now() - %s) AS any",  # noqa: S608
                [self._overdue],
            ).fetchone()
        return bool(row and row["any"])

    def _fail(self, condition: str, message: str, *, timed_out: bool, values: dict[str, Any] | None = None) -> int:
        """End rows that are Processing, user by user under the user's lock, and settle the averages."""
        given = {"overdue": self._overdue, "upload": timedelta(seconds=self.settings.upload_sec), **(values or {})}
        with self.database.worker() as connection:
            users = connection.execute(
                f"SELECT DISTINCT user_id FROM fap_analysis WHERE status = 'Processing' AND {condition}",  # noqa: S608
                given,
            ).fetchall()
        ended = 0
        for user in users:
            with self.database.worker() as connection:
                lock(connection, user["user_id"])
                ended += connection.execute(
                    f"""
                    UPDATE fap_analysis SET status = %(failed)s, message = %(message)s, timed_out = %(timed_out)s
                    WHERE user_id = %(user_id)s AND status = 'Processing' AND {condition}
                    """,  # noqa: S608
                    given | user | {"failed": AnalysisStatus.FAILED, "message": message, "timed_out": timed_out},
                ).rowcount
                due = settle(connection, user["user_id"])
            self._asking.ask(due)
        return ended

    def _requeue(self, condition: str, values: dict[str, Any], change: str) -> int:
        """Publish requests of rows again, batch by batch; how many. Stops where the stream takes no more."""
        done = 0
        while self.publisher.connected():
            with self.database.worker() as connection:
                rows = connection.execute(
                    f"""
                    UPDATE fap_analysis SET {change}, sent = true, queued_at = now()
                    WHERE id IN (SELECT id FROM fap_analysis
                        WHERE status = 'Processing' AND stage = 'analyse' AND {condition}
                        ORDER BY queued_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
                    RETURNING id, attempt, version
                    """,  # noqa: S608
                    {"overdue": self._overdue, **values},
                ).fetchall()
            sent = self._publish(rows)
            done += sent
            if sent < BATCH:
                break
        return done

    def _ask_again(self, condition: str, values: dict[str, Any], change: str) -> int:
        if not self.publisher.connected():
            return 0
        with self.database.worker() as connection:
            rows = connection.execute(
                f"""
                UPDATE fap_average SET {change}, sent = true, queued_at = now()
                WHERE status = 'CALCULATING' AND {condition}
                RETURNING user_id, type, year, month, sha256, generation, attempt
                """,  # noqa: S608
                values,
            ).fetchall()
        return self._asking.ask([Due.of(row) for row in rows])

    def _publish(self, rows: list[dict[str, Any]]) -> int:
        queued_rows = [(row["id"], row["attempt"], row["version"]) for row in rows]
        return publish_requests(self.database, self.publisher, queued_rows)

    @property
    def _asking(self) -> Asking:
        return Asking(self.database, self.blobs, self.publisher)


def _ids(keys: Iterable[str]) -> Iterable[UUID]:
    """The keys that are ids."""
    for key in keys:
        try:
            yield UUID(key)
        except ValueError:
            continue


def main(arguments: list[str] | None = None) -> int:
    """Run once, or every so many seconds until SIGTERM; 1 if something could not be done."""
    parser = argparse.ArgumentParser(prog="reconcile", description="Make queue, objects and rows agree.")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on, with a pause of so many seconds")
    every: float | None = parser.parse_args(arguments).every
    logs.setup(os.environ.get("LOG_LEVEL", "INFO"))
    telemetry.setup("reconcile")
    try:
        reconciler = _reconciler(load(Settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _loop(reconciler, every, stop)
    finally:
        reconciler.publisher.close()
        reconciler.database.close()
        telemetry.shutdown()


def _loop(reconciler: Reconciler, every: float | None, stop: Event) -> int:
    objects_at = 0.0
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
