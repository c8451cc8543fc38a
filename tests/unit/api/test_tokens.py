"""Access tokens that are ours, and every way of not being one."""

import base64
import json
import time
from typing import Any
from uuid import UUID

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.accounts import tokens
from functions.api.accounts.tokens import ACCESS_SEC, Access, BadToken
from functions.api.signing_keys import SigningKeys

KEYS = SigningKeys("new", {"old": b"o" * 32, "new": b"n" * 32})
ACCESS = Access(UUID(int=1), "you@example.org", UUID(int=2))


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a token, some of them changed; None leaves one out. It outlives a run of all tests."""
    now = int(time.time())
    good = {"sub": str(UUID(int=1)), "email": "you@example.org", "sid": str(UUID(int=2)), "jti": "x", "iat": now}
    return {k: v for k, v in (good | {"exp": now + 86_400} | changed).items() if v is not None}


def signed(payload: dict[str, Any], key: bytes = b"n" * 32, kid: str | None = "new", algorithm: str = "HS256") -> str:
    """Return a token of a user."""
    return jwt.encode(payload, key, algorithm, headers={"kid": kid} if kid else None)


def secret(**keys: str) -> str:
    """Return the secret with these keys, the first one active."""
    return json.dumps({"active": next(iter(keys)), "keys": keys})


def b64(content: bytes) -> str:
    """base64url as people write it, without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_a_token_says_whom_it_speaks_for() -> None:
    assert tokens.verify(KEYS, tokens.issue(KEYS, ACCESS)) == ACCESS


def test_the_claims_are_those_of_the_contract() -> None:
    made = jwt.decode(tokens.issue(KEYS, ACCESS), b"n" * 32, algorithms=["HS256"])
    assert made.keys() == {"sub", "email", "sid", "jti", "iat", "exp"}
    assert 15 * 60 <= made["exp"] - made["iat"] <= 60 * 60


def test_two_tokens_differ() -> None:
    assert tokens.issue(KEYS, ACCESS) != tokens.issue(KEYS, ACCESS)


def test_a_token_of_the_key_before_is_still_good() -> None:
    before = SigningKeys("old", {"old": b"o" * 32})
    assert tokens.verify(KEYS, tokens.issue(before, ACCESS)) == ACCESS


def test_a_token_of_a_dropped_key_is_not() -> None:
    after = SigningKeys("new", {"new": b"n" * 32})
    with pytest.raises(BadToken):
        tokens.verify(after, tokens.issue(SigningKeys("old", {"old": b"o" * 32}), ACCESS))


def test_expired() -> None:
    with pytest.raises(BadToken):
        tokens.verify(KEYS, tokens.issue(KEYS, ACCESS, now=time.time() - ACCESS_SEC - 1))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "…" * 10,
        "x" * 5000,
        jwt.encode(claims(), None, "none", headers={"kid": "new"}),
        signed(claims(), key=b"x" * 32),
        signed(claims(), key=b"o" * 32, kid="new"),
        signed(claims(), kid="unknown"),
        signed(claims(), kid=None),
        signed(claims(), key=b"n" * 64, algorithm="HS512"),
        signed(claims(), key=b"n" * 32 + b"n" * 32, algorithm="HS512"),
        signed(claims(exp=None)),
        signed(claims(sid=None)),
        signed(claims(jti=None)),
        signed(claims(sub="somebody")),
        signed(claims(sid="nothing")),
        signed(claims(exp="soon")),
        signed(claims(iat=time.time() + 3600)),
    ],
)
def test_not_one_of_ours(token: str) -> None:
    with pytest.raises(BadToken):
        tokens.verify(KEYS, token)


def test_a_changed_payload_breaks_the_signature() -> None:
    head, _, signature = tokens.issue(KEYS, ACCESS).split(".")
    other = b64(json.dumps(claims(sub=str(UUID(int=9)))).encode())
    with pytest.raises(BadToken):
        tokens.verify(KEYS, f"{head}.{other}.{signature}")


@given(st.text(max_size=200))
def test_text_is_never_a_token_and_never_a_crash(text: str) -> None:
    with pytest.raises(BadToken):
        tokens.verify(KEYS, text)


def test_keys_are_read_from_their_secret() -> None:
    keys = SigningKeys.parse(secret(a=b64(b"a" * 32), b=b64(b"b" * 40)))
    assert keys == SigningKeys("a", {"a": b"a" * 32, "b": b"b" * 40})


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "secret",
        "[]",
        "null",
        "{}",
        '{"active": "a", "keys": []}',
        '{"active": "a", "keys": {"a": 1}}',
        '{"active": ["a"], "keys": {}}',
        json.dumps({"active": "b", "keys": {"a": b64(b"a" * 32)}}),
        secret(a=b64(b"a" * 31)),
        secret(a=b64(b"a" * 32), b=""),
    ],
)
def test_keys_that_are_none_are_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(ValueError, match="key") as error:
        SigningKeys.parse(wrong)
    assert b64(b"a" * 31) not in str(error.value)


def test_a_successor_needs_both_halves() -> None:
    token, salt = tokens.new_secret(), tokens.new_salt()
    assert tokens.successor(token, salt) == tokens.successor(token, salt)
    assert tokens.successor(token, tokens.new_salt()) != tokens.successor(token, salt)
    assert tokens.successor(tokens.new_secret(), salt) != tokens.successor(token, salt)
    assert len(tokens.successor(token, salt)) == len(token)
