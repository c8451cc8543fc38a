"""The routes of an account: register, who am I, delete it with everything in it."""

from functools import partial
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import BadRequest, Conflict, Forbidden

from .. import services
from ..analyses.schemas import Output, Timestamp
from ..db import api_transaction
from ..web import client_address, inputs
from ..web.after_response import afterwards
from ..web.operations import Answer, describe
from . import authentication, cookies, deletion, logins
from .authentication import User, authenticated
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .emails import BadEmail
from .logins import Taken
from .passwords import MAX_CHARS, MIN_CHARS, WeakPassword
from .rate_limit import Braked
from .session_views import BRAKED, too_many

TAG: Final = "account"
blueprint = Blueprint("accounts", __name__, url_prefix="/api/v1")


class Registration(inputs.Input):
    """A new account."""

    email: str = Field(max_length=MAX_EMAIL_CHARS, json_schema_extra={"format": "email"}, examples=["you@example.org"])
    password: str = Field(
        min_length=MIN_CHARS, max_length=MAX_CHARS, description="The most common passwords are refused."
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
    responses={201: Account, 409: "There is already an account with this e-mail address.", 429: BRAKED},
)
def register() -> ResponseReturnValue:
    given = inputs.body(Registration)
    try:
        made = logins.register(given.email, given.password, client_address.address(request))
    except (BadEmail, WeakPassword) as error:
        raise BadRequest(str(error)) from None
    except Taken:
        raise Conflict("There is an account with this e-mail address already.") from None
    except Braked as braked:
        raise too_many(braked) from None
    return _shown(Account(id=made.id, email=made.email, created_at=made.created_at)), 201


@blueprint.get("/account")
@describe(summary="Get my account", tag=TAG, responses={200: Account})
@authenticated
def whoami() -> ResponseReturnValue:
    user: User = g.user
    with api_transaction(user.id) as connection:
        row = connection.execute("SELECT id, email, created_at FROM users WHERE id = %s", [user.id]).fetchone()
    if row is None:
        raise authentication.unauthorized("This account has been deleted.")
    return _shown(Account.model_validate(row, by_name=True))


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
        429: BRAKED,
    },
)
@authenticated
def delete() -> ResponseReturnValue:
    user: User = g.user
    given = inputs.optional_body(Confirmation)
    where = client_address.address(request)
    if given is None and not authentication.is_bearer():
        raise Forbidden("Please repeat your password to delete the account.")
    try:
        if given is not None and not logins.confirm(user.email, given.password, where):
            deletion.refused(user.id, where)
            raise Forbidden("The password is wrong.")
    except Braked as braked:
        raise too_many(braked) from None
    analyses = deletion.delete(user.id)
    response = Response(status=204)
    cookies.take(response, authentication.current())
    # 20,000 logs have 40,000 objects, and a store takes a millisecond for each: nobody waits for that.
    return afterwards(response, partial(deletion.remove_objects, services.blobs(), user.id, analyses))


def _shown(account: Account) -> dict[str, object]:
    return account.model_dump(mode="json", by_alias=True)
