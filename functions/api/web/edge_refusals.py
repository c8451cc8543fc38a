"""Error bodies for requests that the edge proxy refuses itself: it fetches them here and keeps its own status.

They are not under `/api/v1`, so clients cannot request them.
"""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from faplog import http_errors
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_MB

blueprint = Blueprint("refusals", __name__)


@blueprint.get("/refusals/<int:status>")
def refusal(status: int) -> ResponseReturnValue:
    """Answer the error with this status."""
    match status:
        case HTTPStatus.BAD_REQUEST:
            return http_errors.answer(ErrorCode.ADDRESS_INVALID)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return http_errors.answer(ErrorCode.EDGE_REQUEST_TOO_LARGE, max_mb=MAX_LOG_MB)
        case _:
            return http_errors.answer(ErrorCode.NOT_FOUND)
