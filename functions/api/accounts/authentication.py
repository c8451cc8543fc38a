"""Authentication of requests: by an API token, or by an access token (header or cookie) and its session."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate

from faplog.contracts.api_tokens import is_meant_as_token
from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused

from ..services import Services
from ..signing_keys import SigningKeys
from ..web import names
from ..web.operations import mark_authenticated
from . import csrf, sessions, token_access, tokens
from .tokens import Access, BadToken

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class User:
    """The user a request is authenticated as."""

    id: UUID
    email: str


def authenticated(
    view: Callable[Concatenate[Services, P], ResponseReturnValue],
) -> Callable[Concatenate[Services, P], ResponseReturnValue]:
    """Require an API token (`token_access.identify`) or an access token (`identify`).

    Sets `flask.g.user` (`User`), and `flask.g.session_id`, which is None with an API token.
    """

    @wraps(view)
    def wrapper(services: Services, /, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        header = _bearer_token()
        if header is not None and is_meant_as_token(header):
            holder = token_access.identify(services, header)
            g.user, g.session_id = User(holder.user_id, holder.email), None
            return view(services, *args, **kwargs)
        access = identify(services)
        g.user = User(access.user_id, access.email)
        g.session_id = access.session_id
        return view(services, *args, **kwargs)

    mark_authenticated(wrapper)
    return wrapper


def identify(services: Services) -> Access:
    """Authenticate the current request by its access token: the Bearer token if it has one, else the access cookie.

    The session is looked up in Postgres each time, so that a logout ends its access tokens as well.

    Raises:
        Unauthorized: There is no token, it is invalid or expired, or its session has ended.
        Forbidden: A cookie request that changes something does not pass `csrf.check`.
    """
    keys, settings = services.keys, services.settings
    header = _bearer_token()
    cookie = names.access_cookie(secure=settings.cookie_secure)
    access = _verify(keys, header if header is not None else request.cookies.get(cookie, ""))
    expected = sessions.csrf_digest(services.database, access.user_id, access.session_id)
    if expected is None:
        raise unauthorized(ErrorCode.SESSION_ENDED)
    if header is None:
        check_csrf(services, expected)
    return access


def check_csrf(services: Services, expected_digest: bytes) -> None:
    """Refuse the current request (`Forbidden`) unless it passes `csrf.check` with the settings of the services."""
    settings = services.settings
    csrf.check(request, expected_digest, frozenset(settings.cors_origins), secure=settings.cookie_secure)


def is_bearer() -> bool:
    """Return whether the current request is authenticated by a header, which no browser sends on its own."""
    return _bearer_token() is not None


def unauthorized(code: ErrorCode) -> Refused:
    """Return a 401 that names the authentication scheme, as RFC 9110 requires."""
    return refused(code).with_headers({"WWW-Authenticate": WWWAuthenticate("bearer").to_header()})


def _bearer_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _verify(keys: SigningKeys, token: str) -> Access:
    if not token:
        raise unauthorized(ErrorCode.LOGIN_REQUIRED)
    try:
        return tokens.verify(keys, token)
    except BadToken:
        raise unauthorized(ErrorCode.ACCESS_TOKEN_INVALID) from None
