"""Error bodies for requests that the edge proxy refuses itself: it fetches them here and keeps its own status.

They are not under `/api/v1`, so clients cannot request them.
"""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from faplog import http_errors

blueprint = Blueprint("refusals", __name__)

_SENTENCES = {
    HTTPStatus.BAD_REQUEST: "The address has an encoded character that no address here has.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than this address takes: a file may have 20 MB.",
}


@blueprint.get("/refusals/<int:status>")
def refusal(status: int) -> ResponseReturnValue:
    """Answer the error with this status."""
    known = status if status in _SENTENCES else HTTPStatus.NOT_FOUND.value
    return http_errors.answer(known, _SENTENCES.get(HTTPStatus(known), http_errors.NOTHING_HERE))
