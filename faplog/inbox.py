"""A message at a function's door: who sent it, how long it may be, and what it says."""

import hmac
from typing import TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, Unauthorized

from faplog.contracts.messages import HEADER_SECRET

MAX_MESSAGE_BYTES = 1 << 20
"""What NATS carries at most."""

M = TypeVar("M", bound=BaseModel)


def receive(request: Request, model: type[M], secret: str) -> M:
    """The message of a request, after its sender was checked.

    Raises:
        Unauthorized: the connector secret is missing or wrong (compared in constant time).
        RequestEntityTooLarge: longer than a message can be.
        BadRequest: not a message of this kind; the sentence says which field and why.
    """
    check_sender(request, secret)
    body = read_body(request, MAX_MESSAGE_BYTES)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        said = f"Not a message this function takes: {where}: {first['msg']}."
        raise BadRequest(printable(said)) from None


def printable(text: str) -> str:
    """The text with a question mark for whatever a client wrote that cannot be shown."""
    return "".join(char if char.isprintable() else "?" for char in text)


def check_sender(request: Request, secret: str) -> None:
    """Refuse (`Unauthorized`) whoever does not present the connector secret."""
    given = request.headers.get(HEADER_SECRET, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode()):
        raise Unauthorized("Messages must carry the connector secret.")


def read_body(request: Request, limit: int) -> bytes:
    """The body, chunked or not: behind of-watchdog there is no Content-Length, so bytes are counted as they come."""
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise RequestEntityTooLarge(f"The body is longer than {limit} bytes.")
    return bytes(body)
