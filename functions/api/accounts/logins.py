"""Registration and login: rate limit, password check and audit in the right order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ..db import Database
from . import audit, emails, invites, passwords, rate_limit, sessions
from .audit import Event
from .devices import UNKNOWN, Device
from .emails import BadEmail


class InviteInvalid(Exception):
    """Registration needs an invite, and this one is missing, used, expired or wrong."""


class EmailTaken(Exception):
    """There is already an account with this e-mail address."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, without its secrets."""

    id: UUID
    email: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Credentials:
    """The stored credentials of an account."""

    id: UUID
    password_hash: str


def register(
    database: Database,
    email: str,
    password: str,
    address: str,
    *,
    invite: str | None = None,
    needs_invite: bool = False,
) -> Account:
    """Create an account.

    Args:
        database: Both roles.
        email: As the client sent it.
        password: As the client sent it.
        address: The client's address.
        invite: The token of an invite, used up if an account is created.
        needs_invite: Whether there must be a valid one.

    Raises:
        InviteInvalid: The invite is needed and not valid. Nothing else is told then.
        BadEmail: The address is not acceptable; the sentence says why.
        WeakPassword: The password is not acceptable; the sentence says why.
        RateLimited: There were too many registrations from this address.
        EmailTaken: There is such an account already.
    """
    if needs_invite:
        _check_invite(database, invite, address)
    email = emails.normalised(email)
    passwords.check(password, email)
    if not needs_invite:
        with database.worker() as connection:
            rate_limit.count_registration(connection, address)
    password_hash = passwords.hash_password(password)
    with database.worker() as connection:
        if invite is not None and not invites.spend(connection, invite) and needs_invite:
            raise InviteInvalid  # another registration was faster
        row = connection.execute(
            """
            INSERT INTO users (email, password_hash) VALUES (%s, %s)
            ON CONFLICT (email) DO NOTHING RETURNING id, email, created_at
            """,
            [email, password_hash],
        ).fetchone()
        if row is None:
            raise EmailTaken  # rolls back, so the invite still works
        audit.record(connection, Event.REGISTERED, user_id=row["id"], address=address)
    return Account(row["id"], row["email"], row["created_at"])


def _check_invite(database: Database, invite: str | None, address: str) -> None:
    """Raise `InviteInvalid` or `RateLimited`. The attempt is counted, so invites cannot be guessed."""
    with database.worker() as connection:
        rate_limit.count_registration(connection, address)
        valid = invite is not None and invites.is_valid(connection, invite)
    if not valid:
        raise InviteInvalid


def log_in(
    database: Database, email: str, password: str, address: str, device: Device = UNKNOWN
) -> tuple[Account, sessions.NewSession] | None:
    """Start a session if this is the account's password.

    A wrong password and an unknown account take the same steps, and so the same time. No connection is held while the
    password is hashed.

    Returns:
        The account and its new session, or None if the password is wrong or there is no such account.

    Raises:
        RateLimited: This address has to wait first.
    """
    account_name = _account_name(email)
    stored = _count_and_find(database, account_name, address)
    if not _verify_password(stored, password):
        with database.worker() as connection:
            audit.record(connection, Event.LOGIN_FAILED, user_id=stored.id if stored else None, address=address)
        return None
    assert stored is not None
    new_hash = passwords.hash_password(password) if passwords.is_outdated(stored.password_hash) else None
    with database.worker() as connection:
        rate_limit.record_success(connection, account_name, address)
        user = connection.execute(
            "SELECT id, email, created_at, password_hash FROM users WHERE id = %s FOR UPDATE", [stored.id]
        ).fetchone()
        if user is None or user["password_hash"] != stored.password_hash:
            return None  # deleted or changed meanwhile
        if new_hash:
            connection.execute("UPDATE users SET password_hash = %s WHERE id = %s", [new_hash, stored.id])
        session = sessions.start(connection, stored.id, device)
        audit.record(connection, Event.LOGGED_IN, user_id=stored.id, session_id=session.id, address=address)
    return Account(user["id"], user["email"], user["created_at"]), session


def confirm_password(database: Database, user_id: UUID, password: str, address: str) -> str | None:
    """Return the hash of the account's password if this is the password, else None; before something important.

    Raises:
        RateLimited: This address has to wait first.
    """
    with database.worker() as connection:
        row = connection.execute("SELECT email FROM users WHERE id = %s", [user_id]).fetchone()
    account_name = row["email"] if row else str(user_id)
    stored = _count_and_find(database, account_name, address)
    if not _verify_password(stored, password):
        return None
    assert stored is not None
    with database.worker() as connection:
        rate_limit.record_success(connection, account_name, address)
    return stored.password_hash


def _account_name(email: str) -> str:
    """Return the normalised address. An invalid one takes the same path, as text that Postgres can compare."""
    try:
        return emails.normalised(email)
    except BadEmail:
        return email.replace("\0", "\ufffd")


def _count_and_find(database: Database, email: str, address: str) -> _Credentials | None:
    with database.worker() as connection:
        rate_limit.count_attempt(connection, email, address)
        row = connection.execute("SELECT id, password_hash FROM users WHERE email = %s", [email]).fetchone()
    return _Credentials(row["id"], row["password_hash"]) if row else None


def _verify_password(stored: _Credentials | None, password: str) -> bool:
    return passwords.verify(password, stored.password_hash) if stored else passwords.verify_dummy(password)
