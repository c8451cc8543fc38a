"""Tokens: the short-lived access token (a signed JWT), and the random refresh and CSRF tokens of a session."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

import jwt

from ..signing_keys import SigningKeys

ACCESS_SEC: Final = 30 * 60
"""How long an access token is valid. A signing key may be removed an hour after it was replaced."""

ALGORITHM: Final = "HS256"
MAX_TOKEN_CHARS: Final = 4096
_CLAIMS: Final = ["sub", "email", "exp", "iat", "jti", "sid"]


class BadToken(Exception):
    """The token was not issued by this API, or has expired."""


@dataclass(frozen=True, slots=True)
class Access:
    """The user and the session of an access token."""

    user_id: UUID
    email: str
    session_id: UUID


def issue(keys: SigningKeys, access: Access, now: float | None = None) -> str:
    """Return a signed access token, valid for `ACCESS_SEC` from `now` (seconds since the epoch)."""
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


def verify(keys: SigningKeys, token: str) -> Access:
    """Return the user and the session of a token.

    Raises:
        BadToken: The token has another algorithm or key, has expired, or is malformed.
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
    """Return a random token of 256 bits: a refresh token, or a session's CSRF token."""
    return secrets.token_urlsafe(32)


def new_salt() -> bytes:
    """Return random bytes for `successor`."""
    return secrets.token_bytes(32)


def digest(secret: str) -> bytes:
    """Return the digest that is stored of a random token. The token cannot be guessed, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def successor(secret: str, salt: bytes) -> str:
    """Return the refresh token that follows `secret`; it can be derived only from the token and the stored salt.

    So two tabs that send the same token within the grace period get the same successor, although only hashes are
    stored.
    """
    derived = hmac.digest(salt, secret.encode("utf-8", "surrogatepass"), "sha256")
    return base64.urlsafe_b64encode(derived).rstrip(b"=").decode()
