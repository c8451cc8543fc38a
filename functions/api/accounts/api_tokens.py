"""API tokens in Postgres: created, listed, revoked, and found by the digest of what a request presents.

A plain SHA-256 is stored, as of refresh tokens: a token has 256 random bits, so that no hash, however fast, can be
tried in reverse, while a slow one would cost every request of a script a quarter of a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from faplog.contracts.api_tokens import PREFIX, Scope

from ..db import Conn, Database, lock_user
from . import tokens

MAX_TOKENS: Final = 50
"""API tokens per account."""

USE_NOTED_AFTER: Final = timedelta(minutes=1)
"""`last_used_at` is written at most this often, so that a request usually only reads."""

EXPIRED_KEPT: Final = timedelta(days=30)
"""How long an expired token stays in the list, so that its owner sees why a script stopped."""

Row = dict[str, Any]

_CREATE: Final = """
    INSERT INTO api_tokens (user_id, name, scopes, digest, expires_at) VALUES (%s, %s, %s, %s, now() + %s)
    RETURNING id, name, scopes, created_at, expires_at, last_used_at
"""
_COUNT: Final = "SELECT count(*) AS n FROM api_tokens WHERE user_id = %s"
_LIST: Final = """
    SELECT id, name, scopes, created_at, expires_at, last_used_at FROM api_tokens
    WHERE user_id = %s ORDER BY created_at DESC, id
"""
_FIND: Final = """
    SELECT token.id, token.user_id, users.email, token.scopes,
        coalesce(token.last_used_at < now() - %s, true) AS use_is_old
    FROM api_tokens AS token JOIN users ON users.id = token.user_id
    WHERE token.digest = %s AND (token.expires_at IS NULL OR token.expires_at > now())
"""
_NOTE_USE: Final = """
    UPDATE api_tokens SET last_used_at = now()
    WHERE id = ANY(ARRAY(
        SELECT id FROM api_tokens
        WHERE id = %(id)s AND user_id = %(user_id)s AND coalesce(last_used_at < now() - %(noted_after)s, true)
        FOR UPDATE SKIP LOCKED))
"""


class TooManyTokens(Exception):
    """The account has `MAX_TOKENS` API tokens already."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The account of an API token, and what the token allows."""

    token_id: UUID
    user_id: UUID
    email: str
    scopes: frozenset[str]


def create(
    connection: Conn, user_id: UUID, name: str, scopes: Sequence[Scope], lifetime: timedelta | None
) -> tuple[str, Row] | None:
    """Create an API token.

    Args:
        connection: A worker transaction.
        user_id: The owner, whose row is locked first, so that a deletion and the maximum hold.
        name: For the owner, to tell tokens apart.
        scopes: What it allows.
        lifetime: The time until it expires, or None if it does not expire.

    Returns:
        The token, of which only the digest is stored, and its row; or None if the account was deleted.

    Raises:
        TooManyTokens: The account has `MAX_TOKENS` already.
    """
    if not lock_user(connection, user_id):
        return None
    counted = connection.execute(_COUNT, [user_id]).fetchone()
    if counted and counted["n"] >= MAX_TOKENS:
        raise TooManyTokens
    token = PREFIX + tokens.new_secret()
    sorted_scopes = sorted(scope.value for scope in scopes)
    row = connection.execute(_CREATE, [user_id, name, sorted_scopes, tokens.digest(token), lifetime]).fetchone()
    assert row is not None
    return token, row


def list_all(connection: Conn, user_id: UUID) -> list[Row]:
    """Return the user's API tokens, newest first; those that expired lately as well."""
    return connection.execute(_LIST, [user_id]).fetchall()


def revoke(connection: Conn, user_id: UUID, token_id: UUID) -> bool:
    """Revoke an API token of this user, and return whether there was one. It is invalid from the commit on."""
    revoked = connection.execute("DELETE FROM api_tokens WHERE id = %s AND user_id = %s", [token_id, user_id])
    return revoked.rowcount > 0


def revoke_all(connection: Conn, user_id: UUID) -> int:
    """Revoke all API tokens of this user, and return how many there were."""
    return connection.execute("DELETE FROM api_tokens WHERE user_id = %s", [user_id]).rowcount


def find(database: Database, token: str) -> Holder | None:
    """Return whose API token this is, or None if it is unknown, expired or revoked.

    The use is noted at most once a minute. That never waits: a row that is locked is skipped, and the commit does not
    wait for the disk.
    """
    row = database.worker_row(_FIND, [USE_NOTED_AFTER, tokens.digest(token)])
    if row is None:
        return None
    if row["use_is_old"]:
        with database.worker() as connection:
            connection.execute("SELECT set_config('synchronous_commit', 'off', true)")
            connection.execute(_NOTE_USE, {"id": row["id"], "user_id": row["user_id"], "noted_after": USE_NOTED_AFTER})
    return Holder(row["id"], row["user_id"], row["email"], frozenset(row["scopes"]))


def delete_expired(connection: Conn) -> None:
    """Delete API tokens that expired longer than `EXPIRED_KEPT` ago."""
    connection.execute("DELETE FROM api_tokens WHERE expires_at < now() - %s", [EXPIRED_KEPT])
