"""Links to one report: made, looked at, ended, and opened by whoever holds one. A log has at most one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..accounts import tokens
from ..db import Conn
from ..delivery.average_requests import lock


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is open."""

    analysis_id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime


def make(connection: Conn, user_id: UUID, analysis_id: UUID, lasting: timedelta) -> tuple[str, Link] | None:
    """A new link to a log of this user, in the place of the one there was: its token, which is said this once.

    None where the user has no such log, or has deleted it. Takes the lock on the user's row, as a deletion does: a log
    that is just being deleted gets no link.
    """
    lock(connection, user_id)
    token = tokens.new_secret()
    row = connection.execute(
        """
        INSERT INTO fap_link (analysis_id, user_id, digest, expires_at)
        SELECT id, user_id, %s, now() + %s FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL
        ON CONFLICT (analysis_id) DO UPDATE
            SET digest = excluded.digest, created_at = excluded.created_at, expires_at = excluded.expires_at
        RETURNING analysis_id, user_id, created_at, expires_at
        """,
        [tokens.digest(token), lasting, analysis_id, user_id],
    ).fetchone()
    return (token, Link(**row)) if row else None


def of(connection: Conn, user_id: UUID, analysis_id: UUID) -> Link | None:
    """The open link to a log of this user."""
    row = connection.execute(
        """
        SELECT analysis_id, user_id, created_at, expires_at FROM fap_link AS link
        WHERE analysis_id = %s AND user_id = %s AND expires_at > now()
            AND EXISTS (SELECT FROM fap_analysis WHERE id = link.analysis_id AND deleted_at IS NULL)
        """,
        [analysis_id, user_id],
    ).fetchone()
    return Link(**row) if row else None


def end(connection: Conn, user_id: UUID, analysis_id: UUID) -> bool:
    """End the link to a log of this user, if there is one; whether there was."""
    ended = connection.execute("DELETE FROM fap_link WHERE analysis_id = %s AND user_id = %s", [analysis_id, user_id])
    return ended.rowcount > 0


def open_by(connection: Conn, token: str) -> Link | None:
    """The link of this token, if it is good. From here on the transaction sees what the link's owner would see.

    Args:
        connection: a transaction of the role `faplog_api`, for no user.
        token: what the reader presents.
    """
    digest = tokens.digest(token)
    connection.execute("SELECT set_config('app.link_digest', %s, true)", [digest.hex()])
    row = connection.execute(
        """
        SELECT analysis_id, user_id, created_at, expires_at FROM fap_link
        WHERE digest = %s AND expires_at > now()
        """,
        [digest],
    ).fetchone()
    if row is None:
        return None
    connection.execute("SELECT set_config('app.current_user_id', %s, true)", [str(row["user_id"])])
    return Link(**row)


def forget(connection: Conn) -> None:
    """Remove links that have expired."""
    connection.execute("DELETE FROM fap_link WHERE expires_at <= now()")
