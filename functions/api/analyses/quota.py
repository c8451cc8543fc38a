"""The quota: how many logs a user may keep.

Deleted logs do not count against the quota, so that deleting makes room at once. Until they are purged they still take
space, so a user may store at most `STORED_FACTOR` times the quota, deleted logs included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from faplog.contracts.errors import CodedError, ErrorCode

from ..db import Conn

STORED_FACTOR: Final = 2


CODES: Final = frozenset({ErrorCode.QUOTA_EXCEEDED, ErrorCode.DELETED_QUOTA_EXCEEDED})


class QuotaExceeded(CodedError):
    """The user would have more logs than allowed; `code` is one of `CODES`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted by `check`."""

    at: datetime
    """When, by the database's clock."""

    existing: int
    """How many of the contents have a row already, deleted or not."""


def lock(connection: Conn, user_id: UUID) -> None:
    """Prevent other transactions from adding, restoring or purging logs of this user until this one ends.

    Take it before the lock on the user's row and before any row of `fap_analysis`, or two transactions can deadlock.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(user_id)])


def check(connection: Conn, user_id: UUID, quota_logs: int, digests: Sequence[bytes]) -> Counted:
    """Raise `QuotaExceeded` if the user may not have these contents as well. Needs the `lock`.

    Args:
        connection: A transaction that sees the user's rows.
        user_id: The user.
        quota_logs: How many logs one user may keep.
        digests: The SHA-256 of the logs to be kept, whether or not they have rows already.
    """
    count = connection.execute(
        """
        SELECT (SELECT count(*) FROM fap_analysis WHERE user_id = %(user_id)s AND deleted_at IS NULL) AS kept,
            (SELECT count(*) FROM fap_analysis WHERE user_id = %(user_id)s AND deleted_at IS NOT NULL) AS deleted,
            count(*) FILTER (WHERE deleted_at IS NULL) AS known,
            count(*) FILTER (WHERE deleted_at IS NOT NULL) AS restored,
            clock_timestamp() AS at
        FROM fap_analysis WHERE user_id = %(user_id)s AND sha256 = ANY(%(digests)s)
        """,
        {"digests": list(digests), "user_id": user_id},
    ).fetchone()
    assert count is not None
    added = len(digests) - count["known"]
    if count["kept"] + added > quota_logs:
        raise QuotaExceeded(ErrorCode.QUOTA_EXCEEDED, kept=count["kept"], quota=quota_logs)
    if count["kept"] + count["deleted"] + added - count["restored"] > STORED_FACTOR * quota_logs:
        raise QuotaExceeded(ErrorCode.DELETED_QUOTA_EXCEEDED, deleted=count["deleted"])
    return Counted(count["at"], count["known"] + count["restored"])
