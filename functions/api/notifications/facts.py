"""What is still true about an event when its message is about to be sent."""

from enum import Enum
from typing import Final
from uuid import UUID

from faplog.contracts.limits import Code, Severity

from ..db import Conn
from .content import Facts
from .events import AverageAct, Due, Event, LogAct, RegensInterrupted
from .worth_telling import act_codes


class Moot(Enum):
    """Why an event is not told now."""

    OVER = "over"
    """It is no longer true."""
    DELETED = "deleted"
    """Its log is deleted, but may be restored."""


_LOG: Final = """
    SELECT log_date, deleted_at IS NOT NULL AS deleted, analysis->'health' AS health,
        verdict IS NOT DISTINCT FROM 'act' AND superseded_by IS NULL AS holds
    FROM fap_analysis WHERE id = %s AND user_id = %s
"""
_OVERALL: Final = "SELECT average->'health' AS health FROM fap_average WHERE user_id = %s AND type = 'OVERALL'"


def of(connection: Conn, user_id: UUID, event: Event) -> Facts | Moot:
    """Return what is true about an event of this user, or why it is not told."""
    match event:
        case LogAct():
            return _of_log(connection, user_id, event)
        case AverageAct() | RegensInterrupted():
            return _of_average(connection, user_id, event)
        case Due():
            return Facts(health={})


def _of_log(connection: Conn, user_id: UUID, event: LogAct) -> Facts | Moot:
    row = connection.execute(_LOG, [event.analysis_id, user_id]).fetchone()
    if row is None:
        return Moot.OVER
    if row["deleted"]:
        return Moot.DELETED
    return Facts(row["health"] or {}, row["log_date"]) if row["holds"] else Moot.OVER


def _of_average(connection: Conn, user_id: UUID, event: AverageAct | RegensInterrupted) -> Facts | Moot:
    """Return the facts of the average that is shown. With several rows, one of them must still say so."""
    for row in connection.execute(_OVERALL, [user_id]).fetchall():
        health = row["health"] if isinstance(row["health"], dict) else {}
        if isinstance(event, RegensInterrupted):
            holds = Code.REGENS_ABORTED in act_codes(health)
        else:
            holds = health.get("verdict") == Severity.ACT
        if holds:
            return Facts(health)
    return Moot.OVER
