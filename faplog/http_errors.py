"""JSON error responses, all of the shape `{"statusCode", "error", "message"}`; the message is a readable sentence."""

import logging
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import HTTP_STATUS_CODES  # http.HTTPStatus changes its phrases from one Python to the next

from faplog.errors import Busy, Unavailable

log = logging.getLogger(__name__)

RETRY_AFTER_SEC: Final = 5
"""When to come back after a 503."""

NOTHING_HERE: Final = "There is nothing here."
_SENTENCES: Final = {
    HTTPStatus.NOT_FOUND: NOTHING_HERE,
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than this address takes.",
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
}
UNEXPECTED: Final = "Something went wrong on our side. It has been noted."
AWAY: Final = "A part of the service is away for the moment. Please try again shortly."
BUSY: Final = "The service is busy at the moment. Please try again in a few seconds."


class Error(BaseModel):
    """An error response."""

    model_config = ConfigDict(populate_by_name=True)

    status_code: int = Field(alias="statusCode", description="The HTTP status code.", examples=[404])
    error: str = Field(description="The name of the status.", examples=["Not Found"])
    message: str = Field(description="The reason, as a sentence.", examples=["There is nothing here."])


def register(app: Flask) -> None:
    """Let the app answer every error as JSON; what nobody expected becomes one logged 500 that tells nothing."""
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Unavailable, _of_unavailable)
    app.register_error_handler(Exception, _of_unexpected)


def answer(status: int, message: str) -> Response:
    """An error response with its status set."""
    body = Error(status_code=status, error=HTTP_STATUS_CODES[status], message=message)
    response = jsonify(body.model_dump(by_alias=True))
    response.status_code = status
    return response


def _of_http(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:  # a redirect, or an answer made by a view
        made = error.get_response()
        return made if isinstance(made, Response) else Response(made.response, made.status, made.headers)
    response = answer(status, _sentence(error, status))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _sentence(error: HTTPException, status: int) -> str:
    """What the raiser said, or where werkzeug only said its piece, ours."""
    standard = default_exceptions.get(status)
    if error.description and not (standard and error.description == standard.description):
        return error.description
    return _SENTENCES.get(HTTPStatus(status), error.description or HTTP_STATUS_CODES[status] + ".")


def _of_unavailable(error: Unavailable) -> Response:
    if isinstance(error, Busy):
        log.info("busy", extra={"kind": str(error)})
    else:
        log.warning("part away", extra={"reason": str(error)})
    response = answer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY if isinstance(error, Busy) else AWAY)
    response.headers["Retry-After"] = str(RETRY_AFTER_SEC)
    return response


def _of_unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)
