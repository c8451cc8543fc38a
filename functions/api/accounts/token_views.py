"""The routes of API tokens for their owner: create, list and revoke them. No API token may use these routes."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field, field_validator

from faplog.contracts.api_tokens import MAX_NAME_CHARS, Scope
from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..db import Conn
from ..services import Services
from ..web import client_address, inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import Output, Timestamp, json_response
from ..web.routes import Routes
from ..web.visible_text import visible
from . import api_tokens, audit, authentication
from .api_tokens import MAX_TOKENS, TooManyTokens
from .audit import Event
from .authentication import User, authenticated

TAG: Final = "API tokens"
MAX_DAYS: Final = 3650

blueprint = Routes("api_tokens", __name__, url_prefix=f"{PREFIX}/account/tokens")


class NewToken(inputs.Input):
    """An API token to create."""

    name: str = Field(
        min_length=1,
        max_length=MAX_NAME_CHARS,
        description="Helps you to tell your tokens apart. Printable characters, not only spaces.",
        examples=["Nightly upload"],
    )
    scopes: list[Scope] = Field(
        min_length=1,
        max_length=len(Scope),
        description="`read`: read analyses, series, files and averages. `upload`: upload logs, and nothing else.",
        json_schema_extra={"uniqueItems": True},
    )
    days: int | None = Field(
        default=None, ge=1, le=MAX_DAYS, strict=True, description="Days until it expires. Null: it does not expire."
    )

    @field_validator("name")
    @classmethod
    def _is_printable(cls, value: str) -> str:
        if not value.isprintable() or visible(value) != value or not value.strip():
            raise ValueError("must have printable characters only, and not only spaces")
        return value.strip()

    @field_validator("scopes")
    @classmethod
    def _is_unique(cls, value: list[Scope]) -> list[Scope]:
        if len(set(value)) < len(value):
            raise ValueError("must name each scope once")
        return value

    @field_validator("days", mode="before")
    @classmethod
    def _is_whole(cls, value: object) -> object:
        """Accept 7.0, which is the integer 7 in JSON, but not "7" or true."""
        return int(value) if isinstance(value, float) and value.is_integer() else value


class Token(Output):
    """An API token, without its secret."""

    id: UUID
    name: str
    scopes: list[Scope]
    created_at: Timestamp
    expires_at: Timestamp | None = Field(description="Null if it does not expire.")
    last_used_at: Timestamp | None = Field(description="Accurate to a minute. Null if it was never used.")


class CreatedToken(Token):
    """A new API token."""

    token: str = Field(description="The secret. Returned only once, because only its hash is stored.")


class TokenList(Output):
    """The API tokens of an account."""

    data: list[Token]


@blueprint.get("")
@describe(
    summary="List my API tokens, newest first",
    tag=TAG,
    description="An expired token is listed for 30 more days.",
    responses={200: TokenList},
)
@authenticated
def list_tokens(services: Services) -> ResponseReturnValue:
    """Answer the user's API tokens."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        rows = api_tokens.list_all(connection, user.id)
    return json_response(TokenList(data=[Token.model_validate(row) for row in rows]))


@blueprint.post("")
@describe(
    summary="Create an API token",
    tag=TAG,
    description="For scripts: sent as `Authorization: Bearer faplog_…`, without cookies and CSRF token. It works only "
    "for the operations that list its scope, and stays valid when you log out or change your password.",
    request=NewToken,
    responses={201: CreatedToken, 409: f"You have {MAX_TOKENS} API tokens already."},
)
@authenticated
def create(services: Services) -> ResponseReturnValue:
    """Create an API token."""
    user: User = g.user
    wanted = inputs.body(NewToken)
    lifetime = timedelta(days=wanted.days) if wanted.days else None
    with services.database.worker() as connection:
        try:
            created = api_tokens.create(connection, user.id, wanted.name, wanted.scopes, lifetime)
        except TooManyTokens:
            raise refused(ErrorCode.API_TOKENS_EXCEEDED, max_tokens=MAX_TOKENS) from None
        if created is None:
            raise authentication.unauthorized(ErrorCode.ACCOUNT_DELETED)
        _record(connection, Event.API_TOKEN_CREATED)
    token, row = created
    return json_response(CreatedToken.model_validate(row | {"token": token}), 201)


@blueprint.delete("/<uuid:id>")
@describe(
    summary="Revoke an API token",
    tag=TAG,
    responses={204: "Revoked. Requests with it are refused from now on."},
)
@authenticated
def revoke(services: Services, id: UUID) -> ResponseReturnValue:
    """Revoke one API token."""
    user: User = g.user
    with services.database.worker() as connection:
        if not api_tokens.revoke(connection, user.id, id):
            raise refused(ErrorCode.API_TOKEN_NOT_FOUND)
        _record(connection, Event.API_TOKEN_REVOKED)
    return Response(status=204)


@blueprint.delete("")
@describe(
    summary="Revoke all my API tokens",
    tag=TAG,
    responses={204: "Revoked. Requests with them are refused from now on."},
)
@authenticated
def revoke_all(services: Services) -> ResponseReturnValue:
    """Revoke all API tokens of the user."""
    user: User = g.user
    with services.database.worker() as connection:
        if api_tokens.revoke_all(connection, user.id):
            _record(connection, Event.API_TOKENS_REVOKED)
    return Response(status=204)


def _record(connection: Conn, event: Event) -> None:
    user: User = g.user
    audit.record(connection, event, user_id=user.id, session_id=g.session_id, address=client_address.address(request))
