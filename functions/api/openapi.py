"""The OpenAPI 3.1 document, generated from the routes, what `describe` says of their views, and the pydantic models."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Literal, ParamSpec

from flask import Flask
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, TypeAdapter
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import Rule

from faplog.http_errors import Error
from faplog.version import VERSION

from . import csrf
from .auth import MARK, Auth

PREFIX: Final = "/api/v1"
JSON: Final = "application/json"
_OPERATION: Final = "openapi"
_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
_REFS: Final = "#/components/schemas/{model}"

P = ParamSpec("P")
Schema = dict[str, Any]
Model = type[BaseModel]
Mode = Literal["validation", "serialization"]


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
            413 and 415 of a request body, 400 of a query, 401 and 403 of `authenticated`, 404 of a path variable, 503.
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


def undescribed(app: Flask) -> list[str]:
    """The public routes nobody described."""
    return [rule.rule for rule in _public(app) if _OPERATION not in app.view_functions[rule.endpoint].__dict__]


def document(app: Flask, auth: Auth) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the app's described routes under `/api/v1`."""
    described = [
        (rule, method, view.__dict__[_OPERATION], MARK in view.__dict__)
        for rule in _public(app)
        for view in [app.view_functions[rule.endpoint]]
        if _OPERATION in view.__dict__
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    schemas = _Schemas(operation for _, _, operation, _ in described)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation, secured in described:
        path = _VARIABLE.sub(r"{\2}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, operation, schemas, secured=secured)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "faplog",
            "version": VERSION,
            "summary": "Analysis of diesel particulate filter logs.",
            "description": "Upload the CSV logs of the FAP app, read what each drive says of filter and engine, "
            "and averages over all drives.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for _, _, operation, _ in described)],
        "paths": paths,
        "components": {"schemas": schemas.definitions, "securitySchemes": _security_schemes(auth)},
    }


def _public(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]


def _answer(status: int, said: Model | str | Answer | None) -> Answer:
    if isinstance(said, Answer):
        return said
    if isinstance(said, str) or said is None:
        phrase = said or HTTP_STATUS_CODES[status]
        return Answer(phrase, Error) if status >= HTTPStatus.BAD_REQUEST else Answer(phrase)
    return Answer(HTTP_STATUS_CODES[status], said)


class _Schemas:
    """The JSON schema of every model the operations name, and the definitions they share."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: dict[tuple[Model, Mode], None] = {(Error, "serialization"): None}
        for operation in operations:
            wanted |= {(model, "validation"): None for model in (operation.request, operation.query) if model}
            wanted |= {(a.model, "serialization"): None for a in operation.responses.values() if a.model}
        made, shared = TypeAdapter.json_schemas(
            [(model, mode, TypeAdapter(model)) for model, mode in wanted], ref_template=_REFS
        )
        self._made = made
        self.definitions: dict[str, Any] = shared.get("$defs", {})

    def of(self, model: Model, mode: Mode) -> Schema:
        """The schema, as a reference wherever pydantic made one."""
        return self._made[(model, mode)]

    def resolved(self, model: Model, mode: Mode) -> Schema:
        """The schema itself."""
        schema = self.of(model, mode)
        reference = schema.get("$ref")
        return self.definitions[reference.rsplit("/", 1)[-1]] if reference else schema


def _operation(rule: Rule, method: str, operation: Operation, schemas: _Schemas, *, secured: bool) -> dict[str, Any]:
    changes = method not in csrf.SAFE_METHODS
    answers = dict(_implied(rule, operation, secured=secured, changes=changes)) | dict(operation.responses)
    made: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method.lower()}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(rule), *_query_parameters(operation, schemas), *_headers(operation)],
        "responses": {str(status): _response(answers[status], schemas) for status in sorted(answers)},
        "security": _security(changes=changes) if secured else [],
    }
    if operation.description:
        made["description"] = operation.description
    if operation.request:
        content = {JSON: {"schema": schemas.of(operation.request, "validation")}}
        made["requestBody"] = {"required": not operation.request_optional, "content": content}
    elif operation.form:
        made["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": operation.form}}}
    return made


def _implied(rule: Rule, operation: Operation, *, secured: bool, changes: bool) -> Iterable[tuple[int, Answer]]:
    """The errors that follow from what an operation takes."""
    if operation.request or operation.form or operation.query:
        yield 400, Answer("What was sent is missing something or wrong; the message says what.", Error)
    if operation.request or operation.form:
        yield 413, Answer("Larger than this address takes.", Error)
    if operation.request:
        yield 415, Answer("The body is not JSON.", Error)
    if secured:
        yield 401, Answer("No access token, or it is not valid, or its session has ended.", Error)
    if secured and changes:
        yield 403, Answer("A cookie request without its CSRF token, or from another site.", Error)
    if rule.arguments:
        yield 404, Answer("There is nothing here, or it is not yours.", Error)
    yield 503, Answer("A part of the service is away; try again.", Error, headers={"Retry-After": "In seconds."})


def _response(answer: Answer, schemas: _Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.description}
    schema = schemas.of(answer.model, "serialization") if answer.model else answer.schema
    if schema is not None:
        made["content"] = {media: {"schema": schema} for media in answer.media}
    if answer.headers:
        made["headers"] = {
            name: {"description": said, "schema": {"type": "string"}} for name, said in answer.headers.items()
        }
    return made


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS.get(kind, {"type": "string"})}
        for kind, name in _VARIABLE.findall(rule.rule)
    ]


def _query_parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    if not operation.query:
        return []
    schema = schemas.resolved(operation.query, "validation")
    made = []
    for name, given in schema.get("properties", {}).items():
        of_value = {key: value for key, value in given.items() if key not in ("description", "title")}
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": of_value}
        made.append(parameter | ({"description": given["description"]} if "description" in given else {}))
    return made


def _headers(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": said, "schema": {"type": "string"}}
        for name, said in operation.headers.items()
    ]


def _security(*, changes: bool) -> list[dict[str, list[str]]]:
    cookie: dict[str, list[str]] = {"cookie": [], "csrf": []} if changes else {"cookie": []}
    return [{"bearer": []}, cookie]


def _security_schemes(auth: Auth) -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": auth.access_cookie,
            "description": "What a login sets in a browser.",
        },
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": csrf.HEADER,
            "description": "The value of the cookie faplog_csrf; only with the access cookie, never with Bearer.",
        },
    }
