"""The routes of sessions: login, refresh, logout."""

from typing import Final
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from werkzeug.exceptions import Unauthorized

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Error, Refused, refused

from ..services import Services
from ..web import client_address, inputs
from ..web.names import CSRF_HEADER
from ..web.operations import Answer, describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import audit, authentication, cookies, devices, logins, sessions, tokens
from .audit import Event
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .passwords import MAX_CHARS
from .rate_limit import RateLimited
from .sessions import ActiveSession, Reused

TAG: Final = "sessions"
blueprint = Routes("signin", __name__, url_prefix=cookies.REFRESH_PATH)


class Credentials(inputs.Input):
    """E-mail address and password."""

    email: str = Field(min_length=1, max_length=MAX_EMAIL_CHARS, examples=["you@example.org"])
    password: str = Field(min_length=1, max_length=MAX_CHARS)


class Refresh(inputs.Input):
    """The refresh token, unless it is sent as a cookie."""

    refresh_token: str | None = Field(default=None, min_length=1, max_length=256)


class Tokens(BaseModel):
    """The tokens of a new session."""

    access_token: str = Field(description="A JWT for the header `Authorization: Bearer …`, valid for some minutes.")
    refresh_token: str = Field(description="Valid for one refresh.")


class NewTokens(BaseModel):
    """The tokens after a refresh."""

    access_token: str
    refresh_token: str | None = Field(default=None, description="Omitted if it is sent as a cookie.")


class Message(BaseModel):
    """A sentence for people."""

    message: str


RATE_LIMITED: Final = Answer("Too many attempts. Try again later.", Error, headers={"Retry-After": "Seconds to wait."})
_COOKIES: Final = {"Set-Cookie": "For browsers: access token, refresh token and CSRF token."}


@blueprint.post("/login")
@describe(
    summary="Log in",
    tag=TAG,
    description="Returns both tokens and also sets them as cookies. A browser that uses the cookies sends the value of "
    "the cookie `faplog_csrf` in the header `X-CSRF-Token` of every request that changes something.",
    request=Credentials,
    responses={
        200: Answer("Logged in.", Tokens, headers=_COOKIES),
        401: "The e-mail address or the password is wrong.",
        429: RATE_LIMITED,
    },
)
def login(services: Services) -> ResponseReturnValue:
    """Start a session."""
    given = inputs.body(Credentials)
    database, address = services.database, client_address.address(request)
    try:
        device = devices.recognise(request.headers.get("User-Agent", ""))
        logged_in = logins.log_in(database, given.email, given.password, address, device)
    except RateLimited as error:
        raise too_many_requests(error) from None
    if logged_in is None:
        raise authentication.unauthorized(ErrorCode.CREDENTIALS_WRONG)
    account, session = logged_in
    access_token = tokens.issue(services.keys, tokens.Access(account.id, account.email, session.id))
    body = Tokens(access_token=access_token, refresh_token=session.refresh_token)
    return _response_with_cookies(services, body, access_token, session.refresh_token, session.csrf_token)


@blueprint.post("/refresh")
@describe(
    summary="Exchange a refresh token for new tokens",
    tag=TAG,
    description="Send the token in the body, or from a browser as a cookie together with the CSRF token. Each refresh "
    "token is valid for one exchange; using it again more than a few seconds later ends the session.",
    request=Refresh,
    request_optional=True,
    responses={
        200: Answer("New tokens.", NewTokens, headers=_COOKIES),
        401: "The refresh token is missing, unknown, expired or already used.",
        403: "A request with cookies lacks the CSRF token or comes from another site.",
    },
)
def refresh(services: Services) -> ResponseReturnValue:
    """Exchange a refresh token."""
    given = _token_in_body()
    presented = given or request.cookies.get(cookies.REFRESH)
    if not presented:
        raise authentication.unauthorized(ErrorCode.REFRESH_TOKEN_MISSING)
    with services.database.worker() as connection:
        if given is None:
            _check_csrf(services, sessions.find_by_refresh_token(connection, presented))
        refreshed = sessions.refresh(connection, presented)
        if isinstance(refreshed, Reused):
            address = client_address.address(request)
            user_id, session_id = refreshed.user_id, refreshed.session_id
            audit.record(connection, Event.REFRESH_REUSED, user_id=user_id, session_id=session_id, address=address)
    if isinstance(refreshed, Reused):
        raise authentication.unauthorized(ErrorCode.REFRESH_TOKEN_REUSED)
    if refreshed is None:
        raise _no_such_session()
    access_token = tokens.issue(services.keys, refreshed.access)
    if given:
        return json_response(NewTokens(access_token=access_token, refresh_token=refreshed.refresh_token))
    body = NewTokens(access_token=access_token)
    return _response_with_cookies(services, body, access_token, refreshed.refresh_token, request.headers[CSRF_HEADER])


@blueprint.post("/logout")
@describe(
    summary="Log out",
    tag=TAG,
    description="Ends the session of the access token or, if that has expired, of the refresh token in the body or the "
    "cookie. Its tokens are no longer valid afterwards.",
    request=Refresh,
    request_optional=True,
    responses={
        200: Answer("Logged out. The cookies are removed.", Message, headers=_COOKIES),
        401: "The session does not exist or has already ended.",
        403: "A request with cookies lacks the CSRF token or comes from another site.",
    },
)
def logout(services: Services) -> ResponseReturnValue:
    """End a session."""
    user_id, session_id = _session_to_end(services, _token_in_body())
    with services.database.worker() as connection:
        sessions.end(connection, session_id)
        address = client_address.address(request)
        audit.record(connection, Event.LOGGED_OUT, user_id=user_id, session_id=session_id, address=address)
    response = json_response(Message(message="You are logged out."))
    cookies.clear_session_cookies(response, secure=services.settings.cookie_secure)
    return response


def too_many_requests(error: RateLimited) -> Refused:
    """Return the 429 of the rate limit."""
    limited = refused(ErrorCode.RATE_LIMITED, retry_after_sec=error.retry_after)
    return limited.with_headers({"Retry-After": str(error.retry_after)})


def _token_in_body() -> str | None:
    given = inputs.optional_body(Refresh)
    return given.refresh_token if given else None


def _session_to_end(services: Services, given: str | None) -> tuple[UUID, UUID]:
    """Return the user and the session of a logout. Raises `Unauthorized` or `Forbidden`."""
    try:
        access = authentication.identify(services)
    except Unauthorized:
        presented = given or request.cookies.get(cookies.REFRESH)
        if presented is None:
            raise
    else:
        return access.user_id, access.session_id
    with services.database.worker() as connection:
        session = sessions.find_by_refresh_token(connection, presented)
    if session is None:
        raise _no_such_session()
    if given is None:
        _check_csrf(services, session)
    return session.user_id, session.session_id


def _check_csrf(services: Services, session: ActiveSession | None) -> None:
    if session is None:
        raise _no_such_session()
    authentication.check_csrf(services, session.csrf_digest)


def _no_such_session() -> Refused:
    """Return the 401 for a refresh token without an active session: unknown, ended or expired."""
    return authentication.unauthorized(ErrorCode.REFRESH_TOKEN_INVALID)


def _response_with_cookies(
    services: Services, body: BaseModel, access_token: str, refresh_token: str, csrf_token: str
) -> Response:
    response = json_response(body, exclude_none=True)
    cookies.set_session_cookies(
        response,
        access_token=access_token,
        refresh_token=refresh_token,
        csrf_token=csrf_token,
        secure=services.settings.cookie_secure,
    )
    return response
