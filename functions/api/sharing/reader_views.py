"""The reader's side of a link to one report: what whoever holds it may see. Nobody is asked who they are."""

from typing import Any, Final

import orjson
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from faplog.contracts.links import is_token

from ..analyses.files import stored_series
from ..analyses.schemas import SharedAnalysis, timestamp
from ..analyses.views import report
from ..db import visitor_transaction
from ..web.operations import Answer, describe
from . import links

TAG: Final = "sharing"
NOT_ACTIVE: Final = "The link has expired, was ended by the owner of the report, or is incomplete."
DEAD: Final = "This link does not work: it has expired, was ended, or is incomplete. Ask whoever sent it for a new one."

blueprint = Blueprint("shared", __name__, url_prefix="/api/v1")


@blueprint.get("/shared/<token>")
@describe(
    summary="Get a shared report by its link",
    tag=TAG,
    description="Needs no account and ignores cookies.",
    responses={200: SharedAnalysis, 404: NOT_ACTIVE},
)
def show(token: str) -> ResponseReturnValue:
    row = _row(token)
    shown = {**report(row), "expiresAt": timestamp(row["expires_at"])}
    return Response(orjson.dumps(shown), mimetype="application/json")


@blueprint.get("/shared/<token>/series")
@describe(
    summary="Get the plot series of a shared report by its link",
    tag=TAG,
    responses={200: Answer("The series.", schema={"type": "object"}), 404: NOT_ACTIVE},
)
def series(token: str) -> ResponseReturnValue:
    return stored_series(_row(token))


@blueprint.after_request
def _kept_by_nobody(response: Response) -> Response:
    """No cache, no search engine and no Referer shall know the address or what lies behind it."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _row(token: str) -> dict[str, Any]:
    """The log a link leads to, its JSON as text, and until when. Raises `NotFound` for every link that is dead."""
    if not is_token(token):
        raise NotFound(DEAD)
    with visitor_transaction() as connection:
        link = links.open_by(connection, token)
        if link is None:
            raise NotFound(DEAD)
        row = connection.execute(
            """
            SELECT id, status, stage, message, log_date, fap_regen, distance, analysis::text AS analysis, digest
            FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL
            """,
            [link.analysis_id, link.user_id],
        ).fetchone()
    if row is None:
        raise NotFound(DEAD)
    return row | {"expires_at": link.expires_at}
