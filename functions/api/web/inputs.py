"""What a client sent, as a model: JSON bodies and query strings, refused with a message if they are wrong."""

from typing import Final, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused
from faplog.inbox import printable, read_body

from .read_timeout import read_timeout

MAX_JSON_BYTES: Final = 64 * 1024
"""The longest JSON body that the API accepts."""


class Input(BaseModel):
    """Base of everything a client sends; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


M = TypeVar("M", bound=BaseModel)


def whole(value: object) -> object:
    """Return 7 for 7.0, which is an integer in JSON; anything else as it is, for a strict `int` to judge."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def body(model: type[M]) -> M:
    """Return the JSON body of the current request.

    Raises:
        BadRequest: Not JSON, or a field is missing, unknown or wrong; the message names it.
        RequestEntityTooLarge: Longer than `MAX_JSON_BYTES`.
        RequestTimeout: The body did not arrive.
        UnsupportedMediaType: The request does not say that it is JSON.
    """
    return _validate_body(model, _read_body())


def optional_body(model: type[M]) -> M | None:
    """Return the JSON body, or None if the request has none. Raises as `body` does."""
    content = _read_body()
    return _validate_body(model, content) if content else None


def query(model: type[M]) -> M:
    """Return the query string of the current request. A parameter may be given once.

    Raises:
        BadRequest: A parameter is missing, unknown, repeated or wrong; the message names it.
    """
    for name, values in request.args.lists():
        if len(values) > 1:
            raise refused(ErrorCode.PARAMETER_REPEATED, field=_printable_name(name))
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise invalid(error, "The query") from None


def _read_body() -> bytes:
    with read_timeout(request, "request"):
        return read_body(request, MAX_JSON_BYTES)


def _validate_body(model: type[M], content: bytes) -> M:
    if not request.is_json:
        raise refused(ErrorCode.JSON_EXPECTED)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError, whole: str = "The body") -> Refused:
    """Return the refusal that names the first error. It does not contain the value, which may be a password.

    Args:
        error: What is wrong.
        whole: The `field` of the refusal if the error is not about one field.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    where = _printable_name(".".join(str(part) for part in first["loc"])) if first["loc"] else whole
    said = printable(first["msg"].removeprefix("Value error, ").rstrip("."))
    return refused(ErrorCode.INVALID_INPUT, field=where, reason=said)


def _printable_name(name: str) -> str:
    """Return a name that a client chose, shortened and printable."""
    return printable(name[:64])
