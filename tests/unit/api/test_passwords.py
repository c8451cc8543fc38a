"""Which passwords are accepted, and that what is kept of them tells them apart."""

from contextlib import ExitStack

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from faplog.errors import Unavailable
from functions.api.accounts import passwords
from functions.api.accounts.passwords import WeakPassword

EMAIL = "maria.long-name@example.org"


@pytest.mark.parametrize(
    "password", ["12345678", "password", "PassWord", "iloveyou", "football", "aaaaaaaaaaaa", "abababababab"]
)
def test_the_commonest_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.check(password, EMAIL)


@pytest.mark.parametrize("password", ["", "short77", "x1y2z3w" + "y" * 122])
def test_length_is_8_to_128(password: str) -> None:
    with pytest.raises(WeakPassword, match="8 to 128"):
        passwords.check(password, EMAIL)


@pytest.mark.parametrize("password", [EMAIL, EMAIL.upper(), "Maria.Long-Name"])
def test_the_address_itself_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="e-mail"):
        passwords.check(password, EMAIL)


@pytest.mark.parametrize(
    "password", ["a diesel hums", "tr0mb8ne", "пароль мой длинный", "🚗🚙🚕🚌🚎🏎️🚓🚑", "q1w9" * 32]
)
def test_others_are_accepted(password: str) -> None:
    passwords.check(password, EMAIL)


def test_only_its_password_matches_a_hash() -> None:
    kept = passwords.hash_password("a diesel hums")
    assert passwords.verify("a diesel hums", kept)
    assert not passwords.verify("a diesel hum", kept)
    assert not passwords.verify("", kept)


def test_one_password_whatever_keyboard_composed_it() -> None:
    assert passwords.verify("cafe\N{COMBINING ACUTE ACCENT} au lait", passwords.hash_password("café au lait"))


def test_the_hash_is_argon2id_and_salted() -> None:
    one, two = passwords.hash_password("a diesel hums"), passwords.hash_password("a diesel hums")
    assert one != two
    assert extract_parameters(one).type is Type.ID
    assert extract_parameters(one).memory_cost == passwords.MEMORY_KIB


def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not passwords.verify("a diesel hums", "not a hash")


def test_an_unknown_account_has_no_password() -> None:
    assert not passwords.verify_dummy("the password of no account")


def test_hashes_of_other_parameters_are_outdated() -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("a diesel hums"))
    assert not passwords.is_outdated(passwords.hash_password("a diesel hums"))


def test_too_many_at_once_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SEC", 0.01)
    with ExitStack() as stack:
        for _ in range(passwords.MAX_CONCURRENT_HASHES):
            stack.enter_context(passwords.hashing_slot())
        with pytest.raises(Unavailable):
            passwords.verify_dummy("a diesel hums")
    assert passwords.hash_password("a diesel hums")
