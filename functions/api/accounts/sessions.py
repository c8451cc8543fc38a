"""Sessions: started by a login, extended by rotating refresh tokens, ended by logout, expiry or token reuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ..db import Conn, Database
from . import tokens
from .devices import UNKNOWN, Device
from .tokens import Access

IDLE: Final = timedelta(days=30)
"""A session expires if it is not refreshed for this long."""

GRACE: Final = timedelta(seconds=20)
"""A second refresh within this time returns the same successor, so two tabs do not end each other's session."""

USED_KEPT: Final = timedelta(days=7)
"""How long a used refresh token is remembered, to detect its reuse; later it is unknown."""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A new session, with the secrets that only its owner receives."""

    id: UUID
    refresh_token: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """An extended session, with its next refresh token."""

    access: Access
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """A session that was ended because its refresh token was used again too late: it may be stolen."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """The active session that a refresh token belongs to."""

    user_id: UUID
    session_id: UUID
    csrf_digest: bytes


@dataclass(frozen=True, slots=True)
class ListedSession:
    """An active session as its owner sees it in the list."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    """When it was started or last extended: within half an hour of its last request."""

    browser: str | None
    device: str | None


def start(connection: Conn, user_id: UUID, device: Device = UNKNOWN) -> NewSession:
    """Start a session."""
    refresh_token, csrf_token = tokens.new_secret(), tokens.new_secret()
    row = connection.execute(
        """
        INSERT INTO sessions (user_id, csrf_digest, expires_at, browser, device)
        VALUES (%s, %s, now() + %s, %s, %s) RETURNING id
        """,
        [user_id, tokens.digest(csrf_token), IDLE, device.browser, device.device],
    ).fetchone()
    assert row is not None
    _store_refresh_token(connection, row["id"], refresh_token)
    return NewSession(row["id"], refresh_token, csrf_token)


def csrf_digest(database: Database, user_id: UUID, session_id: UUID) -> bytes | None:
    """Return the digest of a session's CSRF token, or None if the session has ended."""
    row = database.api_row(
        user_id,
        """
        SELECT csrf_digest FROM sessions
        WHERE id = %s AND user_id = %s AND ended_at IS NULL AND expires_at > now()
        """,
        [session_id, user_id],
    )
    return bytes(row["csrf_digest"]) if row else None


def find_by_refresh_token(connection: Conn, refresh_token: str) -> ActiveSession | None:
    """Return the active session of a refresh token, whether or not the token was used."""
    row = connection.execute(
        """
        SELECT s.user_id, s.id, s.csrf_digest FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
        WHERE t.digest = %s AND s.ended_at IS NULL AND s.expires_at > now()
        """,
        [tokens.digest(refresh_token)],
    ).fetchone()
    return ActiveSession(row["user_id"], row["id"], bytes(row["csrf_digest"])) if row else None


def refresh(connection: Conn, refresh_token: str) -> Refreshed | Reused | None:
    """Exchange a refresh token for its successor and extend the session.

    The token's row is locked, so two tabs run one after the other: the first creates the successor, the second derives
    the same one again. A token used again later than `GRACE` ends the session, because it may be stolen.

    Returns:
        The extended session, `Reused` if the session was ended, or None if there is no active session.
    """
    row = connection.execute(
        """
        SELECT s.id, s.user_id, u.email, t.successor_salt, t.used_at < clock_timestamp() - %s AS late
        FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
        WHERE t.digest = %s AND s.ended_at IS NULL AND s.expires_at > now()
        FOR UPDATE OF t
        """,
        [GRACE, tokens.digest(refresh_token)],
    ).fetchone()
    if row is None:
        return None
    if row["late"]:
        end(connection, row["id"])
        return Reused(row["user_id"], row["id"])
    salt = row["successor_salt"]
    if salt is None:
        salt = tokens.new_salt()
        connection.execute(
            "UPDATE refresh_tokens SET used_at = clock_timestamp(), successor_salt = %s WHERE digest = %s",
            [salt, tokens.digest(refresh_token)],
        )
        _store_refresh_token(connection, row["id"], tokens.successor(refresh_token, salt))
        connection.execute(
            "UPDATE sessions SET expires_at = now() + %s, last_used_at = now() WHERE id = %s", [IDLE, row["id"]]
        )
        connection.execute(
            "DELETE FROM refresh_tokens WHERE session_id = %s AND used_at < now() - %s", [row["id"], USED_KEPT]
        )
    access = Access(row["user_id"], row["email"], row["id"])
    return Refreshed(access, tokens.successor(refresh_token, salt))


def end(connection: Conn, session_id: UUID) -> None:
    """End a session. Its refresh and access tokens are invalid from the commit on."""
    connection.execute("UPDATE sessions SET ended_at = now() WHERE id = %s AND ended_at IS NULL", [session_id])


def list_active(database: Database, user_id: UUID) -> list[ListedSession]:
    """Return the active sessions of a user, the one used last first."""
    with database.api(user_id) as connection:
        rows = connection.execute(
            """
            SELECT id, created_at, last_used_at, browser, device FROM sessions
            WHERE user_id = %s AND ended_at IS NULL AND expires_at > now() ORDER BY last_used_at DESC, id
            """,
            [user_id],
        ).fetchall()
    return [ListedSession(**row) for row in rows]


def end_one(connection: Conn, user_id: UUID, session_id: UUID) -> bool:
    """End a session of this user, and return whether it was active."""
    ended = connection.execute(
        """
        UPDATE sessions SET ended_at = now()
        WHERE id = %s AND user_id = %s AND ended_at IS NULL AND expires_at > now()
        """,
        [session_id, user_id],
    )
    return ended.rowcount == 1


def end_all(connection: Conn, user_id: UUID, *, but: UUID | None = None) -> int:
    """End the sessions of a user, except one if it is given, and return how many were active."""
    ended = connection.execute(
        """
        UPDATE sessions SET ended_at = now()
        WHERE user_id = %s AND id IS DISTINCT FROM %s AND ended_at IS NULL AND expires_at > now()
        """,
        [user_id, but],
    )
    return ended.rowcount


def delete_expired(connection: Conn) -> None:
    """Delete sessions that ended or expired more than a day ago."""
    connection.execute(
        "DELETE FROM sessions WHERE expires_at < now() - interval '1 day' OR ended_at < now() - interval '1 day'"
    )


def _store_refresh_token(connection: Conn, session_id: UUID, refresh_token: str) -> None:
    connection.execute(
        "INSERT INTO refresh_tokens (digest, session_id) VALUES (%s, %s)", [tokens.digest(refresh_token), session_id]
    )
