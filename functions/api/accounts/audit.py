"""The audit log of account events: in Postgres, where the owner can export it, and as ids in the process log."""

import logging
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from ..db import Conn

log = logging.getLogger(__name__)

KEPT: Final = timedelta(days=180)


class Event(StrEnum):
    """An event of an account."""

    REGISTERED = "registered"
    LOGGED_IN = "logged in"
    LOGIN_FAILED = "login failed"
    LOGGED_OUT = "logged out"
    REFRESH_REUSED = "refresh token reused, session ended"
    EXPORTED = "exported"
    SHARED = "report shared by a link"
    SHARING_ENDED = "link to a report ended"
    CAR_SHARED = "car shared by a link"
    CAR_SHARING_ENDED = "link to a car ended"
    API_TOKEN_CREATED = "API token created"  # noqa: S105  (an event)
    API_TOKEN_REVOKED = "API token revoked"  # noqa: S105
    API_TOKENS_REVOKED = "all API tokens revoked"
    DELETION_REFUSED = "deletion refused"
    DELETED = "deleted"
    PASSWORD_CHANGED = "password changed"  # noqa: S105  (an event)
    PASSWORD_RESET = "password set by a one-time link"  # noqa: S105
    PASSWORD_CHANGE_REFUSED = "password change refused"  # noqa: S105
    EMAIL_CHANGED = "e-mail address changed"
    EMAIL_CHANGE_REFUSED = "e-mail change refused"
    RESET_LINK_REQUESTED = "link to set a password requested"
    RESET_LINK_BY_OPERATOR = "link to set a password made by the operator"
    SESSION_ENDED = "session ended by the user"
    SESSIONS_ENDED = "all other sessions ended by the user"
    SESSIONS_ENDED_BY_OPERATOR = "all sessions ended by the operator"
    LINKS_ENDED_BY_OPERATOR = "all links to reports ended by the operator"


def record(
    connection: Conn, event: Event, *, user_id: UUID | None, session_id: UUID | None = None, address: str | None
) -> None:
    """Record an event in the transaction it belongs to. Never an e-mail address, password or token."""
    connection.execute(
        "INSERT INTO audit_log (event, user_id, session_id, address) VALUES (%s, %s, %s, %s)",
        [event, user_id, session_id, address],
    )
    log.info("account", extra={"account_event": event.value, "user_id": user_id, "session_id": session_id})


def delete_expired(connection: Conn) -> None:
    """Delete events older than `KEPT`."""
    connection.execute("DELETE FROM audit_log WHERE at < now() - %s", [KEPT])
