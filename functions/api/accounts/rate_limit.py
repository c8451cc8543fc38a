"""Rate limit of password guesses, registrations and trials. Replicas share its state in Postgres.

Of password guesses it delays attempts and locks no account. It counts three kinds of recent failures: of an account
from one address, of an address over all accounts, and of an account over all addresses. The first two make the address
wait, longer each time. The third only reduces the free tries of addresses that the account does not know: if it refused
attempts, an attacker could lock the owner out. So the right password is accepted from every address that has not failed
recently itself; an address with a recent login to the account is not subject to the count over all accounts either.

An attempt is counted before the password is verified and uncounted if it was right, so parallel guesses all count.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Final

from ..db import Conn
from ..web import client_address


@dataclass(frozen=True, slots=True)
class Rule:
    """The number of free failures, the first and the longest wait after them, and the time after which they expire."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    forgotten_after: timedelta

    def wait(self, failures: int) -> timedelta | None:
        """Return the wait after this many failures, doubled each time, or None while failures are free."""
        if failures < self.free:
            return None
        return min(self.first_wait * (1 << min(failures - self.free, 20)), self.longest_wait)


_MINUTES_15: Final = timedelta(minutes=15)
PAIR: Final = Rule(5, timedelta(seconds=2), _MINUTES_15, timedelta(days=1))
PAIR_UNDER_ATTACK: Final = Rule(2, timedelta(seconds=30), _MINUTES_15, timedelta(days=1))
ADDRESS: Final = Rule(30, timedelta(seconds=2), _MINUTES_15, timedelta(hours=1))
REGISTRATION: Final = Rule(30, timedelta(seconds=10), _MINUTES_15, timedelta(hours=1))
WRONG_TOKEN: Final = Rule(30, timedelta(seconds=2), _MINUTES_15, timedelta(hours=1))
RESET: Final = Rule(3, timedelta(minutes=1), _MINUTES_15, timedelta(hours=1))
"""Requests of a mail to one address, so that no inbox is flooded. It counts unknown addresses as well."""

MESSAGE: Final = Rule(10, timedelta(seconds=30), _MINUTES_15, timedelta(hours=1))
TRIAL: Final = Rule(20, timedelta(seconds=30), _MINUTES_15, timedelta(hours=1))
TRIAL_LEASE: Final = timedelta(minutes=3)
"""How long a trial blocks further ones of its address if its end is never recorded, because the process was killed."""

TRIAL_RETRY_SEC: Final = 3
"""After how many seconds a client may ask again while another trial of its address runs."""

ATTACK: Final = 50
"""More recent failures of one account than this, over all addresses, count as an attack on it."""

TRUST: Final = timedelta(days=90)
"""How long an account knows an address after a login from it."""

KEPT: Final = timedelta(days=2)
"""How long a row is kept after its last failure."""


class RateLimited(Exception):
    """There were too many failures; the client may try again in `retry_after` seconds."""

    def __init__(self, *, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class TrialRunning(Exception):
    """Another trial of the same address has not ended."""


def count_attempt(connection: Conn, account: str, address: str) -> None:
    """Count an attempt to log in, before the password is verified.

    Args:
        connection: A worker transaction; it must be rolled back if this raises.
        account: The normalised e-mail address, whether or not there is such an account.
        address: The client's address, from `client_address.address`.

    Raises:
        RateLimited: This address has to wait first.
    """
    pair = _key("pair", account, address)
    trusted = connection.execute("SELECT trusted_until > now() AS yes FROM brake WHERE key = %s", [pair]).fetchone()
    if trusted and trusted["yes"]:
        _count_failure(connection, pair, PAIR)
        return
    under_attack = _increment(connection, _key("account", account), ADDRESS.forgotten_after) > ATTACK
    _count_failure(connection, pair, PAIR_UNDER_ATTACK if under_attack else PAIR)
    if not client_address.is_this_machine(address):
        _count_failure(connection, _key("address", address), ADDRESS)


def record_success(connection: Conn, account: str, address: str) -> None:
    """Clear the failures of this address on the account, trust it, and uncount the attempt.

    The rows are updated in the order of `count_attempt`, because a login and a concurrent attempt would deadlock
    otherwise.
    """
    uncount = "UPDATE brake SET failures = greatest(failures - 1, 0) WHERE key = %s"
    connection.execute(uncount, [_key("account", account)])
    connection.execute(
        """
        UPDATE brake SET failures = 0, blocked_until = NULL, trusted_until = now() + %s,
            counted_at = now()
        WHERE key = %s
        """,
        [TRUST, _key("pair", account, address)],
    )
    connection.execute(uncount, [_key("address", address)])


def count_registration(connection: Conn, address: str) -> None:
    """Count an attempt to register. Raises `RateLimited`, as `count_attempt`."""
    if not client_address.is_this_machine(address):
        _count_failure(connection, _key("registration", address), REGISTRATION)


def count_wrong_token(connection: Conn, address: str) -> None:
    """Count a request with an API token that is not valid. Raises `RateLimited`, as `count_attempt`."""
    if not client_address.is_this_machine(address):
        _count_failure(connection, _key("token", address), WRONG_TOKEN)


def count_reset_request(connection: Conn, account: str, address: str) -> None:
    """Count a request to mail a link to an address. Raises `RateLimited`, as `count_attempt`."""
    if not client_address.is_this_machine(address):
        _count_failure(connection, _key("reset from", address), REGISTRATION)
    _count_failure(connection, _key("reset of", account), RESET)


def count_message(connection: Conn, account: str) -> None:
    """Count a message that a user sends by hand, such as a test. Raises `RateLimited`, as `count_attempt`."""
    _count_failure(connection, _key("message", account), MESSAGE)


def begin_trial(connection: Conn, address: str) -> None:
    """Count a trial, and block further ones of this address until `end_trial`.

    Args:
        connection: A worker transaction; it must be rolled back if this raises.
        address: The client's address, from `client_address.address`.

    Raises:
        TrialRunning: Another trial of the address has not ended.
        RateLimited: There were too many; this address has to wait first.
    """
    claimed = connection.execute(
        """
        INSERT INTO brake (key, failures, blocked_until) VALUES (%(key)s, 1, now() + %(lease)s)
        ON CONFLICT (key) DO UPDATE SET counted_at = now(), blocked_until = excluded.blocked_until
        WHERE coalesce(brake.blocked_until, '-infinity') <= now()
        RETURNING key
        """,
        {"key": _key("trial running", address), "lease": TRIAL_LEASE},
    ).fetchone()
    if claimed is None:
        raise TrialRunning
    _count_failure(connection, _key("trial", address), TRIAL)


def end_trial(connection: Conn, address: str) -> None:
    """Allow further trials of this address."""
    connection.execute("DELETE FROM brake WHERE key = %s", [_key("trial running", address)])


def delete_expired(connection: Conn) -> None:
    """Delete rows whose failures and trust have expired."""
    connection.execute(
        "DELETE FROM brake WHERE counted_at < now() - %s AND coalesce(trusted_until, '-infinity') < now()", [KEPT]
    )


def _count_failure(connection: Conn, key: bytes, rule: Rule) -> None:
    """Count a failure and set the wait after it. Raises `RateLimited` while the previous wait lasts."""
    wait = rule.wait(_increment(connection, key, rule.forgotten_after))
    if wait is not None:
        connection.execute("UPDATE brake SET blocked_until = now() + %s WHERE key = %s", [wait, key])


def _increment(connection: Conn, key: bytes, forgotten_after: timedelta) -> int:
    """Increment the count of a key atomically and return it. Raises `RateLimited` if the key has to wait."""
    counted = connection.execute(
        """
        INSERT INTO brake (key, failures) VALUES (%(key)s, 1)
        ON CONFLICT (key) DO UPDATE SET counted_at = now(),
            failures = CASE WHEN brake.counted_at < now() - %(forget)s THEN 1 ELSE brake.failures + 1 END
        WHERE coalesce(brake.blocked_until, '-infinity') <= now()
        RETURNING failures
        """,
        {"key": key, "forget": forgotten_after},
    ).fetchone()
    if counted:
        return int(counted["failures"])
    left = connection.execute("SELECT blocked_until - now() AS wait FROM brake WHERE key = %s", [key]).fetchone()
    wait: timedelta = left["wait"] if left else timedelta()
    raise RateLimited(retry_after=max(1, ceil(wait.total_seconds())))


def _key(kind: str, *parts: str) -> bytes:
    """Return a digest as the key of a row: the table holds neither e-mail nor network addresses."""
    return hashlib.sha256("\0".join((kind, *parts)).encode("utf-8", "surrogatepass")).digest()
