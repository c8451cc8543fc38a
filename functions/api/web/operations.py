"""Descriptions of views, attached to the views themselves; `openapi` makes the document from them."""

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
_AUTHENTICATED: Final = "authenticated"

P = ParamSpec("P")
Schema = dict[str, Any]
"""A JSON schema."""
Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: its meaning, and its model, or else its media types and their schema."""

    description: str
    model: Model | None = None
    media: tuple[str, ...] = (JSON,)
    schema: Schema | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """The description of a view."""

    summary: str
    tag: str
    description: str
    request: Model | None
    request_optional: bool
    form: Schema | None
    query: Model | None
    headers: Mapping[str, str]
    responses: Mapping[int, Answer]
    linked: bool = False


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
    linked: bool = False,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Describe a view for the OpenAPI document.

    Args:
        summary: One line.
        tag: The group it is listed in.
        responses: By status: a model (JSON), a sentence (no body below 400, an `Error` from 400 on), an `Answer` for
            anything else, or None (the phrase of the status). Responses that follow from the other arguments are added:
            400, 408, 413 and 415 for a request body, 400 for a query, 401 and 403 for an authenticated view, 404 for a
            path variable, 503.
        description: More than one line, Markdown.
        request: The model of the JSON body.
        request_optional: Whether the JSON body may be left out.
        form: The JSON schema of a multipart/form-data body.
        query: The model of the query string.
        headers: The request headers that the view reads, with their meaning.
        linked: Whether its credential is the token of a link, in the header `Authorization`.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        answers = {status: _to_answer(status, given) for status, given in responses.items()}
        view.__dict__[_OPERATION] = Operation(
            summary, tag, description, request, request_optional, form, query, headers or {}, answers, linked
        )
        return view

    return decorate


def operation_of(view: RouteCallable) -> Operation | None:
    """Return the description of a view, or None if it has none."""
    return view.__dict__.get(_OPERATION)


def mark_authenticated(view: RouteCallable) -> None:
    """Note that a view needs an access token."""
    view.__dict__[_AUTHENTICATED] = True


def is_authenticated(view: RouteCallable) -> bool:
    """Return whether a view needs an access token."""
    return _AUTHENTICATED in view.__dict__


def _to_answer(status: int, given: Model | str | Answer | None) -> Answer:
    if isinstance(given, Answer):
        return given
    if isinstance(given, str) or given is None:
        phrase = given or HTTP_STATUS_CODES[status]
        return Answer(phrase, Error) if status >= HTTPStatus.BAD_REQUEST else Answer(phrase)
    return Answer(HTTP_STATUS_CODES[status], given)
