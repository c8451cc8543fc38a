"""Passwords: which are accepted, and how they are hashed (argon2id, sized for small machines)."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from faplog.errors import Unavailable

MIN_CHARS: Final = 8
MAX_CHARS: Final = 128
MIN_DIFFERENT_CHARS: Final = 4

MEMORY_KIB: Final = 19 * 1024
"""With two passes, the minimum of OWASP's password storage cheat sheet for argon2id: 20–40 ms on a small machine."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
MAX_CONCURRENT_HASHES: Final = 2
"""Limits the memory and the cores that concurrent logins take."""

WAIT_SEC: Final = 5.0
"""How long a login waits for its turn to hash."""

_hashing_slots: Final = BoundedSemaphore(MAX_CONCURRENT_HASHES)


class WeakPassword(Exception):
    """The password is not accepted; `str(error)` is a sentence for the user."""


def check(password: str, email: str) -> None:
    """Raise `WeakPassword` if a password is too short, too long, very common, or the account's own address."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise WeakPassword(f"A password must have {MIN_CHARS} to {MAX_CHARS} characters.")
    folded = _normalise(password).casefold()
    if len(set(folded)) < MIN_DIFFERENT_CHARS:
        raise WeakPassword("This password repeats too few different characters.")
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        raise WeakPassword("The password must not be your e-mail address.")
    if folded in _common_passwords():
        raise WeakPassword("This password is one of the commonest there are. Please take another.")


def hash_password(password: str) -> str:
    """Return the argon2id hash, with its parameters and a random salt. Raises `Unavailable` under too many logins."""
    with hashing_slot():
        return _HASHER.hash(_normalise(password))


def verify(password: str, password_hash: str) -> bool:
    """Return whether the hash is of this password. Raises `Unavailable` under too many logins."""
    try:
        with hashing_slot():
            return _HASHER.verify(password_hash, _normalise(password))
    except (VerificationError, InvalidHashError):
        return False


def verify_dummy(password: str) -> bool:
    """Take as long as `verify` and return false, for an account that does not exist."""
    verify(password, _dummy_hash())
    return False


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made with other parameters than the current ones and should be replaced."""
    return _HASHER.check_needs_rehash(password_hash)


@contextmanager
def hashing_slot() -> Iterator[None]:
    """Hold one of `MAX_CONCURRENT_HASHES` slots. Raises `Unavailable` if none becomes free within `WAIT_SEC`."""
    if not _hashing_slots.acquire(timeout=WAIT_SEC):
        raise Unavailable("too many passwords to hash at once")
    try:
        yield
    finally:
        _hashing_slots.release()


def _normalise(password: str) -> str:
    """Return the same text for the same password from every keyboard: NFKC, as NIST SP 800-63B recommends."""
    return unicodedata.normalize("NFKC", password)


@cache
def _dummy_hash() -> str:
    return hash_password("the password of no account")


@cache
def _common_passwords() -> frozenset[str]:
    """Return the list of zxcvbn, ranked from leaks. It is large, so it is imported at the first registration."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_CHARS)
