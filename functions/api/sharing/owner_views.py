"""The routes of a link to one report or car for its owner: make, show and end it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field, field_validator

from faplog.contracts.errors import ErrorCode
from faplog.contracts.links import address
from faplog.http_errors import refused

from ..accounts import audit
from ..accounts.audit import Event
from ..accounts.authentication import User, authenticated
from ..analyses.lookup import find_analysis, missing
from ..cars import garage
from ..db import Conn
from ..services import Services
from ..web import client_address, inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import Output, Timestamp, json_response
from ..web.routes import Routes
from . import links
from .links import Subject

TAG: Final = "sharing"
DAYS: Final = 30
MAX_DAYS: Final = 365
MAX_LISTED: Final = 200

blueprint = Routes("sharing", __name__, url_prefix=PREFIX)

_ADDRESS: Final = "/analyses/<uuid:id>/share"
_ADDRESS_OF_CAR: Final = "/cars/<uuid:id>/share"


class Sharing(inputs.Input):
    """How long the link is valid."""

    days: int = Field(default=DAYS, ge=1, le=MAX_DAYS, strict=True)

    @field_validator("days", mode="before")
    @classmethod
    def _is_whole(cls, value: object) -> object:
        """Accept 7.0, which is the integer 7 in JSON, but not "7" or true."""
        return int(value) if isinstance(value, float) and value.is_integer() else value


class NewLink(Output):
    """A new link."""

    token: str = Field(description="Returned only once, because only its hash is stored.")
    path: str = Field(
        description="The address of the page on this site. The token follows `#`, which browsers send to no server."
    )
    expires_at: Timestamp


class OpenLink(Output):
    """An active link."""

    created_at: Timestamp
    expires_at: Timestamp


class ListedLink(OpenLink):
    """An active link, with what it leads to."""

    kind: Subject
    id: UUID = Field(description="Of the analysis or the car.")
    name: str | None = Field(description="The file name of the log, or the name of the car.")
    profile: str | None = Field(description="The ECU profile of the car.")


class LinkList(Output):
    """The active links, the newest first."""

    data: list[ListedLink]


@blueprint.get("/account/links")
@describe(
    summary="List my active links",
    tag=TAG,
    description=f"To reports and to cars; the newest {MAX_LISTED} at most. End one with `DELETE /analyses/{{id}}/share`"
    " or `DELETE /cars/{id}/share`.",
    responses={200: LinkList},
)
@authenticated
def list_links(services: Services) -> ResponseReturnValue:
    """Answer the user's open links."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        rows = links.list_open(connection, user.id, MAX_LISTED)
    return json_response(LinkList(data=[ListedLink.model_validate(row) for row in rows]))


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
def make(services: Services, id: UUID) -> ResponseReturnValue:
    """Create a link to a report."""
    return _make(services, Subject.LOG, id, Event.SHARED)


@blueprint.get(_ADDRESS)
@describe(
    summary="Get the link to one report",
    tag=TAG,
    responses={200: OpenLink, 404: "There is no active link to this analysis, or no such analysis."},
)
@authenticated
def show(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer when the link was made and expires."""
    return _show(services, Subject.LOG, id)


@blueprint.delete(_ADDRESS)
@describe(
    summary="Stop sharing one report",
    tag=TAG,
    responses={204: "The link no longer works."},
)
@authenticated
def end(services: Services, id: UUID) -> ResponseReturnValue:
    """End the link to a report."""
    return _end(services, Subject.LOG, id, Event.SHARING_ENDED)


@blueprint.post(_ADDRESS_OF_CAR)
@describe(
    summary="Create a link to one car",
    tag=TAG,
    description="Anyone with the link can see without an account where this car stands: its verdict, averages, trends, "
    "forecasts, and the kinds and dates of its notes; not its name, the texts of notes or single logs. A car has at "
    "most one link: a new link replaces the old one, which then stops working. The link ends with the car: when it is "
    "deleted, or merged into another one.",
    request=Sharing,
    request_optional=True,
    responses={201: NewLink},
)
@authenticated
def make_for_car(services: Services, id: UUID) -> ResponseReturnValue:
    """Create a link to a car."""
    return _make(services, Subject.CAR, id, Event.CAR_SHARED)


@blueprint.get(_ADDRESS_OF_CAR)
@describe(
    summary="Get the link to one car",
    tag=TAG,
    responses={200: OpenLink, 404: "There is no active link to this car, or no such car."},
)
@authenticated
def show_of_car(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer when the link was made and expires."""
    return _show(services, Subject.CAR, id)


@blueprint.delete(_ADDRESS_OF_CAR)
@describe(
    summary="Stop sharing one car",
    tag=TAG,
    responses={204: "The link no longer works."},
)
@authenticated
def end_of_car(services: Services, id: UUID) -> ResponseReturnValue:
    """End the link to a car."""
    return _end(services, Subject.CAR, id, Event.CAR_SHARING_ENDED)


def _make(services: Services, subject: Subject, id: UUID, event: Event) -> Response:
    """Create the link that the request asks for. Raises `NotFound` if the user has no such log or car."""
    user: User = g.user
    wanted = inputs.optional_body(Sharing) or Sharing()
    with services.database.worker() as connection:
        created = links.make(connection, user.id, subject, id, timedelta(days=wanted.days))
        if created is None:
            raise missing() if subject is Subject.LOG else refused(ErrorCode.CAR_NOT_FOUND)
        _record(connection, event)
    token, link = created
    return json_response(NewLink(token=token, path=address(token), expires_at=link.expires_at), 201)


def _show(services: Services, subject: Subject, id: UUID) -> Response:
    """Answer the open link. Raises `NotFound`."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        link = links.find(connection, user.id, subject, id)
    if link is None:
        raise refused(ErrorCode.LINK_NOT_FOUND)
    return json_response(OpenLink(created_at=link.created_at, expires_at=link.expires_at))


def _end(services: Services, subject: Subject, id: UUID, event: Event) -> Response:
    """End the link. Raises `NotFound` if the user has no such log or car."""
    user: User = g.user
    with services.database.worker() as connection:
        if subject is Subject.CAR:
            garage.check_car(connection, user.id, id)
        elif find_analysis(connection, user.id, id) is None:
            raise missing()
        if links.end(connection, user.id, subject, id):
            _record(connection, event)
    return Response(status=204)


def _record(connection: Conn, event: Event) -> None:
    user: User = g.user
    audit.record(connection, event, user_id=user.id, session_id=g.session_id, address=client_address.address(request))
