"""Links to one report: made, shown, ended, and opened by their token. A log has at most one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ..accounts import tokens
from ..db import Conn, lock_user


@dataclass(frozen=True, slots=True)
class Link:
    """A link that has not expired."""

    analysis_id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime


def make(connection: Conn, user_id: UUID, analysis_id: UUID, lifetime: timedelta) -> tuple[str, Link] | None:
    """Create a link to a log of this user; it replaces an earlier one.

    Takes the lock on the user's row, as a deletion does, so that a log in deletion gets no link.

    Returns:
        The token, of which only the digest is stored, and the link; or None if the user has no such log.
    """
    lock_user(connection, user_id)
    token = tokens.new_secret()
    row = connection.execute(
        """
        INSERT INTO fap_link (analysis_id, user_id, digest, expires_at)
        SELECT id, user_id, %s, now() + %s FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL
        ON CONFLICT (analysis_id) DO UPDATE
            SET digest = excluded.digest, created_at = excluded.created_at, expires_at = excluded.expires_at
        RETURNING analysis_id, user_id, created_at, expires_at
        """,
        [tokens.digest(token), lifetime, analysis_id, user_id],
    ).fetchone()
    return (token, Link(**row)) if row else None


def find(connection: Conn, user_id: UUID, analysis_id: UUID) -> Link | None:
    """Return the open link to a log of this user."""
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
    """End the link to a log of this user, and return whether there was one."""
    ended = connection.execute("DELETE FROM fap_link WHERE analysis_id = %s AND user_id = %s", [analysis_id, user_id])
    return ended.rowcount > 0


def end_all(connection: Conn, user_id: UUID) -> int:
    """End all links to logs of this user, and return how many there were."""
    return connection.execute("DELETE FROM fap_link WHERE user_id = %s", [user_id]).rowcount


def open_by_token(connection: Conn, token: str) -> Link | None:
    """Return the link of this token if it is valid. From then on the transaction sees the rows of the link's owner.

    Args:
        connection: A transaction of the role `faplog_api` without a user.
        token: The token in the reader's request.
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


def delete_expired(connection: Conn) -> None:
    """Delete links that have expired."""
    connection.execute("DELETE FROM fap_link WHERE expires_at <= now()")
