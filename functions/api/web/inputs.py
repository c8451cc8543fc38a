"""What a client sent, as a model: JSON bodies and query strings, refused with a sentence where they are wrong."""

from typing import Final, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import Refused, refused
from faplog.inbox import printable, read_body

from ..uploads.receive import impatient

MAX_JSON_BYTES: Final = 64 * 1024
"""No JSON body this API takes is longer."""


class Input(BaseModel):
    """The base of everything a client sends; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


M = TypeVar("M", bound=BaseModel)


def body(model: type[M]) -> M:
    """The JSON body of the current request.

    Raises:
        BadRequest: not JSON, or a field is missing, unknown or wrong; the sentence names it.
        RequestEntityTooLarge: longer than `MAX_JSON_BYTES`.
        RequestTimeout: it did not come.
        UnsupportedMediaType: the request does not say that it is JSON.
    """
    return _parsed(model, _read())


def optional_body(model: type[M]) -> M | None:
    """The JSON body, or None where the request has none. Raises as `body` does."""
    content = _read()
    return _parsed(model, content) if content else None


def query(model: type[M]) -> M:
    """The query string of the current request; a parameter may be given once.

    Raises:
        BadRequest: a parameter is missing, unknown, repeated or wrong; the sentence names it.
    """
    for name, values in request.args.lists():
        if len(values) > 1:
            raise refused(ErrorCode.PARAMETER_REPEATED, field=_shown(name))
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise invalid(error, "The query") from None


def _read() -> bytes:
    with impatient(request, "request"):
        return read_body(request, MAX_JSON_BYTES)


def _parsed(model: type[M], content: bytes) -> M:
    if not request.is_json:
        raise refused(ErrorCode.JSON_EXPECTED)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError, whole: str = "The body") -> Refused:
    """Return the refusal that names the first thing wrong, never the value: it may be a password.

    `whole` is the `field` of a fault that is no single field's.
    """
    first = error.errors(include_input=False, include_url=False)[0]
    where = _shown(".".join(str(part) for part in first["loc"])) if first["loc"] else whole
    said = printable(first["msg"].removeprefix("Value error, ").rstrip("."))
    return refused(ErrorCode.INVALID_INPUT, field=where, reason=said)


def _shown(name: str) -> str:
    """A name a client chose, short and printable."""
    return printable(name[:64])
