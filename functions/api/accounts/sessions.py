"""Sessions: begun by a login, prolonged by rotating refresh tokens, ended by logout, expiry or a stolen token."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from ..db import Conn, api_transaction
from . import tokens
from .tokens import Access

IDLE: Final = timedelta(days=30)
"""A session that is not refreshed for this long has expired."""

GRACE: Final = timedelta(seconds=20)
"""Within this time a used refresh token gives the same successor again: two tabs are no thief."""

USED_KEPT: Final = timedelta(days=7)
"""How long a used refresh token is remembered, to notice its reuse; later it is merely unknown."""


@dataclass(frozen=True, slots=True)
class Started:
    """A new session, with the secrets only its owner is told."""

    id: UUID
    refresh_token: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A session that goes on, with its next refresh token."""

    access: Access
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token was presented again too late: it may be stolen, and the session has been ended."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Held:
    """The living session a refresh token belongs to."""

    user_id: UUID
    session_id: UUID
    csrf_digest: bytes


def start(connection: Conn, user_id: UUID) -> Started:
    """Begin a session."""
    refresh_token, csrf_token = tokens.new_secret(), tokens.new_secret()
    row = connection.execute(
        "INSERT INTO sessions (user_id, csrf_digest, expires_at) VALUES (%s, %s, now() + %s) RETURNING id",
        [user_id, tokens.digest(csrf_token), IDLE],
    ).fetchone()
    assert row is not None
    _keep(connection, row["id"], refresh_token)
    return Started(row["id"], refresh_token, csrf_token)


def csrf_digest(user_id: UUID, session_id: UUID) -> bytes | None:
    """The digest of a session's CSRF token, or None once it has ended: one indexed look-up as the user's role."""
    with api_transaction(user_id) as connection:
        row = connection.execute(
            """
            SELECT csrf_digest FROM sessions
            WHERE id = %s AND user_id = %s AND ended_at IS NULL AND expires_at > now()
            """,
            [session_id, user_id],
        ).fetchone()
    return bytes(row["csrf_digest"]) if row else None


def holding(connection: Conn, refresh_token: str) -> Held | None:
    """The living session this refresh token belongs to, used or not."""
    row = connection.execute(
        """
        SELECT s.user_id, s.id, s.csrf_digest FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
        WHERE t.digest = %s AND s.ended_at IS NULL AND s.expires_at > now()
        """,
        [tokens.digest(refresh_token)],
    ).fetchone()
    return Held(row["user_id"], row["id"], bytes(row["csrf_digest"])) if row else None


def refresh(connection: Conn, refresh_token: str) -> Refreshed | Reused | None:
    """Exchange a refresh token for its successor and prolong the session; None if there is no such living session.

    The token's row is locked, so two tabs go one after the other: the first makes the successor, the second derives
    the same one again. Later than `GRACE` it is a reuse, which ends the session for whoever holds its tokens.
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
        _keep(connection, row["id"], tokens.successor(refresh_token, salt))
        connection.execute("UPDATE sessions SET expires_at = now() + %s WHERE id = %s", [IDLE, row["id"]])
        connection.execute(
            "DELETE FROM refresh_tokens WHERE session_id = %s AND used_at < now() - %s", [row["id"], USED_KEPT]
        )
    access = Access(row["user_id"], row["email"], row["id"])
    return Refreshed(access, tokens.successor(refresh_token, salt))


def end(connection: Conn, session_id: UUID) -> None:
    """End a session: none of its tokens, refresh or access, is good from the commit on."""
    connection.execute("UPDATE sessions SET ended_at = now() WHERE id = %s AND ended_at IS NULL", [session_id])


def forget(connection: Conn) -> None:
    """Remove sessions that ended or expired more than a day ago."""
    connection.execute(
        "DELETE FROM sessions WHERE expires_at < now() - interval '1 day' OR ended_at < now() - interval '1 day'"
    )


def _keep(connection: Conn, session_id: UUID, refresh_token: str) -> None:
    connection.execute(
        "INSERT INTO refresh_tokens (digest, session_id) VALUES (%s, %s)", [tokens.digest(refresh_token), session_id]
    )
