"""Links to a log's report or to a car: made, shown, ended, and opened by their token. Each has at most one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from ..accounts import tokens
from ..db import Conn, lock_user


class Subject(StrEnum):
    """What a link leads to."""

    LOG = "log"
    CAR = "car"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that has not expired, to a log or to a car."""

    analysis_id: UUID | None
    car_id: UUID | None
    user_id: UUID
    created_at: datetime
    expires_at: datetime


_MAKE: Final[Mapping[Subject, str]] = {
    Subject.LOG: """
        INSERT INTO fap_link (analysis_id, user_id, digest, expires_at)
        SELECT id, user_id, %(digest)s, now() + %(lifetime)s FROM fap_analysis
        WHERE id = %(id)s AND user_id = %(user_id)s AND deleted_at IS NULL
        ON CONFLICT (analysis_id) DO UPDATE
            SET digest = excluded.digest, created_at = excluded.created_at, expires_at = excluded.expires_at
        RETURNING analysis_id, car_id, user_id, created_at, expires_at
    """,
    Subject.CAR: """
        INSERT INTO fap_link (car_id, user_id, digest, expires_at)
        SELECT id, user_id, %(digest)s, now() + %(lifetime)s FROM car
        WHERE id = %(id)s AND user_id = %(user_id)s AND deleted_at IS NULL
        ON CONFLICT (car_id) DO UPDATE
            SET digest = excluded.digest, created_at = excluded.created_at, expires_at = excluded.expires_at
        RETURNING analysis_id, car_id, user_id, created_at, expires_at
    """,
}
_FIND: Final[Mapping[Subject, str]] = {
    Subject.LOG: """
        SELECT analysis_id, car_id, user_id, created_at, expires_at FROM fap_link AS link
        WHERE analysis_id = %(id)s AND user_id = %(user_id)s AND expires_at > now()
            AND EXISTS (SELECT FROM fap_analysis WHERE id = link.analysis_id AND deleted_at IS NULL)
    """,
    Subject.CAR: """
        SELECT analysis_id, car_id, user_id, created_at, expires_at FROM fap_link AS link
        WHERE car_id = %(id)s AND user_id = %(user_id)s AND expires_at > now()
            AND EXISTS (SELECT FROM car WHERE id = link.car_id AND deleted_at IS NULL)
    """,
}
_LIST: Final = """
    SELECT 'log' AS kind, log.id, log.file_name AS name, NULL AS profile, link.created_at, link.expires_at
    FROM fap_link AS link
    JOIN fap_analysis AS log ON log.id = link.analysis_id AND log.user_id = link.user_id AND log.deleted_at IS NULL
    WHERE link.user_id = %(user_id)s AND link.expires_at > now()
    UNION ALL
    SELECT 'car', car.id, car.name, car.profile, link.created_at, link.expires_at
    FROM fap_link AS link
    JOIN car ON car.id = link.car_id AND car.user_id = link.user_id AND car.deleted_at IS NULL
    WHERE link.user_id = %(user_id)s AND link.expires_at > now()
    ORDER BY created_at DESC, id LIMIT %(limit)s
"""
_END: Final[Mapping[Subject, str]] = {
    Subject.LOG: "DELETE FROM fap_link WHERE analysis_id = %(id)s AND user_id = %(user_id)s",
    Subject.CAR: "DELETE FROM fap_link WHERE car_id = %(id)s AND user_id = %(user_id)s",
}
_END_ALL: Final = "DELETE FROM fap_link WHERE user_id = %s"
_PRESENT: Final = "SELECT set_config('app.link_digest', %s, true)"
_OPEN: Final = """
    SELECT analysis_id, car_id, user_id, created_at, expires_at FROM fap_link WHERE digest = %s AND expires_at > now()
"""
_ACT_FOR: Final = "SELECT set_config('app.current_user_id', %s, true)"
_DELETE_EXPIRED: Final = "DELETE FROM fap_link WHERE expires_at <= now()"


def make(
    connection: Conn, user_id: UUID, subject: Subject, subject_id: UUID, lifetime: timedelta
) -> tuple[str, Link] | None:
    """Create a link to a log or a car of this user; it replaces an earlier one.

    Takes the lock on the user's row, as a deletion does, so that what is being deleted gets no link.

    Returns:
        The token, of which only the digest is stored, and the link; or None if the user has no such log or car.
    """
    lock_user(connection, user_id)
    token = tokens.new_secret()
    values = {"user_id": user_id, "id": subject_id, "digest": tokens.digest(token), "lifetime": lifetime}
    row = connection.execute(_MAKE[subject].encode(), values).fetchone()
    return (token, Link(**row)) if row else None


def find(connection: Conn, user_id: UUID, subject: Subject, subject_id: UUID) -> Link | None:
    """Return the open link to a log or a car of this user."""
    row = connection.execute(_FIND[subject].encode(), {"user_id": user_id, "id": subject_id}).fetchone()
    return Link(**row) if row else None


def list_open(connection: Conn, user_id: UUID, limit: int) -> list[dict[str, Any]]:
    """Return the open links of this user with what they lead to, the newest first."""
    return connection.execute(_LIST, {"user_id": user_id, "limit": limit}).fetchall()


def end(connection: Conn, user_id: UUID, subject: Subject, subject_id: UUID) -> bool:
    """End the link to a log or a car of this user, and return whether there was one."""
    return connection.execute(_END[subject].encode(), {"user_id": user_id, "id": subject_id}).rowcount > 0


def end_all(connection: Conn, user_id: UUID) -> int:
    """End all links to logs and cars of this user, and return how many there were."""
    return connection.execute(_END_ALL, [user_id]).rowcount


def open_by_token(connection: Conn, token: str) -> Link | None:
    """Return the link of this token if it is valid. From then on the transaction sees the rows of the link's owner.

    Args:
        connection: A transaction of the role `faplog_api` without a user.
        token: The token in the reader's request.
    """
    digest = tokens.digest(token)
    connection.execute(_PRESENT, [digest.hex()])
    row = connection.execute(_OPEN, [digest]).fetchone()
    if row is None:
        return None
    connection.execute(_ACT_FOR, [str(row["user_id"])])
    return Link(**row)


def delete_expired(connection: Conn) -> None:
    """Delete links that have expired."""
    connection.execute(_DELETE_EXPIRED)
