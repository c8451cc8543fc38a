"""The outbox: a row for each event and channel, written with what it tells of, claimed, sent, and given up after a day.

A message is sent at least once. Its row is claimed for `LEASE`, sent, and only then marked; a process that ends in
between leaves a row that another one claims after the lease. Every try carries the id of the row as its key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from faplog.contracts.errors import CodedError

from ..db import Conn, Database
from .events import EVENT, Event, LogAct

LEASE: Final = timedelta(minutes=2)
"""For how long a claimed row is left to the process that claimed it: longer than any try takes."""

GIVEN_UP_AFTER: Final = timedelta(days=1)
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)

MOST_IN_AN_HOUR: Final = 30
"""Messages to one channel of an account within an hour; more wait. An old archive may hold hundreds of bad logs."""

HEARD_FOR: Final = timedelta(days=7)
"""How long events of averages and interrupted regenerations are not told again after their findings were told."""

FAILURES_SHOWN: Final = timedelta(days=30)
FAILURES_LIMIT: Final = 20
KEPT: Final = timedelta(days=90)
"""How long ended rows are kept. Those of a log stay as long as the log, those of something due as long as it may be."""


class Channel(StrEnum):
    """A channel for notifications."""

    WEBHOOK = "webhook"
    NTFY = "ntfy"
    EMAIL = "email"


class Status(StrEnum):
    """What became of a message. `WITHDRAWN`: no longer true, told by an earlier version, or its channel is off."""

    WAITING = "waiting"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    GIVEN_UP = "given_up"


class EarlierVersion(Enum):
    """Whether an earlier version of a log told the findings of a message."""

    NOTHING = "nothing"
    MAY_BE_TELLING = "may be telling"
    """A process may be sending its message now."""
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process may send now. `id` is its idempotency key."""

    id: UUID
    user_id: UUID
    channel: Channel
    event: Event
    tries: int


# A message that waits counts as heard only if it will be sent: the sender withdraws those of superseded logs.
_ENQUEUE: Final = """
    INSERT INTO notification AS kept (user_id, channel, event_key, event, codes, analysis_id)
    SELECT channel.user_id, channel.kind, %(key)s, %(event)s, %(codes)s::text[], %(analysis_id)s::uuid
    FROM notification_channel AS channel JOIN users ON users.id = channel.user_id
    WHERE channel.user_id = %(user_id)s AND (channel.kind <> 'email' OR channel.confirmed_email = users.email)
        AND NOT EXISTS (
            SELECT FROM notification AS earlier JOIN fap_analysis AS version ON version.id = earlier.analysis_id
            WHERE version.superseded_by = %(analysis_id)s::uuid AND earlier.channel = channel.kind
                AND earlier.status = 'sent' AND earlier.codes @> %(codes)s::text[])
        AND NOT (%(heard)s::boolean AND cardinality(%(codes)s::text[]) > 0 AND %(codes)s::text[] <@ (
            SELECT coalesce(array_agg(code), '{}') FROM notification AS earlier, unnest(earlier.codes) AS code
            WHERE earlier.user_id = channel.user_id AND earlier.channel = channel.kind
                AND earlier.created_at > now() - %(heard_for)s::interval
                AND (earlier.status = 'sent' OR earlier.status = 'waiting' AND NOT EXISTS (
                    SELECT FROM fap_analysis AS log
                    WHERE log.id = earlier.analysis_id AND (log.verdict IS DISTINCT FROM 'act'
                        OR log.superseded_by IS NOT NULL OR log.deleted_at IS NOT NULL)))))
    ON CONFLICT (user_id, channel, event_key) DO UPDATE
    SET status = 'waiting', event = excluded.event, codes = excluded.codes, created_at = now(), tries = 0,
        next_try_at = now(), ended_at = NULL, error_code = NULL, error_params = NULL
    WHERE kept.status = 'withdrawn'
"""
_IS_ANY_DUE: Final = """
    SELECT EXISTS (
        SELECT FROM notification
        WHERE status = 'waiting' AND next_try_at <= now() AND channel = ANY(%(channels)s)) AS any
"""
_GIVE_UP: Final = """
    UPDATE notification
    SET status = CASE WHEN tries = 0 AND NOT channel = ANY(%(channels)s) THEN 'withdrawn' ELSE 'given_up' END,
        ended_at = now()
    WHERE status = 'waiting' AND next_try_at <= now() AND created_at <= now() - %(given_up_after)s
"""
_CLAIM: Final = """
    UPDATE notification SET tries = tries + 1, next_try_at = now() + %(lease)s
    WHERE id = ANY(ARRAY(
        SELECT id FROM notification
        WHERE status = 'waiting' AND next_try_at <= now() AND created_at > now() - %(given_up_after)s
            AND channel = ANY(%(channels)s)
        ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED))
    RETURNING id, user_id, channel, event, tries
"""
_END: Final = """
    UPDATE notification SET status = %(status)s, ended_at = now(), error_code = NULL, error_params = NULL
    WHERE id = %(id)s AND status = 'waiting'
"""
_PUT_OFF: Final = """
    UPDATE notification SET next_try_at = now() + %(pause)s, error_code = %(code)s, error_params = %(params)s
    WHERE id = %(id)s AND status = 'waiting'
"""
_PUT_OFF_OTHERS: Final = """
    UPDATE notification SET next_try_at = now() + %(pause)s
    WHERE user_id = %(user_id)s AND channel = %(channel)s AND status = 'waiting' AND next_try_at < now() + %(pause)s
        AND id <> %(id)s
"""
_WAIT: Final = """
    UPDATE notification SET tries = tries - 1, next_try_at = now() + %(pause)s
    WHERE id = %(id)s AND status = 'waiting'
"""
_SENT_LATELY: Final = """
    SELECT count(*) AS n FROM notification
    WHERE user_id = %(user_id)s AND channel = %(channel)s AND status = 'sent' AND ended_at > now() - interval '1 hour'
"""
# A claimed row has a try, and its next one is due when the lease ends. One that was put off for less looks the same.
_EARLIER_VERSIONS: Final = """
    SELECT coalesce(bool_or(earlier.status = 'sent'), false) AS told,
        coalesce(bool_or(
            earlier.status = 'waiting' AND earlier.tries > 0
            AND earlier.next_try_at BETWEEN clock_timestamp() AND clock_timestamp() + %(lease)s
        ), false) AS may_be_telling
    FROM notification AS message
    JOIN fap_analysis AS version ON version.superseded_by = message.analysis_id AND version.user_id = message.user_id
    JOIN notification AS earlier ON earlier.analysis_id = version.id AND earlier.channel = message.channel
    WHERE message.id = %(id)s AND earlier.codes @> message.codes
"""
_WITHDRAW: Final = """
    UPDATE notification SET status = 'withdrawn', ended_at = now()
    WHERE user_id = %(user_id)s AND channel = %(channel)s AND status = 'waiting'
"""
_FAILURES: Final = """
    SELECT id, channel, event->>'kind' AS event, analysis_id, created_at, ended_at, tries, error_code, error_params
    FROM notification
    WHERE user_id = %(user_id)s AND status = 'given_up' AND ended_at > now() - %(shown)s
        AND NOT coalesce(error_params, '{}') ? 'cleared'
    ORDER BY ended_at DESC, id LIMIT %(limit)s
"""
# They stay given up: what is withdrawn is told again once it is true again.
_CLEAR_FAILURES: Final = """
    UPDATE notification SET error_params = coalesce(error_params, '{}') || '{"cleared": true}'
    WHERE user_id = %s AND status = 'given_up'
"""
# Not of reminders that are open, nor of forecasts of a car that is there: without their row they would be told again.
_DELETE_OLD: Final = """
    DELETE FROM notification
    WHERE analysis_id IS NULL AND ended_at < now() - %(kept)s
        AND NOT (event->>'kind' = 'due' AND event->>'about' = 'reminder' AND EXISTS (
            SELECT FROM note
            WHERE note.user_id = notification.user_id AND note.id::text = event->>'id' AND NOT note.done))
        AND NOT (event->>'kind' = 'due' AND event->>'about' = 'forecast' AND EXISTS (
            SELECT FROM car WHERE car.user_id = notification.user_id AND car.id::text = event->>'car_id'))
"""


def enqueue(connection: Conn, user_id: UUID, event: Event) -> int:
    """Write an event into the outbox, for each channel that the user has on.

    Runs in the transaction that makes the event true, as the role `faplog_worker`. Wake the sender after its commit
    (`Services.notifications_due`); otherwise the next `reconcile` sends it.

    A log is told once, and again as a later version of itself only for findings that are new: those of earlier versions
    that were sent. The message of an earlier version that still waits is withdrawn by the sender (`earlier_version`).
    Events that follow from logs are told unless their findings were told within `HEARD_FOR` or are about to be.

    Returns:
        How many messages were written.
    """
    values = {
        "user_id": user_id,
        "key": event.key,
        "event": Jsonb(event.model_dump(mode="json")),
        "codes": list(event.codes),
        "analysis_id": event.analysis_id if isinstance(event, LogAct) else None,
        "heard": event.heard_of_by_logs,
        "heard_for": HEARD_FOR,
    }
    return connection.execute(_ENQUEUE, values).rowcount


def is_any_due(database: Database, offered: Sequence[Channel]) -> bool:
    """Return whether a message of one of these channels is to be sent now. Raises `Unavailable`."""
    with database.worker() as connection:
        row = connection.execute(_IS_ANY_DUE, {"channels": list(offered)}).fetchone()
    return bool(row and row["any"])


def give_up(database: Database, offered: Sequence[Channel]) -> int:
    """End the messages that could not be sent for `GIVEN_UP_AFTER`, and return how many. Raises `Unavailable`.

    Those of a channel that the operator does not offer are withdrawn: they did not fail.
    """
    with database.worker() as connection:
        values = {"given_up_after": GIVEN_UP_AFTER, "channels": list(offered)}
        return connection.execute(_GIVE_UP, values).rowcount


def claim(database: Database, offered: Sequence[Channel]) -> Claimed | None:
    """Claim the message that waits longest, for `LEASE`, or return None if none is due. Raises `Unavailable`.

    Args:
        database: Both roles.
        offered: The channels that this process may use; messages of others are left to other processes.
    """
    values = {"lease": LEASE, "given_up_after": GIVEN_UP_AFTER, "channels": list(offered)}
    with database.worker() as connection:
        row = connection.execute(_CLAIM, values).fetchone()
    if row is None:
        return None
    event = EVENT.validate_python(row["event"])
    return Claimed(row["id"], row["user_id"], Channel(row["channel"]), event, row["tries"])


def end(database: Database, message: Claimed, status: Status) -> None:
    """Mark a message as sent or withdrawn. Raises `Unavailable`: then it is claimed again after its lease."""
    with database.worker() as connection:
        connection.execute(_END, {"id": message.id, "status": status})


def put_off(database: Database, message: Claimed, error: CodedError) -> None:
    """Let a message wait after a failed try, and with it the others of its channel: they would fail alike.

    So a receiver that hangs costs one try a pause, however many messages wait for it. Raises `Unavailable`.
    """
    pause = pause_after(message.tries)
    values: Mapping[str, Any] = {
        "id": message.id,
        "user_id": message.user_id,
        "channel": message.channel,
        "pause": pause,
        "code": error.code,
        "params": Jsonb(error.params),
    }
    with database.worker() as connection:
        connection.execute(_PUT_OFF, values)
        connection.execute(_PUT_OFF_OTHERS, values)


def wait(database: Database, message: Claimed, pause: timedelta, *, with_others: bool = False) -> None:
    """Let a message wait that was not tried.

    Its log is deleted for now, an earlier version may be told just now, or its channel had its share of this hour.

    Args:
        database: Both roles.
        message: The message; the claim does not count as a try.
        pause: For how long.
        with_others: Whether all messages of its channel wait.
    """
    values = {"id": message.id, "user_id": message.user_id, "channel": message.channel, "pause": pause}
    with database.worker() as connection:
        connection.execute(_WAIT, values)
        if with_others:
            connection.execute(_PUT_OFF_OTHERS, values)


def has_had_its_share(connection: Conn, message: Claimed) -> bool:
    """Return whether the channel of a message was sent `MOST_IN_AN_HOUR` within the last hour."""
    values = {"user_id": message.user_id, "channel": message.channel}
    row = connection.execute(_SENT_LATELY, values).fetchone()
    return bool(row and row["n"] >= MOST_IN_AN_HOUR)


def earlier_version(connection: Conn, message: Claimed) -> EarlierVersion:
    """Return whether an earlier version of a message's log told its findings; `NOTHING` for other events."""
    row = connection.execute(_EARLIER_VERSIONS, {"id": message.id, "lease": LEASE}).fetchone() or {}
    if row.get("told"):
        return EarlierVersion.TOLD
    return EarlierVersion.MAY_BE_TELLING if row.get("may_be_telling") else EarlierVersion.NOTHING


def pause_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: a minute, doubled each time, an hour at most."""
    return min(FIRST_PAUSE * (1 << min(max(tries - 1, 0), 20)), LONGEST_PAUSE)


def withdraw(connection: Conn, user_id: UUID, channel: Channel) -> None:
    """End what still waits for a channel that the user switches off."""
    connection.execute(_WITHDRAW, {"user_id": user_id, "channel": channel})


def failures(connection: Conn, user_id: UUID) -> list[dict[str, Any]]:
    """Return the last messages that were given up and not cleared, newest first."""
    values = {"user_id": user_id, "shown": FAILURES_SHOWN, "limit": FAILURES_LIMIT}
    return connection.execute(_FAILURES, values).fetchall()


def clear_failures(connection: Conn, user_id: UUID) -> None:
    """Empty the list of messages that were given up. They are not sent later."""
    connection.execute(_CLEAR_FAILURES, [user_id])


def delete_expired(connection: Conn) -> None:
    """Delete ended messages that are older than `KEPT`, unless they keep something from being told again."""
    connection.execute(_DELETE_OLD, {"kept": KEPT})
