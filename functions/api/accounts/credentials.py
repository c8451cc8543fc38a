"""Changes of an account's password and e-mail address by its owner."""

from uuid import UUID

from psycopg.errors import UniqueViolation

from ..db import Conn, Database
from . import audit, emails, logins, password_reset, passwords, rate_limit, sessions
from .audit import Event
from .logins import Account, EmailTaken


class PasswordWrong(Exception):
    """The password given as confirmation is not the account's."""


def change_password(database: Database, user_id: UUID, session_id: UUID, current: str, new: str, address: str) -> None:
    """Change the password, and end all sessions but this one.

    Args:
        database: Both roles.
        user_id: The user.
        session_id: The session that remains.
        current: The present password, as the client sent it.
        new: The new one.
        address: The client's address.

    Raises:
        PasswordWrong: `current` is not the password.
        WeakPassword: The new password is not acceptable.
        RateLimited: This address has to wait first.
    """
    stored = _confirm(database, user_id, current, address, Event.PASSWORD_CHANGE_REFUSED)
    with database.api(user_id) as connection:
        row = connection.execute("SELECT email FROM users WHERE id = %s", [user_id]).fetchone()
    passwords.check(new, row["email"] if row else "")
    password_hash = passwords.hash_password(new)
    with database.worker() as connection:
        _lock_unchanged(connection, user_id, stored)
        password_reset.set_password(connection, user_id, password_hash)
        sessions.end_all(connection, user_id, but=session_id)
        audit.record(connection, Event.PASSWORD_CHANGED, user_id=user_id, session_id=session_id, address=address)


def change_email(database: Database, user_id: UUID, email: str, password: str, address: str) -> tuple[str, Account]:
    """Change the e-mail address, and return the former one and the account as it is now.

    Raises:
        BadEmail: The new address is not acceptable.
        EmailTaken: Another account has it.
        PasswordWrong: It is not the account's password.
        RateLimited: This address has to wait first.
    """
    email = emails.normalised(email)
    stored = _confirm(database, user_id, password, address, Event.EMAIL_CHANGE_REFUSED)
    with database.worker() as connection:  # as at a registration, the answer tells whether there is such an account
        rate_limit.count_registration(connection, address)
    try:
        with database.worker() as connection:
            former = _lock_unchanged(connection, user_id, stored)
            row = connection.execute(
                "UPDATE users SET email = %s WHERE id = %s RETURNING id, email, created_at", [email, user_id]
            ).fetchone()
            assert row is not None
            password_reset.end_links(connection, user_id)  # they were sent to the former address
            audit.record(connection, Event.EMAIL_CHANGED, user_id=user_id, address=address)
    except UniqueViolation:
        raise EmailTaken from None
    return former, Account(**row)


def _confirm(database: Database, user_id: UUID, password: str, address: str, refusal: Event) -> str:
    """Return the stored hash of the password. Raises `PasswordWrong` or `RateLimited`."""
    stored = logins.confirm_password(database, user_id, password, address)
    if stored is None:
        with database.worker() as connection:
            audit.record(connection, refusal, user_id=user_id, address=address)
        raise PasswordWrong
    return stored


def _lock_unchanged(connection: Conn, user_id: UUID, password_hash: str) -> str:
    """Lock the user's row and return the e-mail address. Raises `PasswordWrong` if the password is another one now."""
    user = connection.execute("SELECT email, password_hash FROM users WHERE id = %s FOR UPDATE", [user_id]).fetchone()
    if user is None or user["password_hash"] != password_hash:
        raise PasswordWrong
    return str(user["email"])
