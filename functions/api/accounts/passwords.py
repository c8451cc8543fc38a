"""Passwords: which are accepted, and how they are kept (argon2id, sized for small machines)."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from faplog.contracts.errors import CodedError, ErrorCode
from faplog.errors import Unavailable

MIN_CHARS: Final = 8
MAX_CHARS: Final = 128
MIN_DIFFERENT_CHARS: Final = 4

MEMORY_KIB: Final = 19 * 1024
"""With two passes the least OWASP's password storage cheat sheet names for argon2id: 20–40 ms on a small machine."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1, type=Type.ID)
AT_ONCE: Final = 2
WAIT_SEC: Final = 5.0
_places: Final = BoundedSemaphore(AT_ONCE)
"""However many people log in at once, hashing takes the memory and the cores of two, and nobody waits for long."""


class WeakPassword(CodedError):
    """Not accepted; `str(error)` is a sentence for the user."""


def check(password: str, email: str) -> None:
    """Refuse (`WeakPassword`) what is too short, too long, among the commonest, or the account's own address."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise WeakPassword(ErrorCode.PASSWORD_LENGTH, min_chars=MIN_CHARS, max_chars=MAX_CHARS)
    folded = _normal(password).casefold()
    if len(set(folded)) < MIN_DIFFERENT_CHARS:
        raise WeakPassword(ErrorCode.PASSWORD_REPETITIVE)
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        raise WeakPassword(ErrorCode.PASSWORD_IS_EMAIL)
    if folded in _commonest():
        raise WeakPassword(ErrorCode.PASSWORD_COMMON)


def store(password: str) -> str:
    """The hash to keep: argon2id with its parameters and a random salt. Raises `Unavailable` under too many logins."""
    with place():
        return _HASHER.hash(_normal(password))


def matches(password: str, kept: str) -> bool:
    """Whether this is the password of that hash. Raises `Unavailable` under too many logins."""
    try:
        with place():
            return _HASHER.verify(kept, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def matches_nobody(password: str) -> bool:
    """As long as `matches` takes, and never true: for an account that does not exist."""
    matches(password, _nobody())
    return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's and should be made again."""
    return _HASHER.check_needs_rehash(kept)


@contextmanager
def place() -> Iterator[None]:
    """One of the `AT_ONCE` places to hash in. Raises `Unavailable` if none gets free within `WAIT_SEC`."""
    if not _places.acquire(timeout=WAIT_SEC):
        raise Unavailable("too many passwords to hash at once")
    try:
        yield
    finally:
        _places.release()


def _normal(password: str) -> str:
    """The same password from every keyboard: NFKC, as NIST SP 800-63B recommends."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody() -> str:
    return store("nobody's password")


@cache
def _commonest() -> frozenset[str]:
    """The list comes with zxcvbn, ranked from leaks; imported on the first registration, as it is large."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_CHARS)
