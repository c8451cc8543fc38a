"""The routes of a shared report for its readers. No authentication: the token in the path is the credential."""

from typing import Any, Final

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from pydantic import Field
from werkzeug.exceptions import NotFound

from faplog.contracts.links import is_token

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
DEAD: Final = "This link does not work: it has expired, was ended, or is incomplete. Ask whoever sent it for a new one."

blueprint = Blueprint("shared", __name__, url_prefix=PREFIX)


class SharedAnalysis(Report):
    """One analysis as its link shows it: nothing that names the owner, the file or another log."""

    expires_at: Timestamp = Field(description="Until when the link works.")


@blueprint.get("/shared/<token>")
@describe(
    summary="A report, by its link",
    tag=TAG,
    description="Needs no account and looks at no cookie.",
    responses={200: SharedAnalysis, 404: DEAD},
)
def show(token: str) -> ResponseReturnValue:
    """Answer a shared report."""
    row = _select_shared(token)
    return json_response({**report(row), "expiresAt": timestamp(row["expires_at"])})


@blueprint.get("/shared/<token>/series")
@describe(
    summary="The plot series of a report, by its link",
    tag=TAG,
    responses={200: Answer("The series.", schema={"type": "object"}), 404: DEAD},
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
        raise NotFound(DEAD)
    with services().database.anonymous() as connection:
        link = links.open_by_token(connection, token)
        if link is None:
            raise NotFound(DEAD)
        row = find_analysis(connection, link.user_id, link.analysis_id)
    if row is None:
        raise NotFound(DEAD)
    return row | {"expires_at": link.expires_at}
