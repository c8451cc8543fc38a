"""Registration and password checks: what accounts know of passwords, the brake before it, the audit after it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..db import worker_transaction
from . import audit, emails, passwords, rate_limit, sessions
from .audit import Event
from .emails import BadEmail


class Taken(Exception):
    """There is an account with this e-mail address already."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, without its secrets."""

    id: UUID
    email: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    password_hash: str


def register(email: str, password: str, address: str) -> Account:
    """Make an account.

    Raises:
        BadEmail, WeakPassword: not acceptable; the sentence says why.
        Braked: too many registrations from this address.
        Taken: there is one already.
    """
    email = emails.normalised(email)
    passwords.check(password, email)
    with worker_transaction() as connection:
        rate_limit.count_registration(connection, address)
    kept = passwords.store(password)
    with worker_transaction() as connection:
        row = connection.execute(
            """
            INSERT INTO users (email, password_hash) VALUES (%s, %s)
            ON CONFLICT (email) DO NOTHING RETURNING id, email, created_at
            """,
            [email, kept],
        ).fetchone()
        if row is None:
            raise Taken
        audit.record(connection, Event.REGISTERED, user_id=row["id"], address=address)
    return Account(row["id"], row["email"], row["created_at"])


def log_in(email: str, password: str, address: str) -> tuple[Account, sessions.Started] | None:
    """Begin a session if this is the account's password; None if not, or if there is no such account.

    Both take the same steps and so the same time. No connection is held while the password is hashed.

    Raises:
        Braked: this address has to wait first.
    """
    known_as = _known_as(email)
    row = _count_and_find(known_as, address)
    if not _verified(row, password):
        with worker_transaction() as connection:
            audit.record(connection, Event.LOGIN_FAILED, user_id=row.id if row else None, address=address)
        return None
    assert row is not None
    renewed = passwords.store(password) if passwords.is_outdated(row.password_hash) else None
    with worker_transaction() as connection:
        rate_limit.take_back(connection, known_as, address)
        user = connection.execute(
            "SELECT id, email, created_at, password_hash FROM users WHERE id = %s FOR UPDATE", [row.id]
        ).fetchone()
        if user is None or user["password_hash"] != row.password_hash:
            return None  # deleted or changed while we looked
        if renewed:
            connection.execute("UPDATE users SET password_hash = %s WHERE id = %s", [renewed, row.id])
        started = sessions.start(connection, row.id)
        audit.record(connection, Event.LOGGED_IN, user_id=row.id, session_id=started.id, address=address)
    return Account(user["id"], user["email"], user["created_at"]), started


def confirm(email: str, password: str, address: str) -> bool:
    """Whether this is the account's password: asked again before something that cannot be undone. Raises `Braked`."""
    known_as = _known_as(email)
    if not _verified(_count_and_find(known_as, address), password):
        return False
    with worker_transaction() as connection:
        rate_limit.take_back(connection, known_as, address)
    return True


def _known_as(email: str) -> str:
    """The normalised address. One that can be nobody's takes the same way, as text Postgres can compare."""
    try:
        return emails.normalised(email)
    except BadEmail:
        return email.replace("\0", "\ufffd")


def _count_and_find(email: str, address: str) -> _Row | None:
    with worker_transaction() as connection:
        rate_limit.count_attempt(connection, email, address)
        row = connection.execute("SELECT id, password_hash FROM users WHERE email = %s", [email]).fetchone()
    return _Row(row["id"], row["password_hash"]) if row else None


def _verified(row: _Row | None, password: str) -> bool:
    return passwords.matches(password, row.password_hash) if row else passwords.matches_nobody(password)
