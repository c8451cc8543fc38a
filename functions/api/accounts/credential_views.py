"""The routes that change a password or an e-mail address, and those for a forgotten password."""

from functools import partial
from typing import Final

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused
from faplog.words import LANGUAGES

from .. import mail
from ..services import Services
from ..web import client_address, inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import credentials, emails, mail_texts, password_reset, rate_limit
from .account_views import TAG, Account
from .authentication import User, authenticated
from .credentials import PasswordWrong
from .emails import MAX_CHARS as MAX_EMAIL_CHARS
from .emails import BadEmail
from .logins import EmailTaken
from .passwords import MAX_CHARS, MIN_CHARS, WeakPassword
from .rate_limit import RateLimited
from .session_views import RATE_LIMITED, Message, too_many_requests

MAX_TOKEN_CHARS: Final = 128
blueprint = Routes("credentials", __name__, url_prefix=PREFIX)


class PasswordChange(inputs.Input):
    """The present password and a new one."""

    current_password: str = Field(min_length=1, max_length=MAX_CHARS)
    new_password: str = Field(
        min_length=MIN_CHARS, max_length=MAX_CHARS, description="The most common passwords are refused."
    )


class EmailChange(inputs.Input):
    """A new e-mail address, confirmed with the password."""

    email: str = Field(max_length=MAX_EMAIL_CHARS, json_schema_extra={"format": "email"}, examples=["you@example.org"])
    password: str = Field(min_length=1, max_length=MAX_CHARS)


class ResetRequest(inputs.Input):
    """The address of the account whose password is forgotten."""

    email: str = Field(min_length=1, max_length=MAX_EMAIL_CHARS, examples=["you@example.org"])


class Reset(inputs.Input):
    """The token of a link and a new password."""

    token: str = Field(min_length=1, max_length=MAX_TOKEN_CHARS, description="What follows `#` in the link.")
    password: str = Field(
        min_length=MIN_CHARS, max_length=MAX_CHARS, description="The most common passwords are refused."
    )


@blueprint.post("/account/password")
@describe(
    summary="Change my password",
    tag=TAG,
    description="Ends all other sessions, and makes links to set a new password useless.",
    request=PasswordChange,
    responses={204: "Changed.", 403: "The current password or the CSRF token is wrong.", 429: RATE_LIMITED},
)
@authenticated
def change_password(services: Services) -> ResponseReturnValue:
    """Change the user's password."""
    user: User = g.user
    given = inputs.body(PasswordChange)
    address = client_address.address(request)
    try:
        credentials.change_password(
            services.database, user.id, g.session_id, given.current_password, given.new_password, address
        )
    except WeakPassword as error:
        raise refused(error.code, **error.params) from None
    except PasswordWrong:
        raise refused(ErrorCode.PASSWORD_WRONG) from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    return Response(status=204)


@blueprint.post("/account/email")
@describe(
    summary="Change my e-mail address",
    tag=TAG,
    description="The new address is the name of the account at the next login. Where this instance sends mail, the "
    "former address is told.",
    request=EmailChange,
    responses={
        200: Account,
        403: "The password or the CSRF token is wrong.",
        409: "There is already an account with this e-mail address.",
        429: RATE_LIMITED,
    },
)
@authenticated
def change_email(services: Services) -> ResponseReturnValue:
    """Change the user's e-mail address."""
    user: User = g.user
    given = inputs.body(EmailChange)
    address, settings = client_address.address(request), services.settings
    try:
        former, account = credentials.change_email(services.database, user.id, given.email, given.password, address)
    except BadEmail as error:
        raise refused(error.code, **error.params) from None
    except EmailTaken:
        raise refused(ErrorCode.EMAIL_TAKEN) from None
    except PasswordWrong:
        raise refused(ErrorCode.PASSWORD_WRONG) from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    if settings.smtp_url is not None and former != account.email:
        contact = settings.operator_contact or settings.operator_name or settings.base_url
        subject, text = mail_texts.email_changed(_language(), contact)
        services.mail_queue.put(partial(mail.send, settings, to=former, subject=subject, text=text))
    return json_response(Account(id=account.id, email=account.email, created_at=account.created_at))


@blueprint.post("/auth/password-reset")
@describe(
    summary="Ask for a link to set a new password",
    tag=TAG,
    description="Mails a link that works once, for an hour. The answer is the same whether or not there is an account "
    "with this address. The mail is written in the language of the header `Accept-Language`: English, French, Polish.",
    request=ResetRequest,
    responses={
        202: Message,
        409: "This instance sends no mail: its operator makes links.",
        429: RATE_LIMITED,
    },
)
def request_reset(services: Services) -> ResponseReturnValue:
    """Mail a link to the owner of an address, after the response."""
    given = inputs.body(ResetRequest)
    if services.settings.smtp_url is None:
        raise refused(ErrorCode.RESET_NOT_BY_MAIL)
    try:
        email = emails.normalised(given.email)
        with services.database.worker() as connection:
            rate_limit.count_reset_request(connection, email, client_address.address(request))
    except BadEmail as error:
        raise refused(error.code, **error.params) from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    send = partial(password_reset.mail_link, services.settings, services.database, email, _language())
    response = json_response(Message(message="If there is an account with this address, a link is on its way."), 202)
    response.call_on_close(partial(services.mail_queue.put, send))
    return response


@blueprint.post("/auth/password-reset/confirm")
@describe(
    summary="Set a new password by a link",
    tag=TAG,
    description="Uses the link up, ends all sessions, and makes other links of the account useless.",
    request=Reset,
    responses={
        204: "The new password is set. Log in with it.",
        404: "The link was used, has expired or is incomplete.",
    },
)
def confirm_reset(services: Services) -> ResponseReturnValue:
    """Set a new password."""
    given = inputs.body(Reset)
    address = client_address.address(request)
    try:
        done = password_reset.redeem(services.database, given.token, given.password, address)
    except WeakPassword as error:
        raise refused(error.code, **error.params) from None
    if not done:
        raise refused(ErrorCode.RESET_LINK_INVALID)
    return Response(status=204)


def _language() -> str:
    """Return the language of a mail that this request causes: the most wanted one that there is."""
    wanted = (language.partition("-")[0].lower() for language in request.accept_languages.values())
    return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])
