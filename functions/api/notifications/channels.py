"""The channels of an account. One that is off has no row, and all are off until their owner switches them on."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from ..accounts import tokens
from ..db import Conn
from ..settings import Settings
from .outbox import Channel

CODE_DIGITS: Final = 6
CODE_VALID: Final = timedelta(hours=1)
CODE_TRIES: Final = 5

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  (the prefix of Standard Webhooks)
_SECRET_BYTES: Final = 32

_SELECT: Final = """
    SELECT kind, language, url, created_at,
        kind <> 'email' OR confirmed_email IS NOT DISTINCT FROM (SELECT email FROM users WHERE id = %(user_id)s)
            AS confirmed
    FROM notification_channel WHERE user_id = %(user_id)s ORDER BY kind
"""
_FOR_SENDING: Final = """
    SELECT channel.language, channel.url, channel.secret, users.email,
        channel.kind <> 'email' OR channel.confirmed_email IS NOT DISTINCT FROM users.email AS confirmed
    FROM notification_channel AS channel JOIN users ON users.id = channel.user_id
    WHERE channel.user_id = %s AND channel.kind = %s
"""
_SWITCH_ON: Final = """
    INSERT INTO notification_channel AS kept (user_id, kind, language, url, secret)
    VALUES (%(user_id)s, %(kind)s, %(language)s, %(url)s, %(secret)s)
    ON CONFLICT (user_id, kind) DO UPDATE
    SET language = excluded.language, url = excluded.url, secret = excluded.secret
"""
_SET_CODE: Final = """
    INSERT INTO notification_channel AS kept (user_id, kind, language, code_digest, code_for, code_expires_at)
    VALUES (%(user_id)s, 'email', %(language)s, %(digest)s, %(email)s, now() + %(valid)s)
    ON CONFLICT (user_id, kind) DO UPDATE
    SET language = excluded.language, code_digest = excluded.code_digest, code_for = excluded.code_for,
        code_expires_at = excluded.code_expires_at, code_tries = 0
"""
_SET_LANGUAGE: Final = "UPDATE notification_channel SET language = %s WHERE user_id = %s AND kind = 'email'"
_COUNT_TRY: Final = """
    UPDATE notification_channel SET code_tries = code_tries + 1
    WHERE user_id = %(user_id)s AND kind = 'email' AND code_expires_at > now() AND code_tries < %(tries)s
        AND code_for = (SELECT email FROM users WHERE id = %(user_id)s)
    RETURNING code_digest = %(digest)s AS right
"""
_CONFIRM: Final = """
    UPDATE notification_channel
    SET confirmed_email = code_for, code_digest = NULL, code_for = NULL, code_expires_at = NULL, code_tries = 0
    WHERE user_id = %s AND kind = 'email'
"""
_SWITCH_OFF: Final = "DELETE FROM notification_channel WHERE user_id = %s AND kind = %s"


@dataclass(frozen=True, slots=True)
class Open:
    """A channel with all that is needed to send. Its secrets never show in a repr."""

    kind: Channel
    language: str
    url: str | None
    secret: str | None
    email: str

    def __repr__(self) -> str:
        return f"Open({self.kind})"


@dataclass(frozen=True, slots=True)
class Shown:
    """A channel as its owner sees it."""

    kind: Channel
    language: str
    url: str | None
    confirmed: bool
    created_at: datetime


def offered(settings: Settings) -> list[Channel]:
    """Return the channels that the operator of this instance allows."""
    web = [Channel.WEBHOOK, Channel.NTFY] if settings.webhooks != "off" else []
    return [*web, *([Channel.EMAIL] if settings.smtp_url is not None else [])]


def select(connection: Conn, user_id: UUID) -> list[Shown]:
    """Return the channels of a user that are on, or wait for their code."""
    return [Shown(**row) for row in connection.execute(_SELECT, {"user_id": user_id}).fetchall()]


def open_channel(connection: Conn, user_id: UUID, kind: Channel) -> Open | None:
    """Return a channel for sending, or None if it is off or its address is not confirmed. Needs `faplog_worker`."""
    row = connection.execute(_FOR_SENDING, [user_id, kind]).fetchone()
    if row is None or not row["confirmed"]:
        return None
    return Open(kind, row["language"], row["url"], row["secret"], row["email"])


def switch_on(connection: Conn, user_id: UUID, kind: Channel, language: str, url: str, secret: str | None) -> None:
    """Switch a webhook or an ntfy topic on, or change it."""
    values: dict[str, Any] = {"user_id": user_id, "kind": kind, "language": language, "url": url, "secret": secret}
    connection.execute(_SWITCH_ON, values)


def switch_off(connection: Conn, user_id: UUID, kind: Channel) -> bool:
    """Switch a channel off, and return whether it was on."""
    return connection.execute(_SWITCH_OFF, [user_id, kind]).rowcount > 0


def new_secret() -> str:
    """Return a new secret for the signatures of a webhook, in the form of Standard Webhooks."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def set_code(connection: Conn, user_id: UUID, email: str, language: str) -> str:
    """Make a code that confirms the account's address once it comes back, and return it. An earlier one ends."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    values = {"user_id": user_id, "language": language, "digest": _digest(user_id, code)}
    connection.execute(_SET_CODE, values | {"email": email, "valid": CODE_VALID})
    return code


def set_email_language(connection: Conn, user_id: UUID, language: str) -> None:
    """Change the language of the e-mail channel, which stays confirmed."""
    connection.execute(_SET_LANGUAGE, [language, user_id])


def confirm(connection: Conn, user_id: UUID, code: str) -> bool:
    """Switch e-mail on if the code is right, and return whether it was. After `CODE_TRIES` a new code is needed."""
    values = {"user_id": user_id, "digest": _digest(user_id, code), "tries": CODE_TRIES}
    row = connection.execute(_COUNT_TRY, values).fetchone()
    if row is None or not row["right"]:
        return False
    connection.execute(_CONFIRM, [user_id])
    return True


def _digest(user_id: UUID, code: str) -> bytes:
    return tokens.digest(f"{user_id}:{code}")
