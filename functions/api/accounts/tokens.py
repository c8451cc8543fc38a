"""Tokens: the short-lived access token (a signed JWT) and the random refresh token a session lives by."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import jwt
from pydantic import BaseModel

ACCESS_SEC: Final = 30 * 60
"""How long an access token is good for. A signing key may be dropped an hour after it was replaced."""

ALGORITHM: Final = "HS256"
MIN_KEY_BYTES: Final = 32
MAX_TOKEN_CHARS: Final = 4096
_CLAIMS: Final = ["sub", "email", "exp", "iat", "jti", "sid"]


class BadToken(Exception):
    """Not a token of ours, or no longer good."""


class _Document(BaseModel):
    active: str
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Keys:
    """The signing keys by key id. New tokens are signed with the active one; all of them verify."""

    active: str
    keys: Mapping[str, bytes]

    @classmethod
    def parse(cls, secret: str) -> "Keys":
        """From the secret: `{"active": "<kid>", "keys": {"<kid>": "<base64url, 32 bytes or more>"}}`.

        Raises:
            ValueError: not of that form; the sentence says what is wrong and shows nothing of it.
        """
        try:
            document = _Document.model_validate_json(secret)
            keys = {kid: base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)) for kid, key in document.keys.items()}
        except ValueError:
            form = '{"active": "<kid>", "keys": {"<kid>": "<base64url>"}}'
            raise ValueError(f"signing keys must be JSON of the form {form}") from None
        if document.active not in keys:
            raise ValueError("the active signing key is not among the keys")
        if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
            raise ValueError(f"a signing key must have at least {MIN_KEY_BYTES} bytes")
        return cls(document.active, keys)


@dataclass(frozen=True, slots=True)
class Access:
    """Whom an access token speaks for, and in which session."""

    user_id: UUID
    email: str
    session_id: UUID


def issue(keys: Keys, access: Access, now: float | None = None) -> str:
    """A signed access token, good for `ACCESS_SEC` from `now` (seconds since the epoch)."""
    issued = int(time.time() if now is None else now)
    claims = {
        "sub": str(access.user_id),
        "email": access.email,
        "sid": str(access.session_id),
        "jti": str(uuid4()),
        "iat": issued,
        "exp": issued + ACCESS_SEC,
    }
    return jwt.encode(claims, keys.keys[keys.active], ALGORITHM, headers={"kid": keys.active})


def verify(keys: Keys, token: str) -> Access:
    """Whom the token speaks for. Only our algorithm, only our keys, only until it expires.

    Raises:
        BadToken: anything else.
    """
    if len(token) > MAX_TOKEN_CHARS:
        raise BadToken
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = keys.keys[kid] if isinstance(kid, str) else None
        if key is None:
            raise BadToken
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options={"require": _CLAIMS})
        return Access(UUID(claims["sub"]), str(claims["email"]), UUID(claims["sid"]))
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadToken from error


def new_secret() -> str:
    """A random token of 256 bits: a refresh token, or a session's CSRF token."""
    return secrets.token_urlsafe(32)


def new_salt() -> bytes:
    """Random bytes for `successor`."""
    return secrets.token_bytes(32)


def digest(secret: str) -> bytes:
    """What is stored of a random token: it cannot be guessed, so a plain hash hides it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def successor(secret: str, salt: bytes) -> str:
    """The refresh token that follows `secret`: only who holds it and the stored salt can make it again.

    Two tabs that present the same token within the grace period thereby get the same successor, though only
    hashes are stored.
    """
    made = hmac.digest(salt, secret.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
