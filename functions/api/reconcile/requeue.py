"""Queues again what is unsent, lost or outdated, and ends what was tried often enough.

The statements are whole: conditions are repeated rather than assembled, so that each can be read and explained alone.
A batch is selected into an array, which is evaluated once: `IN (SELECT … LIMIT … FOR UPDATE)` may be evaluated again
for each row, and then takes more than its limit.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.rows import DictRow

from faplog.contracts.analysis import ANALYSIS_VERSION
from faplog.contracts.errors import ErrorCode, cause

from ..analyses.results import failure_columns
from ..analyses.superseding import update_superseded
from ..averages.staleness import UPLOAD_AWAITED, mark_stale_averages
from ..cars import membership
from ..db import lock_user
from ..delivery import stream_contents
from ..delivery.analysis_requests import publish_requests
from ..delivery.average_requests import AverageRequest
from ..delivery.stream_contents import Queue
from ..services import Services

MAX_RETRIES: Final = 3
BATCH: Final = 200
AVERAGES_BATCH: Final = 20
"""Smaller than that of analyses, because for each the list of its analyses is written first."""
VERSION_BATCH: Final = 50

FAILED_AGAIN_AFTER: Final = timedelta(hours=1)
"""After this time a FAILED average is requested again: the cause may have been temporary."""

_IS_ANY_UNSENT: Final = """
    SELECT EXISTS (
        SELECT FROM fap_analysis
        WHERE status = 'Processing' AND stage = 'analyse' AND NOT sent AND deleted_at IS NULL
    ) OR EXISTS (SELECT FROM fap_average WHERE status = 'CALCULATING' AND NOT sent) AS any
"""

_UNFINISHED_UPLOADS: Final = """
    SELECT DISTINCT user_id FROM fap_analysis
    WHERE status = 'Processing' AND deleted_at IS NULL AND stage = 'upload' AND queued_at < now() - %(upload)s
"""
_FAIL_UPLOADS: Final = """
    UPDATE fap_analysis
    SET status = 'Failed', message = %(message)s, error_code = %(code)s, error_params = %(params)s,
        timed_out = false, delayed = false
    WHERE user_id = %(user_id)s AND status = 'Processing' AND deleted_at IS NULL
        AND stage = 'upload' AND queued_at < now() - %(upload)s
    RETURNING id
"""

_CLAIM_UNSENT_ANALYSES: Final = """
    UPDATE fap_analysis SET sent = true, queued_at = now()
    WHERE id = ANY(ARRAY(
        SELECT id FROM fap_analysis
        WHERE status = 'Processing' AND stage = 'analyse' AND deleted_at IS NULL AND NOT sent
        ORDER BY queued_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING id, attempt, version, file_name
"""
_IS_ANY_ANALYSIS_OVERDUE: Final = """
    SELECT EXISTS (
        SELECT FROM fap_analysis
        WHERE status = 'Processing' AND stage = 'analyse' AND deleted_at IS NULL AND queued_at < now() - %(overdue)s
    ) AS any
"""
_CLAIM_LOST_ANALYSES: Final = """
    UPDATE fap_analysis SET attempt = attempt + 1, retries = retries + 1, sent = true, queued_at = now()
    WHERE id = ANY(ARRAY(
        SELECT id FROM fap_analysis
        WHERE status = 'Processing' AND stage = 'analyse' AND deleted_at IS NULL AND sent
            AND queued_at < now() - %(overdue)s AND queued_at < %(before)s AND NOT id = ANY(%(waiting)s::uuid[])
        ORDER BY queued_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING id, attempt, version, file_name
"""
_EXHAUSTED_ANALYSES: Final = """
    SELECT DISTINCT user_id FROM fap_analysis
    WHERE status = 'Processing' AND deleted_at IS NULL AND stage = 'analyse' AND sent AND retries >= %(max_retries)s
        AND queued_at < now() - %(overdue)s AND queued_at < %(before)s AND NOT id = ANY(%(waiting)s::uuid[])
"""
_FAIL_EXHAUSTED_ANALYSES: Final = """
    UPDATE fap_analysis
    SET status = 'Failed', message = %(message)s, error_code = %(code)s, error_params = %(params)s,
        timed_out = true, delayed = false
    WHERE user_id = %(user_id)s AND status = 'Processing' AND deleted_at IS NULL AND stage = 'analyse' AND sent
        AND retries >= %(max_retries)s
        AND queued_at < now() - %(overdue)s AND queued_at < %(before)s AND NOT id = ANY(%(waiting)s::uuid[])
    RETURNING id
"""

_IS_ANY_OUTDATED: Final = """
    SELECT EXISTS (
            SELECT FROM fap_analysis
            WHERE version < %(version)s AND status <> 'Processing' AND deleted_at IS NULL)
        AND NOT EXISTS (SELECT FROM fap_analysis WHERE status = 'Processing' AND deleted_at IS NULL) AS any
"""
_CLAIM_OUTDATED: Final = """
    UPDATE fap_analysis
    SET status = 'Processing', message = NULL, error_code = NULL, error_params = NULL, timed_out = false,
        version = %(version)s, attempt = attempt + 1, retries = 0, sent = true, queued_at = now()
    WHERE status <> 'Processing' AND deleted_at IS NULL AND id = ANY(ARRAY(
        SELECT id FROM fap_analysis
        WHERE version < %(version)s AND status <> 'Processing' AND stage = 'analyse' AND deleted_at IS NULL
        ORDER BY version, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING id, attempt, version, file_name
"""

_USERS_NOT_AWAITED: Final = """
    SELECT DISTINCT user_id FROM fap_analysis
    WHERE status = 'Processing' AND deleted_at IS NULL
        AND (delayed OR retries > 0 OR stage = 'upload' AND queued_at < now() - %(upload_awaited)s)
"""
_CLAIM_UNSENT_AVERAGES: Final = """
    UPDATE fap_average SET sent = true, queued_at = now()
    WHERE generation = ANY(ARRAY(
        SELECT generation FROM fap_average
        WHERE status = 'CALCULATING' AND NOT sent
        ORDER BY queued_at, generation LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING user_id, car_id, type, year, month, sha256, generation, attempt
"""
_CLAIM_FAILED_AVERAGES: Final = """
    UPDATE fap_average
    SET status = 'CALCULATING', message = NULL, error_code = NULL, error_params = NULL, attempt = attempt + 1,
        sent = true, queued_at = now()
    WHERE generation = ANY(ARRAY(
        SELECT generation FROM fap_average
        WHERE status = 'FAILED' AND NOT timed_out AND attempt <= %(max_retries)s
            AND queued_at < now() - %(failed_again_after)s
        ORDER BY queued_at, generation LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING user_id, car_id, type, year, month, sha256, generation, attempt
"""
_IS_ANY_AVERAGE_OVERDUE: Final = """
    SELECT EXISTS (
        SELECT FROM fap_average WHERE status = 'CALCULATING' AND queued_at < now() - %(overdue)s) AS any
"""
_CLAIM_LOST_AVERAGES: Final = """
    UPDATE fap_average SET attempt = attempt + 1, sent = true, queued_at = now()
    WHERE generation = ANY(ARRAY(
        SELECT generation FROM fap_average
        WHERE status = 'CALCULATING' AND sent AND queued_at < now() - %(overdue)s AND queued_at < %(before)s
            AND NOT generation = ANY(%(waiting)s::bigint[])
        ORDER BY queued_at, generation LIMIT %(batch)s FOR UPDATE SKIP LOCKED))
    RETURNING user_id, car_id, type, year, month, sha256, generation, attempt
"""
_FAIL_EXHAUSTED_AVERAGES: Final = """
    UPDATE fap_average
    SET status = 'FAILED', timed_out = true, message = %(message)s, error_code = %(code)s, error_params = %(params)s
    WHERE attempt > %(max_retries)s
        AND status = 'CALCULATING' AND sent AND queued_at < now() - %(overdue)s AND queued_at < %(before)s
        AND NOT generation = ANY(%(waiting)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Requeue:
    """The steps that bring rows and queue into agreement. Each may raise `Unavailable` and be repeated."""

    services: Services

    def end_uploads(self) -> int:
        """Fail the rows whose object was never stored, and return how many."""
        values = {
            "upload": timedelta(seconds=self.services.settings.upload_sec),
            **failure_columns(cause(ErrorCode.UPLOAD_NOT_FINISHED)),
        }
        return self._fail_analyses(_UNFINISHED_UPLOADS, _FAIL_UPLOADS, values)

    def publish_unsent(self) -> bool:
        """Publish the requests that are marked as unsent, and return whether none is left.

        Rows are claimed before their messages are published, so two processes never publish the same.
        """
        self._publish_unsent_analyses()
        self._publish_unsent_averages()
        return not self._any(_IS_ANY_UNSENT, {})

    def requeue_analyses(self) -> int:
        """Publish unsent and lost requests again, fail those tried often enough, and return how many of both."""
        done = self._publish_unsent_analyses()
        if not self._any(_IS_ANY_ANALYSIS_OVERDUE, {"overdue": self._overdue}):
            return done
        queue = stream_contents.analyses(self.services.publisher)
        lost = self._lost(queue, list(_ids(queue.keys)))
        failure = failure_columns(cause(ErrorCode.ANALYSIS_TIMED_OUT, tries=MAX_RETRIES + 1))
        done += self._fail_analyses(_EXHAUSTED_ANALYSES, _FAIL_EXHAUSTED_ANALYSES, lost | failure)
        return done + self._publish_analyses(_CLAIM_LOST_ANALYSES, lost)

    def sort_cars(self) -> int:
        """Distribute the logs of users over cars where an upgrade has not done so, and return of how many users."""
        with self.services.database.worker() as connection:
            users = membership.unsorted_users(connection)
        for user_id in users:
            with self.services.database.worker() as connection:
                lock_user(connection, user_id)
                membership.sort_all(connection, user_id)
                requests = mark_stale_averages(connection, user_id)
            self.services.average_requests.publish(requests)
        return len(users)

    def update_averages(self) -> int:
        """Request the averages of users with a log that is no longer awaited, and return how many."""
        with self.services.database.worker() as connection:
            users = connection.execute(_USERS_NOT_AWAITED, {"upload_awaited": UPLOAD_AWAITED}).fetchall()
        requested = 0
        for user in users:
            with self.services.database.worker() as connection:
                lock_user(connection, user["user_id"])
                requests = mark_stale_averages(connection, user["user_id"])
            requested += self.services.average_requests.publish(requests)
        return requested

    def requeue_averages(self) -> int:
        """Publish unsent, failed and lost requests again, fail those tried often enough, and return how many.

        A FAILED average has as many tries as a lost one, one every `FAILED_AGAIN_AFTER`.
        """
        done = self._publish_unsent_averages()
        retry = {"max_retries": MAX_RETRIES, "failed_again_after": FAILED_AGAIN_AFTER}
        done += self._publish_averages(_CLAIM_FAILED_AVERAGES, retry)
        if not self._any(_IS_ANY_AVERAGE_OVERDUE, {"overdue": self._overdue}):
            return done
        queue = stream_contents.averages(self.services.publisher)
        lost = self._lost(queue, [int(key) for key in queue.keys if key.isdecimal()])
        failure = failure_columns(cause(ErrorCode.AVERAGE_TIMED_OUT, tries=MAX_RETRIES + 1))
        with self.services.database.worker() as connection:
            failed = connection.execute(_FAIL_EXHAUSTED_AVERAGES, lost | failure).rowcount
        return done + failed + self._publish_averages(_CLAIM_LOST_AVERAGES, lost)

    def renew(self) -> int:
        """Queue a few analyses of an older analyser version while nothing else waits, and return how many."""
        if not self._any(_IS_ANY_OUTDATED, {"version": ANALYSIS_VERSION}):
            return 0
        if not stream_contents.analyses(self.services.publisher).empty:
            return 0
        with self.services.database.worker() as connection:
            values = {"version": ANALYSIS_VERSION, "batch": VERSION_BATCH}
            rows = connection.execute(_CLAIM_OUTDATED, values).fetchall()
        return publish_requests(self.services.database, self.services.publisher, rows)

    @property
    def _overdue(self) -> timedelta:
        return timedelta(seconds=self.services.settings.overdue_sec)

    def _lost(self, queue: Queue, waiting: list[Any]) -> dict[str, Any]:
        """Return the parameters of the statements about lost requests."""
        return {
            "overdue": self._overdue,
            "before": queue.lost_before,
            "waiting": waiting,
            "max_retries": MAX_RETRIES,
        }

    def _any(self, statement: LiteralString, values: Mapping[str, Any]) -> bool:
        with self.services.database.worker() as connection:
            row = connection.execute(statement, values).fetchone()
        return bool(row and row["any"])

    def _fail_analyses(self, users: LiteralString, fail: LiteralString, values: Mapping[str, Any]) -> int:
        """Fail analyses user by user, under the lock on the user's row, and update the averages.

        Args:
            users: The statement that selects the users.
            fail: The statement that fails the analyses of one user.
            values: The parameters of both.

        Returns:
            How many analyses failed.
        """
        with self.services.database.worker() as connection:
            rows = connection.execute(users, values).fetchall()
        failed = 0
        for row in rows:
            with self.services.database.worker() as connection:
                lock_user(connection, row["user_id"])
                ended = connection.execute(fail, {**values, **row}).fetchall()
                failed += len(ended)
                update_superseded(connection, row["user_id"], [one["id"] for one in ended])
                requests = mark_stale_averages(connection, row["user_id"])
            self.services.average_requests.publish(requests)
        return failed

    def _publish_unsent_analyses(self) -> int:
        return self._publish_analyses(_CLAIM_UNSENT_ANALYSES, {})

    def _publish_analyses(self, claim: LiteralString, values: Mapping[str, Any]) -> int:
        return self._publish_claimed(
            claim,
            {**values, "batch": BATCH},
            lambda rows: publish_requests(self.services.database, self.services.publisher, rows),
        )

    def _publish_unsent_averages(self) -> int:
        return self._publish_averages(_CLAIM_UNSENT_AVERAGES, {})

    def _publish_averages(self, claim: LiteralString, values: Mapping[str, Any]) -> int:
        return self._publish_claimed(
            claim,
            {**values, "batch": AVERAGES_BATCH},
            lambda rows: self.services.average_requests.publish([AverageRequest.from_row(row) for row in rows]),
        )

    def _publish_claimed(
        self, claim: LiteralString, values: Mapping[str, Any], publish: Callable[[list[DictRow]], int]
    ) -> int:
        """Claim rows and publish their requests, batch by batch, until fewer than a batch could be published.

        Args:
            claim: The statement that claims at most `batch` rows.
            values: Its parameters, `batch` among them.
            publish: Publishes the requests of rows; returns how many of them were published.

        Returns:
            How many requests were published.
        """
        done = 0
        while self.services.publisher.connected():
            with self.services.database.worker() as connection:
                rows = connection.execute(claim, values).fetchall()
            published = publish(rows)
            done += published
            if published < values["batch"]:
                break
        return done


def _ids(keys: Iterable[str]) -> Iterable[UUID]:
    """Yield the keys that are ids."""
    for key in keys:
        try:
            yield UUID(key)
        except ValueError:
            continue
