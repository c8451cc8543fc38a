"""Every error as one JSON shape, `{"statusCode", "error", "message", "code", "params"}`.

A refusal is raised with its code (`raise refused(ErrorCode.X, name=value)`); sentence and status follow from it.
"""

import logging
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Self

from flask import Flask, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import HTTP_STATUS_CODES  # http.HTTPStatus changes its phrases from one Python to the next

from faplog.contracts.errors import TEMPLATES, AnyParam, Cause, ErrorCode, Param, message
from faplog.draining import BodyStalled
from faplog.errors import Busy, Unavailable

log = logging.getLogger(__name__)

RETRY_AFTER_SEC: Final = 5
"""When to come back after a 503."""

_STANDARD: Final = {
    HTTPStatus.BAD_REQUEST: ErrorCode.REQUEST_MALFORMED,
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_TIMEOUT: ErrorCode.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorCode.REQUEST_TOO_LARGE,
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorCode.INTERNAL_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorCode.UNAVAILABLE,
}
"""The codes of what Flask and werkzeug refuse by themselves."""


class Error(BaseModel):
    """An error response."""

    model_config = ConfigDict(populate_by_name=True)

    status_code: int = Field(alias="statusCode", description="The HTTP status code.", examples=[404])
    error: str = Field(description="The name of the status.", examples=["Not Found"])
    message: str = Field(description="The reason, as a sentence.", examples=["There is nothing here."])
    code: ErrorCode = Field(
        description="What went wrong: match on this, not on the message. New codes may be added.",
        examples=[ErrorCode.NOT_FOUND],
    )
    params: dict[str, str | int | Cause] = Field(
        default_factory=dict,
        description="The parameters of the message, for translations. Their names depend on the code.",
    )


class Refused(HTTPException):
    """A request that is refused, with the code that says why. Made by `refused`."""

    def __init__(self, code: ErrorCode, params: Mapping[str, AnyParam], headers: Mapping[str, str]) -> None:
        super().__init__(description=message(code, params))
        self.error_code = code
        self.params = dict(params)
        self._more_headers = dict(headers)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same refusal with these response headers as well."""
        return type(self)(self.error_code, self.params, self._more_headers | dict(headers))

    def cause(self) -> Cause:
        """Return the refusal as a part of another one; what it is itself made of is left to the sentence."""
        params: dict[str, Param] = {name: value for name, value in self.params.items() if not isinstance(value, Cause)}
        return Cause(message=self.description or "", code=self.error_code, params=params)

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Return the headers of the status, and those of this refusal."""
        return [*super().get_headers(*args, **kwargs), *self._more_headers.items()]


def refused(code: ErrorCode, /, **params: AnyParam) -> Refused:
    """Return the exception that answers with this code; also an instance of werkzeug's exception of its status.

    Raises:
        ValueError: The code is not one of a refusal, or these are not its parameters.
    """
    status = TEMPLATES[code].status
    if status is None:
        raise ValueError(f"{code} is the code of no refusal")
    return refused_with(status, code, params)


def refused_with(status: HTTPStatus, code: ErrorCode, params: Mapping[str, AnyParam]) -> Refused:
    """Return the exception for a code whose status here is not that of its template."""
    return _class_of(status)(code, params, {})


@cache
def _class_of(status: HTTPStatus) -> type[Refused]:
    """Return `Refused` as werkzeug's exception of a status, so that `except NotFound` catches it."""
    return type(f"Refused{status.value}", (Refused, default_exceptions[status]), {})


def register(app: Flask) -> None:
    """Make the app answer every error as JSON. An unexpected one becomes a logged 500 without details."""
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Unavailable, _of_unavailable)
    app.register_error_handler(BodyStalled, _of_stalled_body)
    app.register_error_handler(Exception, _of_unexpected)


def answer(code: ErrorCode, **params: AnyParam) -> Response:
    """Return the response of a code, with the status that belongs to it."""
    return _rendered(TEMPLATES[code].status or HTTPStatus.INTERNAL_SERVER_ERROR, message(code, params), code, params)


def _rendered(status: int, sentence: str, code: ErrorCode, params: Mapping[str, AnyParam]) -> Response:
    body = Error(status_code=status, error=HTTP_STATUS_CODES[status], message=sentence, code=code, params=dict(params))
    response = jsonify(body.model_dump(mode="json", by_alias=True))
    response.status_code = status
    return response


def _of_http(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if error.response is not None or status < HTTPStatus.BAD_REQUEST:  # a redirect, or an answer made by a view
        made = error.get_response()
        return made if isinstance(made, Response) else Response(made.response, made.status, made.headers)
    code, params = _code_of(error, status)
    response = _rendered(status, message(code, params), code, params)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _code_of(error: HTTPException, status: int) -> tuple[ErrorCode, Mapping[str, AnyParam]]:
    """Return the code and parameters of what was raised; of another's exception its own sentence is a parameter."""
    if isinstance(error, Refused):
        return error.error_code, error.params
    standard = default_exceptions.get(status)
    own = error.description and not (standard and error.description == standard.description)
    if not own and status in _STANDARD:
        return _STANDARD[HTTPStatus(status)], {}
    return ErrorCode.REQUEST_REFUSED, {"reason": error.description or HTTP_STATUS_CODES[status] + "."}


def _of_unavailable(error: Unavailable) -> Response:
    if isinstance(error, Busy):
        log.info("busy", extra={"kind": str(error)})
    else:
        log.warning("part away", extra={"reason": str(error)})
    response = answer(ErrorCode.BUSY if isinstance(error, Busy) else ErrorCode.UNAVAILABLE)
    response.headers["Retry-After"] = str(RETRY_AFTER_SEC)
    return response


def _of_stalled_body(_: BodyStalled) -> Response:
    return answer(ErrorCode.REQUEST_TIMEOUT)


def _of_unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error)
    return answer(ErrorCode.INTERNAL_ERROR)
