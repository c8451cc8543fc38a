"""Messages that arrive at a function: check of the sender, size limit and validation."""

import hmac
from typing import TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from faplog.contracts.errors import ErrorCode
from faplog.contracts.messages import BATCH, HEADER_SECRET, MAX_MESSAGE_BYTES
from faplog.http_errors import refused

M = TypeVar("M", bound=BaseModel)


def receive(request: Request, model: type[M], secret: str) -> M:
    """Return the message of a request after checking its sender.

    Raises:
        Unauthorized: The connector secret is missing or wrong (compared in constant time).
        RequestEntityTooLarge: The body exceeds `MAX_MESSAGE_BYTES`.
        BadRequest: The body is not a message of this model; the text names the field and the reason.
    """
    check_sender(request, secret)
    return _parse(read_body(request, MAX_MESSAGE_BYTES), model)


def receive_all(request: Request, model: type[M], secret: str) -> list[M]:
    """Return the messages of a request: those of a batch, or the only one. Raises as `receive` does."""
    if request.mimetype != BATCH:
        return [receive(request, model, secret)]
    check_sender(request, secret)
    return [_parse(line, model) for line in read_body(request, MAX_MESSAGE_BYTES).split(b"\n")]


def _parse(body: bytes, model: type[M]) -> M:
    """Return a message. Raises `BadRequest` with the field and the reason."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        reason = printable(first["msg"])
        raise refused(ErrorCode.MESSAGE_INVALID, field=printable(where), reason=reason) from None


def printable(text: str) -> str:
    """Replace every unprintable character with a question mark."""
    return "".join(char if char.isprintable() else "?" for char in text)


def check_sender(request: Request, secret: str) -> None:
    """Raise `Unauthorized` unless the request carries the connector secret."""
    given = request.headers.get(HEADER_SECRET, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode()):
        raise refused(ErrorCode.SENDER_NOT_ALLOWED)


def read_body(request: Request, limit: int) -> bytes:
    """Return the body, chunked or not. Bytes are counted, since of-watchdog sends no Content-Length."""
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise refused(ErrorCode.BODY_TOO_LARGE, max_bytes=limit)
    return bytes(body)
