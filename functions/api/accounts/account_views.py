"""The routes of an account: register, show and delete it."""

from functools import partial
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import BadRequest, Conflict, Forbidden

from ..services import services
from ..web import client_address, inputs
from ..web.after_response import run_after_response
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import Output, Timestamp, json_response
from . import authentication, cookies, deletion, logins
from .authentication import User, authenticated
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .emails import BadEmail
from .logins import EmailTaken
from .passwords import MAX_CHARS, MIN_CHARS, WeakPassword
from .rate_limit import RateLimited
from .session_views import RATE_LIMITED, too_many_requests

TAG: Final = "account"
blueprint = Blueprint("accounts", __name__, url_prefix=PREFIX)


class Registration(inputs.Input):
    """A new account."""

    email: str = Field(max_length=MAX_EMAIL_CHARS, json_schema_extra={"format": "email"}, examples=["you@example.org"])
    password: str = Field(min_length=MIN_CHARS, max_length=MAX_CHARS, description="The commonest are refused.")


class Confirmation(inputs.Input):
    """The password again."""

    password: str = Field(min_length=1, max_length=MAX_CHARS)


class Account(Output):
    """An account."""

    id: UUID
    email: str
    created_at: Timestamp


@blueprint.post("/auth/register")
@describe(
    summary="Make an account",
    tag=TAG,
    request=Registration,
    responses={201: Account, 409: "There is an account with this e-mail address already.", 429: RATE_LIMITED},
)
def register() -> ResponseReturnValue:
    """Create an account."""
    given = inputs.body(Registration)
    database, address = services().database, client_address.address(request)
    try:
        account = logins.register(database, given.email, given.password, address)
    except (BadEmail, WeakPassword) as error:
        raise BadRequest(str(error)) from None
    except EmailTaken:
        raise Conflict("There is an account with this e-mail address already.") from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    return json_response(Account(id=account.id, email=account.email, created_at=account.created_at), 201)


@blueprint.get("/account")
@describe(summary="Who am I", tag=TAG, responses={200: Account})
@authenticated
def whoami() -> ResponseReturnValue:
    """Answer the user's account."""
    user: User = g.user
    with services().database.api(user.id) as connection:
        row = connection.execute("SELECT id, email, created_at FROM users WHERE id = %s", [user.id]).fetchone()
    if row is None:
        raise authentication.unauthorized("This account has been deleted.")
    return json_response(Account.model_validate(row, by_name=True))


@blueprint.delete("/account")
@describe(
    summary="Delete my account with everything in it",
    tag=TAG,
    description="Logs, analyses, averages, sessions. There is no way back; backups follow within days. A request "
    "authenticated by cookies must repeat the password, which protects a screen that was left unattended.",
    request=Confirmation,
    request_optional=True,
    responses={
        204: Answer(
            "Everything is gone, the files within moments.", headers={"Set-Cookie": "The cookies are removed."}
        ),
        403: "The password is missing or wrong, or the CSRF token is.",
        429: RATE_LIMITED,
    },
)
@authenticated
def delete() -> ResponseReturnValue:
    """Delete the user's account."""
    user: User = g.user
    given = inputs.optional_body(Confirmation)
    database, address = services().database, client_address.address(request)
    if given is None and not authentication.is_bearer():
        raise Forbidden("Please repeat your password to delete the account.")
    try:
        if given is not None and not logins.confirm_password(database, user.email, given.password, address):
            deletion.record_refused_deletion(database, user.id, address)
            raise Forbidden("The password is wrong.")
    except RateLimited as error:
        raise too_many_requests(error) from None
    analyses = deletion.delete_account(database, user.id)
    response = Response(status=204)
    cookies.clear_session_cookies(response, secure=services().settings.cookie_secure)
    # 20,000 logs have 40,000 objects, and a store takes a millisecond for each, so the response is sent first.
    return run_after_response(response, partial(deletion.remove_objects, services().blobs, user.id, analyses))
