"""The OpenAPI 3.1 document: made of the routes, what is said of their views (`operations`), and the pydantic models."""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from flask import Flask
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from faplog.http_errors import Error
from faplog.version import VERSION

from ..accounts import csrf
from ..accounts.authentication import MARK, Auth
from . import operations
from .operations import JSON, Answer, Model, Operation, Schema

PREFIX: Final = "/api/v1"
_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
_REFS: Final = "#/components/schemas/{model}"

Mode = Literal["validation", "serialization"]


def undescribed(app: Flask) -> list[str]:
    """The public routes nobody described."""
    return [rule.rule for rule in _public(app) if operations.of(app.view_functions[rule.endpoint]) is None]


def document(app: Flask, auth: Auth) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the app's described routes under `/api/v1`."""
    described = [
        (rule, method, operation, MARK in view.__dict__)
        for rule in _public(app)
        for view in [app.view_functions[rule.endpoint]]
        if (operation := operations.of(view))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    schemas = _Schemas(operation for _, _, operation, _ in described)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation, secured in described:
        methods = paths.setdefault(path_of(rule.rule), {})
        methods[method.lower()] = _operation(rule, method, operation, schemas, secured=secured)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "faplog",
            "version": VERSION,
            "summary": "Analysis of diesel particulate filter logs.",
            "description": "Upload the CSV logs of the FAP app, and get an analysis of the filter and the engine "
            "for each drive and averages over all drives.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.tag for _, _, operation, _ in described)],
        "paths": paths,
        "components": {"schemas": schemas.definitions, "securitySchemes": _security_schemes(auth)},
    }


def path_of(rule: str) -> str:
    """A route's pattern as the document writes it: `/things/<uuid:id>` is `/things/{id}`."""
    return _VARIABLE.sub(r"{\2}", rule)


def _public(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]


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
        yield 400, Answer("The request is incomplete or wrong; the message gives the reason.", Error)
    if operation.request or operation.form:
        yield 408, Answer("The request did not arrive in time. Try again.", Error)
        yield 413, Answer("The request is too large.", Error)
    if operation.request:
        yield 415, Answer("The body is not JSON.", Error)
    if secured:
        yield 401, Answer("The access token is missing or not valid, or its session has ended.", Error)
    if secured and changes:
        yield 403, Answer("A request with cookies lacks the CSRF token or comes from another site.", Error)
    if rule.arguments:
        yield 404, Answer("Not found, or it belongs to another account.", Error)
    yield (
        503,
        Answer(
            "A part of the service is not available. Try again later.",
            Error,
            headers={"Retry-After": "Seconds to wait."},
        ),
    )


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
            "description": "Set in browsers at login.",
        },
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": csrf.HEADER,
            "description": "The value of the cookie faplog_csrf. Needed with the access cookie, not with Bearer.",
        },
    }
