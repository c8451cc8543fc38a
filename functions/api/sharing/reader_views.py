"""The routes of a shared report for its readers. No authentication: the token in the path is the credential."""

from typing import Any, Final

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from pydantic import Field

from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.links import is_token
from faplog.http_errors import refused

from ..analyses.files import stored_series
from ..analyses.lookup import find_analysis
from ..analyses.schemas import Report
from ..analyses.views import report
from ..services import services
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import Timestamp, json_response, timestamp
from . import links

TAG: Final = "sharing"
NOT_ACTIVE: Final = "The link has expired, was ended by the owner of the report, or is incomplete."
DEAD: Final = message(ErrorCode.LINK_NOT_VALID)

blueprint = Blueprint("shared", __name__, url_prefix=PREFIX)


class SharedAnalysis(Report):
    """One analysis as shown by its link, without anything that identifies the owner, the file or other logs."""

    expires_at: Timestamp = Field(description="The link works until this time.")


@blueprint.get("/shared/<token>")
@describe(
    summary="Get a shared report by its link",
    tag=TAG,
    description="Needs no account and ignores cookies.",
    responses={200: SharedAnalysis, 404: NOT_ACTIVE},
)
def show(token: str) -> ResponseReturnValue:
    """Answer a shared report."""
    row = _select_shared(token)
    return json_response({**report(row), "expiresAt": timestamp(row["expires_at"])})


@blueprint.get("/shared/<token>/series")
@describe(
    summary="Get the plot series of a shared report by its link",
    tag=TAG,
    responses={200: Answer("The series.", schema={"type": "object"}), 404: NOT_ACTIVE},
)
def series(token: str) -> ResponseReturnValue:
    """Answer the plot series of a shared report."""
    return stored_series(_select_shared(token))


@blueprint.after_request
def _forbid_caching(response: Response) -> Response:
    """Keep the address and the report out of caches, search engines and Referer headers."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _select_shared(token: str) -> dict[str, Any]:
    """Return the row of the analysis that a link leads to, with `expires_at`. Raises `NotFound` for invalid links."""
    if not is_token(token):
        raise refused(ErrorCode.LINK_NOT_VALID)
    with services().database.anonymous() as connection:
        link = links.open_by_token(connection, token)
        if link is None:
            raise refused(ErrorCode.LINK_NOT_VALID)
        row = find_analysis(connection, link.user_id, link.analysis_id)
    if row is None:
        raise refused(ErrorCode.LINK_NOT_VALID)
    return row | {"expires_at": link.expires_at}
