"""Which averages of a user are stale.

It is decided under the lock on the user's row, and only while none of the user's logs is on its first try. An average
is identified by its car, its period and the digest of the analyses in it and of the car's notes, so one that would come
out the same is not requested again.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from ..db import Conn
from ..delivery.average_requests import NOTES_BY_CAR, AverageRequest

UPLOAD_AWAITED: Final = timedelta(minutes=2)
"""How long averages wait for an upload that has no object yet; usually that takes less than a second."""

_IS_ANY_AWAITED: Final = """
    SELECT EXISTS (
        SELECT FROM fap_analysis
        WHERE user_id = %(user_id)s AND status = 'Processing' AND deleted_at IS NULL
            AND (NOT delayed AND retries = 0 OR analysis IS NOT NULL)
            AND (stage = 'analyse' OR queued_at > now() - %(upload_awaited)s)) AS any
"""
_MARK_STALE: Final = f"""
    WITH notes AS ({NOTES_BY_CAR}), wanted AS (
        SELECT car_id, CASE WHEN grouping(log_year) = 1 THEN 'OVERALL'
                    WHEN grouping(log_month) = 1 THEN 'YEARLY' ELSE 'MONTHLY' END AS type,
               log_year AS year, log_month AS month,
               encode(sha256(string_agg(digest, ''::bytea ORDER BY log_date, id)
                   || coalesce(notes, ''::bytea)), 'hex') AS sha256
        FROM fap_analysis LEFT JOIN notes USING (car_id)
        WHERE user_id = %(user_id)s AND car_id IS NOT NULL AND status = 'Success' AND deleted_at IS NULL
            AND superseded_by IS NULL
        GROUP BY GROUPING SETS ((car_id, notes), (car_id, notes, log_year), (car_id, notes, log_year, log_month))
        HAVING count(*) > 0 AND (grouping(log_year) = 1 OR log_year IS NOT NULL)
    ), gone AS (
        DELETE FROM fap_average AS kept
        WHERE user_id = %(user_id)s AND NOT EXISTS (
            SELECT FROM wanted
            WHERE wanted.car_id = kept.car_id AND wanted.type = kept.type AND wanted.year IS NOT DISTINCT FROM kept.year
                AND wanted.month IS NOT DISTINCT FROM kept.month)
    )
    INSERT INTO fap_average AS kept (user_id, car_id, type, year, month, sha256)
    SELECT %(user_id)s, car_id, type, year, month, sha256 FROM wanted
    ON CONFLICT (user_id, car_id, type, year, month) DO UPDATE
    SET sha256 = excluded.sha256, generation = excluded.generation, status = 'CALCULATING', message = NULL,
        error_code = NULL, error_params = NULL,
        attempt = 1, timed_out = false, sent = true, queued_at = now()
    WHERE kept.sha256 <> excluded.sha256
    RETURNING user_id, car_id, type, year, month, sha256, generation, attempt
"""  # noqa: S608  (one constant, a whole statement of its own)


def mark_stale_averages(connection: Conn, user_id: UUID) -> list[AverageRequest]:
    """Mark the user's averages that changed as CALCULATING. Needs `db.lock_user`.

    None is marked while a log is on its first try, or analysed again: without it the averages would lose a log that
    they have. Another log that failed a try (`delayed`, or queued again by reconcile) is not awaited, nor is an upload
    that takes longer than `UPLOAD_AWAITED`: it may take minutes, and its success makes the averages stale again. A
    car's period without analyses loses its average.

    Returns:
        The requests for the averages, to be published after the commit.
    """
    awaited = connection.execute(_IS_ANY_AWAITED, {"user_id": user_id, "upload_awaited": UPLOAD_AWAITED}).fetchone()
    if awaited and awaited["any"]:
        return []
    rows = connection.execute(_MARK_STALE, {"user_id": user_id}).fetchall()
    return [AverageRequest.from_row(row) for row in rows]
