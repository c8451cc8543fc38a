"""The brake on guessing passwords. It delays, it locks nobody out; its state is in Postgres, so replicas share it.

Three counts of recent failures: of an account from one address, of an address over all accounts, and of an account
over all addresses. The first two make the address wait, longer each time. The third never refuses anybody, else a
stranger could shut the owner out: it only leaves unknown addresses fewer free tries. So the right password gets in
from any address that has not itself just failed, and from one that was let in lately the address count does not matter
either.

An attempt is counted before the password is looked at and taken back when it was right: parallel guesses all count.
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
    """How many failures are free, the first and the longest wait after them, and the quiet time that forgets them."""

    free: int
    first_wait: timedelta
    longest_wait: timedelta
    forgotten_after: timedelta

    def wait(self, failures: int) -> timedelta | None:
        """How long to wait after so many failures: double each time; None while they are free."""
        if failures < self.free:
            return None
        return min(self.first_wait * (1 << min(failures - self.free, 20)), self.longest_wait)


_MINUTES_15: Final = timedelta(minutes=15)
PAIR: Final = Rule(5, timedelta(seconds=2), _MINUTES_15, timedelta(days=1))
PAIR_UNDER_ATTACK: Final = Rule(2, timedelta(seconds=30), _MINUTES_15, timedelta(days=1))
ADDRESS: Final = Rule(30, timedelta(seconds=2), _MINUTES_15, timedelta(hours=1))
REGISTRATION: Final = Rule(30, timedelta(seconds=10), _MINUTES_15, timedelta(hours=1))
ATTACK: Final = 50
"""So many recent failures of one account, over all addresses, are an attack on it."""

TRUST: Final = timedelta(days=90)
"""How long an address stays known to an account after a login."""

FORGET: Final = timedelta(days=2)


class Braked(Exception):
    """Too many failures: come back in `seconds`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.seconds = max(1, ceil(wait.total_seconds()))


def count_attempt(connection: Conn, account: str, address: str) -> None:
    """Count an attempt to log in, before the password is looked at.

    Args:
        connection: a worker transaction; it must be rolled back if this raises.
        account: the normalised e-mail address, whether or not there is such an account.
        address: where the attempt comes from, as `client.address` says.

    Raises:
        Braked: this address has to wait first.
    """
    pair = _key("pair", account, address)
    trusted = connection.execute("SELECT trusted_until > now() AS yes FROM brake WHERE key = %s", [pair]).fetchone()
    if trusted and trusted["yes"]:
        _count(connection, pair, PAIR)
        return
    under_attack = _increase(connection, _key("account", account), ADDRESS.forgotten_after) > ATTACK
    _count(connection, pair, PAIR_UNDER_ATTACK if under_attack else PAIR)
    if not client_address.is_this_machine(address):
        _count(connection, _key("address", address), ADDRESS)


def take_back(connection: Conn, account: str, address: str) -> None:
    """The password was right: forget this address's failures on the account, trust it, and uncount the attempt.

    In the order `count_attempt` counts in, or a login and another attempt at once would wait for each other.
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
    """Count an attempt to register. Raises `Braked`, as `count_attempt`."""
    if not client_address.is_this_machine(address):
        _count(connection, _key("registration", address), REGISTRATION)


def forget(connection: Conn) -> None:
    """Remove what has been quiet for long: rows that no longer slow or trust anybody."""
    connection.execute(
        "DELETE FROM brake WHERE counted_at < now() - %s AND coalesce(trusted_until, '-infinity') < now()", [FORGET]
    )


def _count(connection: Conn, key: bytes, rule: Rule) -> None:
    """One more failure, and the wait that follows from it. Raises `Braked` while the previous wait lasts."""
    wait = rule.wait(_increase(connection, key, rule.forgotten_after))
    if wait is not None:
        connection.execute("UPDATE brake SET blocked_until = now() + %s WHERE key = %s", [wait, key])


def _increase(connection: Conn, key: bytes, forgotten_after: timedelta) -> int:
    """Count one more, atomically, unless the key has to wait (`Braked`)."""
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
    raise Braked(left["wait"] if left else timedelta())


def _key(kind: str, *parts: str) -> bytes:
    """A digest: the table holds neither e-mail nor network addresses."""
    return hashlib.sha256("\0".join((kind, *parts)).encode("utf-8", "surrogatepass")).digest()
