"""When averages are due, over what, and the requests for them.

A user's averages are judged under the lock on the user's row, and only while none of the user's logs is on its first
try: the identity of an average is its period and the digest of the analyses in it, so one that would come out the same
is not asked for again.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

import orjson

from faplog import telemetry
from faplog.blobs import Blobs
from faplog.bus import message_id
from faplog.contracts.keys import average_request_key
from faplog.contracts.messages import MAX_INLINE_BYTES, AverageStatus, Period, Subject
from faplog.errors import Unavailable

from ..db import Conn, Database
from .publisher import Outgoing, Publisher

log = logging.getLogger(__name__)

_PAGE_ROWS: Final = 200
"""Analyses fetched at once: some 5 kB each."""

UPLOAD_AWAITED: Final = timedelta(minutes=2)
"""How long averages wait for a log on its way into the object store; usually that takes less than a second."""

_IN_PERIOD: Final = """
    user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL
    AND (%(year)s::int IS NULL OR log_year = %(year)s) AND (%(month)s::int IS NULL OR log_month = %(month)s)
"""


@dataclass(frozen=True, slots=True)
class Due:
    """An average to be asked for: whose, of which period, over which analyses."""

    user_id: UUID
    type: Period
    year: int | None
    month: int | None
    sha256: str
    generation: int
    attempt: int = 1

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Due":
        """From a row of `fap_average`."""
        return cls(
            row["user_id"],
            Period(row["type"]),
            row["year"],
            row["month"],
            row["sha256"],
            row["generation"],
            row["attempt"],
        )

    @property
    def message_id(self) -> str:
        """What the stream tells doubles of this request by."""
        key = f"{self.user_id}:{self.type}:{self.year}:{self.month}:{self.generation}"
        return message_id(Subject.AVERAGE_REQUEST, key, self.attempt)


def lock(connection: Conn, user_id: UUID) -> bool:
    """Take the lock on the user's row until the transaction ends; whether there is such a user."""
    return connection.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [user_id]).fetchone() is not None


def settle(connection: Conn, user_id: UUID) -> list[Due]:
    """The user's averages that changed, now CALCULATING; to be asked for after the commit. Needs the `lock`.

    Nothing is due while a log is on its first try. One that failed a try (`delayed`, or queued again by reconcile) is
    not waited for, nor one whose upload takes longer than `UPLOAD_AWAITED`: it may take minutes to end, and its success
    makes the averages due again. A period without analyses loses its average.
    """
    awaited = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM fap_analysis
            WHERE user_id = %s AND status = 'Processing' AND deleted_at IS NULL AND NOT delayed AND retries = 0
                AND (stage = 'analyse' OR queued_at > now() - %s)) AS any
        """,
        [user_id, UPLOAD_AWAITED],
    ).fetchone()
    if awaited and awaited["any"]:
        return []
    rows = connection.execute(
        """
        WITH wanted AS (
            SELECT CASE WHEN grouping(log_year) = 1 THEN 'OVERALL'
                        WHEN grouping(log_month) = 1 THEN 'YEARLY' ELSE 'MONTHLY' END AS type,
                   log_year AS year, log_month AS month,
                   encode(sha256(string_agg(digest, ''::bytea ORDER BY log_date, id)), 'hex') AS sha256
            FROM fap_analysis
            WHERE user_id = %(user_id)s AND status = 'Success' AND deleted_at IS NULL
            GROUP BY GROUPING SETS ((), (log_year), (log_year, log_month))
            HAVING count(*) > 0 AND (grouping(log_year) = 1 OR log_year IS NOT NULL)
        ), gone AS (
            DELETE FROM fap_average AS kept
            WHERE user_id = %(user_id)s AND NOT EXISTS (
                SELECT FROM wanted
                WHERE wanted.type = kept.type AND wanted.year IS NOT DISTINCT FROM kept.year
                    AND wanted.month IS NOT DISTINCT FROM kept.month)
        )
        INSERT INTO fap_average AS kept (user_id, type, year, month, sha256)
        SELECT %(user_id)s, type, year, month, sha256 FROM wanted
        ON CONFLICT (user_id, type, year, month) DO UPDATE
        SET sha256 = excluded.sha256, generation = excluded.generation, status = 'CALCULATING', message = NULL,
            attempt = 1, timed_out = false, sent = true, queued_at = now()
        WHERE kept.sha256 <> excluded.sha256
        RETURNING user_id, type, year, month, sha256, generation, attempt
        """,
        {"user_id": user_id},
    ).fetchall()
    return [Due.of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Asking:
    """The parts a request for an average goes through."""

    database: Database
    blobs: Blobs
    publisher: Publisher

    def ask(self, due: Sequence[Due]) -> int:
        """Publish the requests; how many the stream took. The others are marked for reconcile, whatever the reason."""
        asked, unsent = 0, []
        for one in due:
            if self._ask(one):
                asked += 1
            else:
                unsent.append(one)
        if unsent:
            self._mark(unsent)
        return asked

    def _ask(self, due: Due) -> bool:
        if not self.publisher.connected():
            log.warning("average not asked for", extra={"reason": "not connected to the broker"})
            return False
        try:
            payload = self._payload(due)
        except Unavailable as error:
            log.warning("average not asked for", extra={"reason": str(error)})
            return False
        if payload is None:  # the analyses have changed meanwhile; whoever changed them asks
            return True
        message = Outgoing(Subject.AVERAGE_REQUEST, payload, due.message_id, telemetry.traceparent())
        return all(self.publisher.publish([message]))

    def _payload(self, due: Due) -> bytes | None:
        with SpooledTemporaryFile(MAX_INLINE_BYTES) as file:
            size = self._write_list(due, file)
            if size is None:
                return None
            file.seek(0)
            if size <= MAX_INLINE_BYTES:
                return request(due, inline=file.read())
            reference = average_request_key(due.user_id, due.sha256)
            self.blobs.put(reference, file, content_type="application/json")
            return request(due, reference=reference)

    def _write_list(self, due: Due, file: IO[bytes]) -> int | None:
        """Write the analyses as a JSON array, one a line so that `average` can read them one by one.

        Returns its size, or None if they are not the ones asked for any more.
        """
        seen = hashlib.sha256()
        with self.database.worker() as connection, connection.cursor(name="analyses") as rows:
            rows.itersize = _PAGE_ROWS
            rows.execute(
                f"""
                SELECT digest, convert_to(json_build_object(
                    'analysisId', id,
                    'logDate', to_char(log_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                    'distance', distance, 'fapRegen', fap_regen, 'analysis', analysis)::text, 'UTF8') AS item
                FROM fap_analysis WHERE {_IN_PERIOD} ORDER BY log_date, id
                """,  # noqa: S608  (a constant of this module)
                {"user_id": due.user_id, "year": due.year, "month": due.month},
            )
            size = file.write(b"[")
            for number, row in enumerate(rows):
                seen.update(row["digest"])
                size += file.write((b",\n" if number else b"") + row["item"])
            size += file.write(b"]")
        return size if seen.hexdigest() == due.sha256 else None

    def _mark(self, unsent: Iterable[Due]) -> None:
        try:
            with self.database.worker() as connection:
                connection.execute(
                    "UPDATE fap_average SET sent = false WHERE generation = ANY(%s) AND status = %s",
                    [[due.generation for due in unsent], AverageStatus.CALCULATING],
                )
            self.publisher.resend.set()
        except Unavailable as error:
            log.warning("unsent averages not marked", extra={"reason": str(error)})


def request(due: Due, *, inline: bytes | None = None, reference: str | None = None) -> bytes:
    """The payload of `average.request`, its list given as JSON bytes or as a reference."""
    data: dict[str, Any] = {"userId": due.user_id, "analysisSha": due.sha256}
    if inline is not None:
        data["analysis"] = orjson.Fragment(inline)
    if reference is not None:
        data["analysisRef"] = reference
    data["type"] = due.type
    data |= {key: value for key, value in (("year", due.year), ("month", due.month)) if value is not None}
    data["generation"] = due.generation
    message: dict[str, Any] = {"pattern": Subject.AVERAGE_REQUEST, "data": data}
    if traceparent := telemetry.traceparent():
        message["traceparent"] = traceparent
    return orjson.dumps(message)
