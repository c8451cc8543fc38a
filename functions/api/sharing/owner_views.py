"""The owner's side of a link to one report: make it, look at it, end it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field, field_validator
from werkzeug.exceptions import NotFound

from faplog.contracts.links import path

from ..accounts import audit
from ..accounts.audit import Event
from ..accounts.authentication import User, authenticated
from ..analyses.schemas import Output, Timestamp
from ..analyses.views import missing
from ..db import Conn, api_transaction, worker_transaction
from ..web import client_address, inputs
from ..web.operations import describe
from . import links

TAG: Final = "sharing"
DAYS: Final = 30
MAX_DAYS: Final = 365

blueprint = Blueprint("sharing", __name__, url_prefix="/api/v1")

_ADDRESS: Final = "/analyses/<uuid:id>/share"


class Sharing(inputs.Input):
    """How long the link is valid."""

    days: int = Field(default=DAYS, ge=1, le=MAX_DAYS, strict=True)

    @field_validator("days", mode="before")
    @classmethod
    def _is_whole(cls, value: object) -> object:
        """To JSON 7.0 is the integer 7; "7" and true are none."""
        return int(value) if isinstance(value, float) and value.is_integer() else value


class NewLink(Output):
    """A new link."""

    token: str = Field(description="Returned only once, because only its hash is stored.")
    path: str = Field(description="The path of the report's page on this site.")
    expires_at: Timestamp


class OpenLink(Output):
    """An active link."""

    created_at: Timestamp
    expires_at: Timestamp


@blueprint.post(_ADDRESS)
@describe(
    summary="Create a link to one report",
    tag=TAG,
    description="Anyone with the link can read this one report without an account until the link expires or is ended. "
    "A log has at most one link: a new link replaces the old one, which then stops working.",
    request=Sharing,
    request_optional=True,
    responses={201: NewLink},
)
@authenticated
def make(id: UUID) -> ResponseReturnValue:
    user: User = g.user
    wanted = inputs.optional_body(Sharing) or Sharing()
    with worker_transaction() as connection:
        made = links.make(connection, user.id, id, timedelta(days=wanted.days))
        if made is None:
            raise missing()
        _note(connection, Event.SHARED)
    token, link = made
    new = NewLink(token=token, path=path(token), expires_at=link.expires_at)
    return new.model_dump(mode="json", by_alias=True), 201


@blueprint.get(_ADDRESS)
@describe(
    summary="Get the link to one report",
    tag=TAG,
    responses={200: OpenLink, 404: "There is no active link to this analysis, or no such analysis."},
)
@authenticated
def show(id: UUID) -> ResponseReturnValue:
    user: User = g.user
    with api_transaction(user.id) as connection:
        link = links.of(connection, user.id, id)
    if link is None:
        raise NotFound("There is no open link to an analysis with this id.")
    found = OpenLink(created_at=link.created_at, expires_at=link.expires_at)
    return found.model_dump(mode="json", by_alias=True)


@blueprint.delete(_ADDRESS)
@describe(
    summary="Stop sharing one report",
    tag=TAG,
    responses={204: "The link no longer works."},
)
@authenticated
def end(id: UUID) -> ResponseReturnValue:
    user: User = g.user
    with worker_transaction() as connection:
        known = connection.execute(
            "SELECT FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL", [id, user.id]
        ).fetchone()
        if known is None:
            raise missing()
        if links.end(connection, user.id, id):
            _note(connection, Event.SHARING_ENDED)
    return Response(status=204)


def _note(connection: Conn, event: Event) -> None:
    user: User = g.user
    audit.record(connection, event, user_id=user.id, session_id=g.session_id, address=client_address.address(request))
