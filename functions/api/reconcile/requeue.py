"""What has to be queued again, and what has been queued often enough.

The conditions are SQL of this module's own; nothing from outside becomes part of a statement. A batch is picked into
an array, which is done once: `IN (SELECT … LIMIT … FOR UPDATE)` may be run again for each row, and then takes more
than its limit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from faplog.blobs import Blobs
from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.messages import AnalysisStatus, AverageStatus

from ..db import Database
from ..delivery import stream_contents
from ..delivery.average_requests import UPLOAD_AWAITED, Asking, Due, lock, settle
from ..delivery.publisher import Publisher
from ..settings import Settings
from ..uploads.service import NOT_UPLOADED, publish_requests

MAX_RETRIES: Final = 3
BATCH: Final = 200
AVERAGES_BATCH: Final = 20
"""Fewer than of analyses: for each the list of its analyses is written first."""
VERSION_BATCH: Final = 50

FAILED_AGAIN_AFTER: Final = timedelta(hours=1)
"""An average that came back FAILED is asked for again: the cause may be gone, and its logs need not change for that."""

GAVE_UP: Final = "The analysis did not finish, although it was tried {tries} times. Upload the log again to retry."
AVERAGE_GAVE_UP: Final = "The average did not come, although it was asked for {tries} times."


@dataclass(frozen=True, slots=True)
class Requeue:
    """The parts that are to agree on what is on its way. Every method may raise `Unavailable` and be called again."""

    database: Database
    blobs: Blobs
    publisher: Publisher
    settings: Settings

    def end_uploads(self) -> int:
        """Fail the rows whose object never came; how many."""
        return self._fail(
            "stage = 'upload' AND queued_at < now() - %(upload)s",
            NOT_UPLOADED,
            timed_out=False,
        )

    def publish_unsent(self) -> bool:
        """Publish what is known not to have reached the stream; whether nothing of it is left.

        Rows are claimed before their messages are published, so two processes never publish the same.
        """
        self._publish_unsent_analyses()
        self._ask_for_unsent_averages()
        with self.database.worker() as connection:
            row = connection.execute(
                """
                SELECT EXISTS (
                    SELECT FROM fap_analysis
                    WHERE status = 'Processing' AND stage = 'analyse' AND NOT sent AND deleted_at IS NULL
                ) OR EXISTS (SELECT FROM fap_average WHERE status = 'CALCULATING' AND NOT sent) AS any
                """
            ).fetchone()
        return not (row and row["any"])

    def _publish_unsent_analyses(self) -> int:
        return self._requeue("NOT sent", {}, "attempt = attempt")

    def _ask_for_unsent_averages(self) -> int:
        return self._ask_again("status = 'CALCULATING' AND NOT sent", {}, "attempt = attempt")

    def requeue_analyses(self) -> int:
        """Publish again the requests that never reached the stream or are lost; fail what was tried often enough."""
        done = self._publish_unsent_analyses()
        if not self._any_overdue("fap_analysis", "status = 'Processing' AND stage = 'analyse' AND deleted_at IS NULL"):
            return done
        queue = stream_contents.analyses(self.publisher)
        lost = "queued_at < now() - %(overdue)s AND queued_at < %(before)s AND NOT id = ANY(%(waiting)s::uuid[])"
        values = {"before": queue.lost_before, "waiting": list(_ids(queue.keys))}
        done += self._fail(
            f"stage = 'analyse' AND sent AND retries >= {MAX_RETRIES} AND {lost}",
            GAVE_UP.format(tries=MAX_RETRIES + 1),
            timed_out=True,
            values=values,
        )
        return done + self._requeue(f"sent AND {lost}", values, "attempt = attempt + 1, retries = retries + 1")

    def settle_averages(self) -> int:
        """Ask for the averages of users who have a log that is no longer waited for; how many were asked for."""
        with self.database.worker() as connection:
            users = connection.execute(
                """
                SELECT DISTINCT user_id FROM fap_analysis
                WHERE status = 'Processing' AND deleted_at IS NULL
                    AND (delayed OR retries > 0 OR stage = 'upload' AND queued_at < now() - %s)
                """,
                [UPLOAD_AWAITED],
            ).fetchall()
        asked = 0
        for user in users:
            with self.database.worker() as connection:
                lock(connection, user["user_id"])
                due = settle(connection, user["user_id"])
            asked += self._asking.ask(due)
        return asked

    def requeue_averages(self) -> int:
        """The same for averages; those that came back FAILED have as many tries, one every `FAILED_AGAIN_AFTER`."""
        done = self._ask_for_unsent_averages()
        done += self._ask_again(
            f"status = 'FAILED' AND NOT timed_out AND attempt <= {MAX_RETRIES} AND queued_at < now() - %(after)s",
            {"after": FAILED_AGAIN_AFTER},
            "status = 'CALCULATING', message = NULL, attempt = attempt + 1",
        )
        if not self._any_overdue("fap_average", "status = 'CALCULATING'"):
            return done
        queue = stream_contents.averages(self.publisher)
        lost = """
            status = 'CALCULATING' AND sent AND queued_at < now() - %(overdue)s AND queued_at < %(before)s
            AND NOT generation = ANY(%(waiting)s::bigint[])
        """
        generations = [int(key) for key in queue.keys if key.isdecimal()]
        values = {"before": queue.lost_before, "waiting": generations, "overdue": self._overdue}
        with self.database.worker() as connection:
            failed = connection.execute(
                f"""
                UPDATE fap_average SET status = %(failed)s, timed_out = true, message = %(message)s
                WHERE attempt > {MAX_RETRIES} AND {lost}
                """,  # noqa: S608  (constants of this module)
                values | {"failed": AverageStatus.FAILED, "message": AVERAGE_GAVE_UP.format(tries=MAX_RETRIES + 1)},
            )
        return done + failed.rowcount + self._ask_again(lost, values, "attempt = attempt + 1")

    def renew(self) -> int:
        """Queue a few analyses of an older analyser version, while nothing else waits; how many."""
        with self.database.worker() as connection:
            stale = connection.execute(
                """
                SELECT EXISTS (
                        SELECT FROM fap_analysis WHERE version < %s AND status <> 'Processing' AND deleted_at IS NULL)
                    AND NOT EXISTS (SELECT FROM fap_analysis WHERE status = 'Processing' AND deleted_at IS NULL) AS any
                """,
                [ANALYSIS_VERSION],
            ).fetchone()
        if not (stale and stale["any"]) or not stream_contents.analyses(self.publisher).empty:
            return 0
        with self.database.worker() as connection:
            rows = connection.execute(
                """
                UPDATE fap_analysis
                SET status = %(processing)s, message = NULL, timed_out = false, version = %(version)s,
                    attempt = attempt + 1, retries = 0, sent = true, queued_at = now()
                WHERE status <> 'Processing' AND deleted_at IS NULL AND id = ANY(ARRAY(
                    SELECT id FROM fap_analysis
                    WHERE version < %(version)s AND status <> 'Processing' AND stage = 'analyse' AND deleted_at IS NULL
                    ORDER BY version, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
                RETURNING id, attempt, version, file_name
                """,
                {"processing": AnalysisStatus.PROCESSING, "version": ANALYSIS_VERSION, "batch": VERSION_BATCH},
            ).fetchall()
        return self._publish(rows)

    @property
    def _overdue(self) -> timedelta:
        return timedelta(seconds=self.settings.overdue_sec)

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
                f"""
                SELECT DISTINCT user_id FROM fap_analysis
                WHERE status = 'Processing' AND deleted_at IS NULL AND {condition}
                """,  # noqa: S608
                given,
            ).fetchall()
        ended = 0
        for user in users:
            with self.database.worker() as connection:
                lock(connection, user["user_id"])
                ended += connection.execute(
                    f"""
                    UPDATE fap_analysis
                    SET status = %(failed)s, message = %(message)s, timed_out = %(timed_out)s, delayed = false
                    WHERE user_id = %(user_id)s AND status = 'Processing' AND deleted_at IS NULL AND {condition}
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
                    WHERE id = ANY(ARRAY(SELECT id FROM fap_analysis
                        WHERE status = 'Processing' AND stage = 'analyse' AND deleted_at IS NULL AND {condition}
                        ORDER BY queued_at, id LIMIT {BATCH} FOR UPDATE SKIP LOCKED))
                    RETURNING id, attempt, version, file_name
                    """,  # noqa: S608
                    {"overdue": self._overdue, **values},
                ).fetchall()
            sent = self._publish(rows)
            done += sent
            if sent < BATCH:
                break
        return done

    def _ask_again(self, condition: str, values: dict[str, Any], change: str) -> int:
        """Ask for averages again, batch by batch; how many. Stops where one could not be asked for."""
        done = 0
        while self.publisher.connected():
            with self.database.worker() as connection:
                rows = connection.execute(
                    f"""
                    UPDATE fap_average SET {change}, sent = true, queued_at = now()
                    WHERE generation = ANY(ARRAY(SELECT generation FROM fap_average
                        WHERE {condition}
                        ORDER BY queued_at, generation LIMIT {AVERAGES_BATCH} FOR UPDATE SKIP LOCKED))
                    RETURNING user_id, type, year, month, sha256, generation, attempt
                    """,  # noqa: S608
                    values,
                ).fetchall()
            asked = self._asking.ask([Due.of(row) for row in rows])
            done += asked
            if asked < AVERAGES_BATCH:
                break
        return done

    def _publish(self, rows: list[dict[str, Any]]) -> int:
        return publish_requests(self.database, self.publisher, rows)

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
