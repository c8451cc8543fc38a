"""What is said of a view where it stands: the views carry it, the OpenAPI document is made of it (`openapi`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, ParamSpec

from flask.typing import ResponseReturnValue, RouteCallable
from pydantic import BaseModel
from werkzeug.http import HTTP_STATUS_CODES

from faplog.http_errors import Error

JSON: Final = "application/json"
_OPERATION: Final = "openapi"

P = ParamSpec("P")
Schema = dict[str, Any]
"""A JSON schema."""
Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: what it means, and where it is not the JSON of a model, its media types and their schema."""

    description: str
    model: Model | None = None
    media: tuple[str, ...] = (JSON,)
    schema: Schema | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of a view."""

    summary: str
    tag: str
    description: str
    request: Model | None
    request_optional: bool
    form: Schema | None
    query: Model | None
    headers: Mapping[str, str]
    responses: Mapping[int, Answer]


def describe(
    *,
    summary: str,
    tag: str,
    responses: Mapping[int, Model | str | Answer | None],
    description: str = "",
    request: Model | None = None,
    request_optional: bool = False,
    form: Schema | None = None,
    query: Model | None = None,
    headers: Mapping[str, str] | None = None,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Say of a view what the OpenAPI document tells about it.

    Args:
        summary: one line.
        tag: the group it is listed in.
        responses: by status, a model (its JSON), a sentence (no body below 400, an `Error` from 400 on), an `Answer`
            for anything else, or None (the status says enough). What follows from the rest need not be named: 400,
            408, 413 and 415 of a request body, 400 of a query, 401 and 403 of `authenticated`, 404 of a path variable,
            503.
        description: more than a line, Markdown.
        request: the model of the JSON body; `request_optional` where it may be left out.
        form: the JSON schema of a multipart/form-data body.
        query: the model of the query string.
        headers: request headers the view looks at, with what they do.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        answers = {status: _answer(status, said) for status, said in responses.items()}
        view.__dict__[_OPERATION] = Operation(
            summary, tag, description, request, request_optional, form, query, headers or {}, answers
        )
        return view

    return decorate


def of(view: RouteCallable) -> Operation | None:
    """What is said of a view; None where nobody described it."""
    return view.__dict__.get(_OPERATION)


def _answer(status: int, said: Model | str | Answer | None) -> Answer:
    if isinstance(said, Answer):
        return said
    if isinstance(said, str) or said is None:
        phrase = said or HTTP_STATUS_CODES[status]
        return Answer(phrase, Error) if status >= HTTPStatus.BAD_REQUEST else Answer(phrase)
    return Answer(HTTP_STATUS_CODES[status], said)
