"""The routes of an account: register, show and delete it."""

from functools import partial
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..services import Services
from ..web import client_address, inputs
from ..web.after_response import run_after_response
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import Output, Timestamp, json_response
from ..web.routes import Routes
from . import authentication, cookies, deletion, logins
from .authentication import User, authenticated
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .emails import BadEmail
from .logins import EmailTaken, InviteInvalid
from .passwords import MAX_CHARS, MIN_CHARS, WeakPassword
from .rate_limit import RateLimited
from .session_views import RATE_LIMITED, too_many_requests

TAG: Final = "account"
MAX_INVITE_CHARS: Final = 128

blueprint = Routes("accounts", __name__, url_prefix=PREFIX)


class Registration(inputs.Input):
    """A new account."""

    email: str = Field(max_length=MAX_EMAIL_CHARS, json_schema_extra={"format": "email"}, examples=["you@example.org"])
    password: str = Field(
        min_length=MIN_CHARS, max_length=MAX_CHARS, description="The most common passwords are refused."
    )
    invite: str | None = Field(
        default=None,
        max_length=MAX_INVITE_CHARS,
        description="The token of an invite: what follows `#` in its link. Needed where registration is not open.",
    )


class Confirmation(inputs.Input):
    """Confirmation with the password."""

    password: str = Field(min_length=1, max_length=MAX_CHARS)


class Account(Output):
    """An account."""

    id: UUID
    email: str
    created_at: Timestamp


@blueprint.post("/auth/register")
@describe(
    summary="Create an account",
    tag=TAG,
    request=Registration,
    responses={
        201: Account,
        403: "Registration is not open, and there is no invite or it is not valid.",
        409: "There is already an account with this e-mail address.",
        429: RATE_LIMITED,
    },
)
def register(services: Services) -> ResponseReturnValue:
    """Create an account."""
    given = inputs.body(Registration)
    database, address = services.database, client_address.address(request)
    registration = services.settings.registration
    if registration != "open" and not given.invite:
        raise refused(ErrorCode.INVITE_REQUIRED if registration == "invite" else ErrorCode.REGISTRATION_CLOSED)
    try:
        account = logins.register(
            database,
            given.email,
            given.password,
            address,
            invite=given.invite,
            needs_invite=registration != "open",
        )
    except InviteInvalid:
        raise refused(ErrorCode.INVITE_INVALID) from None
    except (BadEmail, WeakPassword) as error:
        raise refused(error.code, **error.params) from None
    except EmailTaken:
        raise refused(ErrorCode.EMAIL_TAKEN) from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    return json_response(Account(id=account.id, email=account.email, created_at=account.created_at), 201)


@blueprint.get("/account")
@describe(summary="Get my account", tag=TAG, responses={200: Account})
@authenticated
def whoami(services: Services) -> ResponseReturnValue:
    """Answer the user's account."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        row = connection.execute("SELECT id, email, created_at FROM users WHERE id = %s", [user.id]).fetchone()
    if row is None:
        raise authentication.unauthorized(ErrorCode.ACCOUNT_DELETED)
    return json_response(Account.model_validate(row, by_name=True))


@blueprint.delete("/account")
@describe(
    summary="Delete my account and all its data",
    tag=TAG,
    description="Deletes logs, analyses, averages and sessions. This cannot be undone. Copies in backups are removed "
    "when the operator's retention period ends. A request authenticated by cookies must contain the password, so "
    "that an unattended browser is not enough.",
    request=Confirmation,
    request_optional=True,
    responses={
        204: Answer(
            "Deleted. The files are removed shortly afterwards.", headers={"Set-Cookie": "Removes the cookies."}
        ),
        403: "The password or the CSRF token is missing or wrong.",
        429: RATE_LIMITED,
    },
)
@authenticated
def delete(services: Services) -> ResponseReturnValue:
    """Delete the user's account."""
    user: User = g.user
    given = inputs.optional_body(Confirmation)
    database, address = services.database, client_address.address(request)
    if given is None and not authentication.is_bearer():
        raise refused(ErrorCode.PASSWORD_REQUIRED)
    try:
        if given is not None and not logins.confirm_password(database, user.id, given.password, address):
            deletion.record_refused_deletion(database, user.id, address)
            raise refused(ErrorCode.PASSWORD_WRONG)
    except RateLimited as error:
        raise too_many_requests(error) from None
    analyses = deletion.delete_account(database, user.id)
    response = Response(status=204)
    cookies.clear_session_cookies(response, secure=services.settings.cookie_secure)
    # 20,000 logs have 40,000 objects, and a store takes a millisecond for each, so the response is sent first.
    return run_after_response(response, partial(deletion.remove_objects, services.blobs, user.id, analyses))
