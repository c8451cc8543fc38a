"""Authentication by an API token: whose it is, how often it may ask, and whether the route is in its scopes."""

from math import ceil

from flask import request
from werkzeug.datastructures import WWWAuthenticate

from faplog.contracts.api_tokens import is_token
from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused

from ..services import Services
from ..web import client_address
from ..web.scopes import scope_of
from . import api_tokens, rate_limit
from .api_tokens import Holder
from .rate_limit import RateLimited


def identify(services: Services, token: str) -> Holder:
    """Authenticate the current request by an API token. It needs no CSRF token: no browser sends one on its own.

    The token is looked up in Postgres each time, so that it is invalid as soon as it is revoked.

    Raises:
        Unauthorized: The token is malformed, unknown, expired or revoked.
        Forbidden: No token may use this route, or this one lacks its scope.
        TooManyRequests: The token sends too many requests, or this address too many invalid tokens.
    """
    holder = api_tokens.find(services.database, token) if is_token(token) else None
    if holder is None:
        raise _invalid_token(services)
    _check_rate(services, holder)
    _check_scope(holder)
    return holder


def _invalid_token(services: Services) -> Refused:
    """Count a wrong token against its address, and return the 401; or the 429 while the address has to wait.

    Only wrong tokens are counted and refused: a script that goes on with a revoked one does not stop others that come
    from the same address.
    """
    try:
        with services.database.worker() as connection:
            rate_limit.count_wrong_token(connection, client_address.address(request))
    except RateLimited as error:
        limited = refused(ErrorCode.RATE_LIMITED, retry_after_sec=error.retry_after)
        return limited.with_headers({"Retry-After": str(error.retry_after)})
    return refused(ErrorCode.API_TOKEN_INVALID).with_headers(_challenge(error="invalid_token"))


def _check_rate(services: Services, holder: Holder) -> None:
    if wait := ceil(services.token_rates.take(holder.token_id)):
        limited = refused(ErrorCode.API_TOKEN_RATE_LIMITED, retry_after_sec=wait)
        raise limited.with_headers({"Retry-After": str(wait)})


def _check_scope(holder: Holder) -> None:
    needed = scope_of(request.method, request.url_rule.rule) if request.url_rule else None
    if needed is None:
        raise refused(ErrorCode.API_TOKEN_NOT_ALLOWED).with_headers(_challenge(error="insufficient_scope"))
    if needed not in holder.scopes:
        missing = refused(ErrorCode.API_TOKEN_SCOPE_MISSING, scope=needed.value)
        raise missing.with_headers(_challenge(error="insufficient_scope", scope=needed.value))


def _challenge(**values: str) -> dict[str, str]:
    """Return the header that says why a Bearer token was refused, as RFC 6750 asks for."""
    return {"WWW-Authenticate": WWWAuthenticate("bearer", dict(values)).to_header()}
