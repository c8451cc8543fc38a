"""Invites: links by which one person may register where registration is not open. Only digests are stored."""

from datetime import timedelta
from typing import Final

from ..db import Conn
from ..settings import PublicSettings
from . import tokens

LIFETIME: Final = timedelta(days=7)
MAX_LIFETIME: Final = timedelta(days=90)


def link(settings: PublicSettings, token: str) -> str:
    """Return the address of the registration page for a token. Browsers send a fragment to no server."""
    return f"{settings.base_url}/register#{token}"


def make(connection: Conn, lifetime: timedelta = LIFETIME) -> str:
    """Return the token of a new invite."""
    token = tokens.new_secret()
    connection.execute(
        "INSERT INTO invite (digest, expires_at) VALUES (%s, now() + %s)", [tokens.digest(token), lifetime]
    )
    return token


def is_valid(connection: Conn, token: str) -> bool:
    """Return whether an invite can be used."""
    row = connection.execute(
        "SELECT 1 FROM invite WHERE digest = %s AND expires_at > now()", [tokens.digest(token)]
    ).fetchone()
    return row is not None


def spend(connection: Conn, token: str) -> bool:
    """Use an invite up and return whether it was valid. A second transaction waits for the first one's end."""
    spent = connection.execute("DELETE FROM invite WHERE digest = %s AND expires_at > now()", [tokens.digest(token)])
    return spent.rowcount == 1


def delete_expired(connection: Conn) -> None:
    """Delete invites that have expired."""
    connection.execute("DELETE FROM invite WHERE expires_at <= now()")
