"""The one way to select an analysis of a user."""

from typing import Any, Final
from uuid import UUID

from flask import g

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused

from ..accounts.authentication import User
from ..db import Conn, Database

_SELECT: Final = """
    SELECT id, file_name, size, sha256, created_at, digest,
        status, stage, message, error_code, error_params, log_date, fap_regen, distance, analysis::text AS analysis,
        car_id, note, car_guessed, (
            SELECT course FROM fap_average
            WHERE user_id = log.user_id AND car_id = log.car_id AND type = 'OVERALL'
                AND jsonb_typeof(course) = 'object'
        ) AS filter_course
    FROM fap_analysis AS log WHERE id = %s AND user_id = %s AND deleted_at IS NULL
"""


def missing() -> Refused:
    """Return the 404 of an id that is unknown, deleted or another user's."""
    return refused(ErrorCode.ANALYSIS_NOT_FOUND)


def find_analysis(connection: Conn, user_id: UUID, analysis_id: UUID) -> dict[str, Any] | None:
    """Return the row of a user's analysis, its JSON as text, or None if the user has no such analysis."""
    return connection.execute(_SELECT, [analysis_id, user_id]).fetchone()


def get_analysis(database: Database, analysis_id: UUID) -> dict[str, Any]:
    """Return the row of an analysis of the current user, its JSON as text. Raises `NotFound` (`missing`)."""
    user: User = g.user
    with database.api(user.id) as connection:
        row = find_analysis(connection, user.id, analysis_id)
    if row is None:
        raise missing()
    return row
