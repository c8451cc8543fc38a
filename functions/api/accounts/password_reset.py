"""A new password by a one-time link, for users who have forgotten the old one.

A link works once, for an hour, and not after the password or the e-mail address was changed in another way. Only the
digest of its token is stored.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from .. import mail
from ..db import Conn, Database
from ..settings import PublicSettings, Settings
from . import audit, mail_texts, passwords, rate_limit, sessions, tokens
from .audit import Event

LIFETIME: Final = timedelta(hours=1)


def link(settings: PublicSettings, token: str) -> str:
    """Return the address of the page for a token. Browsers send a fragment to no server, so no log has the token."""
    return f"{settings.base_url}/reset#{token}"


def make(connection: Conn, email: str, *, by_operator: bool = False) -> str | None:
    """Return the token of a new link, or None if no account has this address.

    Args:
        connection: A worker transaction.
        email: The normalised address.
        by_operator: Whether the operator asked for it, and not a visitor of the pages; for the audit log.
    """
    user = connection.execute("SELECT id FROM users WHERE email = %s FOR UPDATE", [email]).fetchone()
    if user is None:
        return None
    token = tokens.new_secret()
    connection.execute(
        "INSERT INTO password_reset (digest, user_id, expires_at) VALUES (%s, %s, now() + %s)",
        [tokens.digest(token), user["id"], LIFETIME],
    )
    event = Event.RESET_LINK_BY_OPERATOR if by_operator else Event.RESET_LINK_REQUESTED
    audit.record(connection, event, user_id=user["id"], address=None)
    return token


def mail_link(settings: Settings, database: Database, email: str, language: str) -> None:
    """Send a link to an address if it has an account. Takes as long as the mail server does.

    Raises:
        Unavailable: The database or the mail server is away.
        MailRefused: The mail server does not take mail to this address.
    """
    with database.worker() as connection:
        token = make(connection, email)
    if token is not None:
        subject, text = mail_texts.reset(language, link(settings, token))
        mail.send(settings, to=email, subject=subject, text=text)


def redeem(database: Database, token: str, password: str, address: str) -> bool:
    """Set a new password with the token of a link, and end all sessions. Returns false if the link is not valid.

    Raises:
        WeakPassword: The password is not acceptable. The link still works.
        Unavailable: The database is away, or too many passwords are being hashed.
    """
    digest = tokens.digest(token)
    with database.worker() as connection:
        owner = connection.execute(
            """
            SELECT u.email FROM password_reset r JOIN users u ON u.id = r.user_id
            WHERE r.digest = %s AND r.expires_at > now()
            """,
            [digest],
        ).fetchone()
    if owner is None:
        return False
    passwords.check(password, owner["email"])
    password_hash = passwords.hash_password(password)
    with database.worker() as connection:
        # The user's row is locked before the link's, in the order of a password change.
        user = connection.execute(
            "SELECT id, email FROM users WHERE id = (SELECT user_id FROM password_reset WHERE digest = %s) FOR UPDATE",
            [digest],
        ).fetchone()
        if user is None or not _spend(connection, digest):
            return False
        set_password(connection, user["id"], password_hash)
        sessions.end_all(connection, user["id"])
        audit.record(connection, Event.PASSWORD_RESET, user_id=user["id"], address=address)
    with database.worker() as connection:  # a login locks these rows before the user's, so not in one transaction
        rate_limit.record_success(connection, user["email"], address)
    return True


def set_password(connection: Conn, user_id: UUID, password_hash: str) -> None:
    """Replace the hash of the password, and make all links to set a new one useless."""
    connection.execute("UPDATE users SET password_hash = %s WHERE id = %s", [password_hash, user_id])
    end_links(connection, user_id)


def end_links(connection: Conn, user_id: UUID) -> None:
    """Make all links of a user useless."""
    connection.execute("DELETE FROM password_reset WHERE user_id = %s", [user_id])


def delete_expired(connection: Conn) -> None:
    """Delete links that have expired."""
    connection.execute("DELETE FROM password_reset WHERE expires_at <= now()")


def _spend(connection: Conn, digest: bytes) -> bool:
    spent = connection.execute("DELETE FROM password_reset WHERE digest = %s AND expires_at > now()", [digest])
    return spent.rowcount == 1
