"""Who is asking: the access token of a request, from its header or its cookie, and the session behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Final, ParamSpec
from uuid import UUID

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused

from . import csrf, tokens
from .tokens import Access, BadToken, Keys

EXTENSION: Final = "faplog.auth"
MARK: Final = "authenticated"
_ACCESS_COOKIE: Final = "faplog_access"

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class User:
    """Who is asking."""

    id: UUID
    email: str


@dataclass(frozen=True, slots=True)
class Auth:
    """What authentication needs to know.

    `csrf_digest(user_id, session_id)` is the digest of a living session's CSRF token, None once the session ended.
    """

    keys: Keys
    csrf_digest: Callable[[UUID, UUID], bytes | None]
    cookie_secure: bool = False
    origins: frozenset[str] = frozenset()

    @property
    def access_cookie(self) -> str:
        """The name of the access cookie: over TLS the prefix ties it to this host and to https."""
        return f"__Host-{_ACCESS_COOKIE}" if self.cookie_secure else _ACCESS_COOKIE


def install(app: Flask, auth: Auth) -> None:
    """Let the views of this app use `authenticated`."""
    app.extensions[EXTENSION] = auth


def current() -> Auth:
    """The authentication of the current app."""
    auth: Auth = current_app.extensions[EXTENSION]
    return auth


def authenticated(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let only users in (`identify`), and set `flask.g.user` (`User`) and `flask.g.session_id`."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        access = identify()
        g.user = User(access.user_id, access.email)
        g.session_id = access.session_id
        return view(*args, **kwargs)

    wrapper.__dict__[MARK] = True
    return wrapper


def identify() -> Access:
    """Whom the current request speaks for: by its Bearer token if it has one, else by its access cookie.

    The session is asked for in Postgres each time, so that a logout ends its access tokens as well.

    Raises:
        Unauthorized: no token, not one of ours, expired, or its session has ended.
        Forbidden: a cookie request that changes something and does not pass `csrf.check`.
    """
    auth = current()
    header = _bearer()
    access = _verify(auth, header if header is not None else request.cookies.get(auth.access_cookie, ""))
    expected = auth.csrf_digest(access.user_id, access.session_id)
    if expected is None:
        raise unauthorized(ErrorCode.SESSION_ENDED)
    if header is None:
        csrf.check(request, expected, auth.origins, secure=auth.cookie_secure)
    return access


def is_bearer() -> bool:
    """Whether the current request authenticates itself by a header, which no browser sends on its own."""
    return _bearer() is not None


def unauthorized(code: ErrorCode) -> Refused:
    """Return a 401 that names the scheme, as RFC 9110 asks."""
    return refused(code).with_headers({"WWW-Authenticate": WWWAuthenticate("bearer").to_header()})


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _verify(auth: Auth, token: str) -> Access:
    if not token:
        raise unauthorized(ErrorCode.LOGIN_REQUIRED)
    try:
        return tokens.verify(auth.keys, token)
    except BadToken:
        raise unauthorized(ErrorCode.ACCESS_TOKEN_INVALID) from None
