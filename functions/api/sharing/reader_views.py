"""The routes of a shared report or car for its readers. No login: the token of the link is the credential.

It is in the header `Authorization`, so that no address has it. Links of earlier releases have it in the path; those
routes stay for scripts that use them.
"""

from typing import Annotated, Any, Final, Literal

from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import Field, RootModel

from faplog.contracts.errors import ErrorCode
from faplog.contracts.links import is_token
from faplog.http_errors import Refused, refused

from ..analyses.files import stored_series
from ..analyses.lookup import find_analysis
from ..analyses.schemas import Report
from ..analyses.views import report
from ..db import Conn
from ..services import Services
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import Timestamp, json_response, timestamp
from ..web.routes import Routes
from . import links, shared_car
from .links import Link
from .shared_car import SharedCar

TAG: Final = "sharing"
NOT_ACTIVE: Final = "The link has expired, was ended by its owner, or is incomplete."
OLD: Final = (
    "Leaves the token in the logs of proxies that write paths down. Prefer the route with the token in a header. "
)

blueprint = Routes("shared", __name__, url_prefix=PREFIX)


class SharedAnalysis(Report):
    """One analysis as shown by its link, without anything that identifies the owner, the file or other logs."""

    kind: Literal["log"] = "log"
    expires_at: Timestamp = Field(description="The link works until this time.")


class Shared(RootModel[Annotated[SharedAnalysis | SharedCar, Field(discriminator="kind")]]):
    """What the link leads to: a report (`kind` is `log`) or a car (`car`)."""


@blueprint.get("/shared")
@describe(
    summary="Get a shared report or car by its link",
    tag=TAG,
    description="Needs no account and ignores cookies. The token of the link is sent as `Authorization: Bearer …`; it "
    "is what follows `#` in the address of the link.",
    linked=True,
    responses={200: Shared, 404: NOT_ACTIVE},
)
def open_link(services: Services) -> ResponseReturnValue:
    """Answer what the link leads to."""
    token = _check_token(_bearer_token())
    with services.database.anonymous() as connection:
        link = _open(connection, token)
        if link.car_id is not None:
            shown = shared_car.read(connection, link.user_id, link.car_id)
        else:
            row = _find_log(connection, link)
            shown = report(row) | {"kind": "log"} if row else None
    if shown is None:
        raise _link_not_valid()
    return json_response(shown | {"expiresAt": timestamp(link.expires_at)})


@blueprint.get("/shared/series")
@describe(
    summary="Get the plot series of a shared report by its link",
    tag=TAG,
    description="The token of the link is sent as `Authorization: Bearer …`. A car has no series.",
    linked=True,
    responses={200: Answer("The series.", schema={"type": "object"}), 404: f"{NOT_ACTIVE} Or there is no series."},
)
def open_series(services: Services) -> ResponseReturnValue:
    """Answer the plot series of a shared report."""
    return stored_series(services, _select_shared(services, _bearer_token()))


@blueprint.get("/shared/<token>")
@describe(
    summary="Get a shared report by its link, the token in the path",
    tag=TAG,
    description=f"{OLD}Needs no account and ignores cookies. A link to a car is not found here.",
    responses={200: SharedAnalysis, 404: NOT_ACTIVE},
)
def show(services: Services, token: str) -> ResponseReturnValue:
    """Answer a shared report."""
    row = _select_shared(services, token)
    return json_response({**report(row), "kind": "log", "expiresAt": timestamp(row["expires_at"])})


@blueprint.get("/shared/<token>/series")
@describe(
    summary="Get the plot series of a shared report by its link, the token in the path",
    tag=TAG,
    description=OLD.strip(),
    responses={200: Answer("The series.", schema={"type": "object"}), 404: NOT_ACTIVE},
)
def series(services: Services, token: str) -> ResponseReturnValue:
    """Answer the plot series of a shared report."""
    return stored_series(services, _select_shared(services, token))


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    """Keep the address and the report out of caches, search engines and Referer headers."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.vary.add("Authorization")
    return response


def _bearer_token() -> str:
    """Return the credential of the request, or an empty text, which is no token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _select_shared(services: Services, token: str) -> dict[str, Any]:
    """Return the row of the analysis that a link leads to, with `expires_at`. Raises `NotFound` for invalid links."""
    presented = _check_token(token)
    with services.database.anonymous() as connection:
        link = _open(connection, presented)
        row = _find_log(connection, link)
    if row is None:
        raise _link_not_valid()
    return row | {"expires_at": link.expires_at}


def _check_token(token: str) -> str:
    """Return the token if it has the form of one, so that nothing else reaches the database. Raises `NotFound`."""
    if not is_token(token):
        raise _link_not_valid()
    return token


def _open(connection: Conn, token: str) -> Link:
    """Return the link of a token. Raises `NotFound`."""
    link = links.open_by_token(connection, token)
    if link is None:
        raise _link_not_valid()
    return link


def _find_log(connection: Conn, link: Link) -> dict[str, Any] | None:
    return find_analysis(connection, link.user_id, link.analysis_id) if link.analysis_id is not None else None


def _link_not_valid() -> Refused:
    """Return the 404 of every link that does not work, so that it does not say whether there ever was one."""
    return refused(ErrorCode.LINK_NOT_VALID)
