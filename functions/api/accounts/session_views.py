"""The routes of sessions: login, refresh, logout."""

from typing import Final
from uuid import UUID

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from werkzeug.exceptions import TooManyRequests, Unauthorized

from faplog.http_errors import Error

from ..db import worker_transaction
from ..web import client_address, inputs
from ..web.operations import Answer, describe
from . import audit, authentication, cookies, csrf, logins, sessions, tokens
from .audit import Event
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .passwords import MAX_CHARS
from .rate_limit import Braked
from .sessions import Held, Reused

TAG: Final = "sessions"
blueprint = Blueprint("signin", __name__, url_prefix=cookies.REFRESH_PATH)


class Credentials(inputs.Input):
    """E-mail address and password."""

    email: str = Field(min_length=1, max_length=MAX_EMAIL_CHARS, examples=["you@example.org"])
    password: str = Field(min_length=1, max_length=MAX_CHARS)


class Refresh(inputs.Input):
    """The refresh token, unless it is sent as a cookie."""

    refresh_token: str | None = Field(default=None, min_length=1, max_length=256)


class Tokens(BaseModel):
    """What a client goes on with."""

    access_token: str = Field(description="A JWT for the header `Authorization: Bearer …`, valid for some minutes.")
    refresh_token: str = Field(description="Valid for one refresh.")


class NewTokens(BaseModel):
    """What a client goes on with after a refresh."""

    access_token: str
    refresh_token: str | None = Field(default=None, description="Omitted if it is sent as a cookie.")


class Message(BaseModel):
    """A sentence for a person."""

    message: str


BRAKED: Final = Answer("Too many attempts. Try again later.", Error, headers={"Retry-After": "Seconds to wait."})
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
        429: BRAKED,
    },
)
def login() -> ResponseReturnValue:
    given = inputs.body(Credentials)
    try:
        logged_in = logins.log_in(given.email, given.password, client_address.address(request))
    except Braked as braked:
        raise too_many(braked) from None
    if logged_in is None:
        raise authentication.unauthorized("E-mail address or password is wrong.")
    account, started = logged_in
    access_token = tokens.issue(authentication.current().keys, tokens.Access(account.id, account.email, started.id))
    made = Tokens(access_token=access_token, refresh_token=started.refresh_token)
    return _with_cookies(made, access_token, started.refresh_token, started.csrf_token)


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
def refresh() -> ResponseReturnValue:
    given = _given()
    presented = given or request.cookies.get(cookies.REFRESH)
    if not presented:
        raise authentication.unauthorized(
            "There is no refresh token in this request: send it in the body as `refresh_token`, or in its cookie."
        )
    with worker_transaction() as connection:
        if given is None:
            _check_csrf(sessions.holding(connection, presented))
        refreshed = sessions.refresh(connection, presented)
        if isinstance(refreshed, Reused):
            where = client_address.address(request)
            user_id, session_id = refreshed.user_id, refreshed.session_id
            audit.record(connection, Event.REFRESH_REUSED, user_id=user_id, session_id=session_id, address=where)
    if isinstance(refreshed, Reused):
        raise authentication.unauthorized(
            "This refresh token was used before, so its session has been ended. Please log in again."
        )
    if refreshed is None:
        raise _not_living()
    access_token = tokens.issue(authentication.current().keys, refreshed.access)
    if given:
        return NewTokens(access_token=access_token, refresh_token=refreshed.refresh_token).model_dump()
    made = NewTokens(access_token=access_token)
    return _with_cookies(made, access_token, refreshed.refresh_token, request.headers[csrf.HEADER])


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
def logout() -> ResponseReturnValue:
    user_id, session_id = _session_meant(_given())
    with worker_transaction() as connection:
        sessions.end(connection, session_id)
        where = client_address.address(request)
        audit.record(connection, Event.LOGGED_OUT, user_id=user_id, session_id=session_id, address=where)
    response = jsonify(Message(message="You are logged out.").model_dump())
    cookies.take(response, authentication.current())
    return response


def too_many(braked: Braked) -> TooManyRequests:
    """The 429 of a brake."""
    return TooManyRequests(
        f"Too many attempts. Please wait {braked.seconds} seconds and try again.", retry_after=braked.seconds
    )


def _given() -> str | None:
    given = inputs.optional_body(Refresh)
    return given.refresh_token if given else None


def _session_meant(given: str | None) -> tuple[UUID, UUID]:
    """The user and the session a logout is about. Raises `Unauthorized` or `Forbidden`."""
    try:
        access = authentication.identify()
    except Unauthorized:
        presented = given or request.cookies.get(cookies.REFRESH)
        if presented is None:
            raise
    else:
        return access.user_id, access.session_id
    with worker_transaction() as connection:
        held = sessions.holding(connection, presented)
    if held is None:
        raise _not_living()
    if given is None:
        _check_csrf(held)
    return held.user_id, held.session_id


def _check_csrf(held: Held | None) -> None:
    if held is None:
        raise _not_living()
    csrf.check(
        request, held.csrf_digest, authentication.current().origins, secure=authentication.current().cookie_secure
    )


def _not_living() -> Unauthorized:
    """The 401 for a refresh token without a living session: it may be unknown, or its session has ended or expired."""
    return authentication.unauthorized("This refresh token is unknown, or its session has ended. Please log in again.")


def _with_cookies(made: BaseModel, access_token: str, refresh_token: str, csrf_token: str) -> Response:
    response = jsonify(made.model_dump(exclude_none=True))
    cookies.give(
        response,
        authentication.current(),
        access_token=access_token,
        refresh_token=refresh_token,
        csrf_token=csrf_token,
    )
    return response
