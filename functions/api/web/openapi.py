"""The OpenAPI 3.1 document, made from the routes, the descriptions of their views (`operations`) and the models."""

from collections.abc import Iterable
from typing import Any, Final, Literal

from flask import Flask
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from faplog.contracts.api_tokens import PREFIX as TOKEN_PREFIX
from faplog.contracts.api_tokens import Scope
from faplog.http_errors import Error
from faplog.version import VERSION

from .names import CSRF_HEADER, PREFIX, SAFE_METHODS
from .operations import JSON, Answer, Model, Operation, Schema, is_authenticated, operation_of
from .paths import VARIABLE, path_of
from .scopes import scope_of

_PATH_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
_REFS: Final = "#/components/schemas/{model}"

_FORBIDDEN_TO_TOKENS: Final = "An API token lacks the scope, or no API token may do this."
_FORBIDDEN: Final = f"A request with cookies lacks the CSRF token or comes from another site. {_FORBIDDEN_TO_TOKENS}"

Mode = Literal["validation", "serialization"]


def undescribed(app: Flask) -> list[str]:
    """Return the public routes that have no description."""
    return [rule.rule for rule in _public_rules(app) if operation_of(app.view_functions[rule.endpoint]) is None]


def document(app: Flask, access_cookie: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the app's described routes under `/api/v1`.

    Args:
        app: The app, with all its routes.
        access_cookie: The name of the access cookie.
    """
    described = [
        (rule, method, operation, is_authenticated(view))
        for rule in _public_rules(app)
        for view in [app.view_functions[rule.endpoint]]
        if (operation := operation_of(view))
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
        "components": {"schemas": schemas.definitions, "securitySchemes": _security_schemes(access_cookie)},
    }


def _public_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]


class _Schemas:
    """The JSON schema of every model in the operations, and the definitions they share."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted: dict[tuple[Model, Mode], None] = {(Error, "serialization"): None}
        for operation in operations:
            wanted |= {(model, "validation"): None for model in (operation.request, operation.query) if model}
            wanted |= {(a.model, "serialization"): None for a in operation.responses.values() if a.model}
        self._schemas, shared = TypeAdapter.json_schemas(
            [(model, mode, TypeAdapter(model)) for model, mode in wanted], ref_template=_REFS
        )
        self.definitions: dict[str, Any] = shared.get("$defs", {})

    def of(self, model: Model, mode: Mode) -> Schema:
        """Return the schema, as a reference where pydantic made one."""
        return self._schemas[(model, mode)]

    def resolved(self, model: Model, mode: Mode) -> Schema:
        """Return the schema itself."""
        schema = self.of(model, mode)
        reference = schema.get("$ref")
        return self.definitions[reference.rsplit("/", 1)[-1]] if reference else schema


def _operation(rule: Rule, method: str, operation: Operation, schemas: _Schemas, *, secured: bool) -> dict[str, Any]:
    changes = method not in SAFE_METHODS
    answers = dict(_implied_answers(rule, operation, secured=secured, changes=changes)) | dict(operation.responses)
    linked: list[dict[str, list[str]]] = [{"link": []}] if operation.linked else []
    entry: dict[str, Any] = {
        "operationId": f"{rule.endpoint.replace('.', '_')}_{method.lower()}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(rule), *_query_parameters(operation, schemas), *_header_parameters(operation)],
        "responses": {str(status): _response(answers[status], schemas) for status in sorted(answers)},
        "security": _security_requirements(changes, scope_of(method, rule.rule)) if secured else linked,
    }
    if operation.description:
        entry["description"] = operation.description
    if operation.request:
        content = {JSON: {"schema": schemas.of(operation.request, "validation")}}
        entry["requestBody"] = {"required": not operation.request_optional, "content": content}
    elif operation.form:
        entry["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": operation.form}}}
    return entry


def _implied_answers(rule: Rule, operation: Operation, *, secured: bool, changes: bool) -> Iterable[tuple[int, Answer]]:
    """Yield the errors that follow from the input of an operation."""
    if operation.request or operation.form or operation.query:
        yield 400, Answer("The request is incomplete or wrong; the message gives the reason.", Error)
    if operation.request or operation.form:
        yield 408, Answer("The request did not arrive in time. Try again.", Error)
        yield 413, Answer("The request is too large.", Error)
    if operation.request:
        yield 415, Answer("The body is not JSON.", Error)
    if secured:
        yield 401, Answer("The access token is missing or not valid, or its session has ended.", Error)
        yield 403, Answer(_FORBIDDEN if changes else _FORBIDDEN_TO_TOKENS, Error)
        yield (
            429,
            Answer(
                "An API token sends too many requests, or an address too many invalid ones.",
                Error,
                headers={"Retry-After": "Seconds to wait."},
            ),
        )
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
    entry: dict[str, Any] = {"description": answer.description}
    schema = schemas.of(answer.model, "serialization") if answer.model else answer.schema
    if schema is not None:
        entry["content"] = {media: {"schema": schema} for media in answer.media}
    if answer.headers:
        entry["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in answer.headers.items()
        }
    return entry


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMAS.get(kind, {"type": "string"})}
        for kind, name in VARIABLE.findall(rule.rule)
    ]


def _query_parameters(operation: Operation, schemas: _Schemas) -> list[dict[str, Any]]:
    if not operation.query:
        return []
    schema = schemas.resolved(operation.query, "validation")
    parameters = []
    for name, given in schema.get("properties", {}).items():
        of_value = {key: value for key, value in given.items() if key not in ("description", "title")}
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": of_value}
        parameters.append(parameter | ({"description": given["description"]} if "description" in given else {}))
    return parameters


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in operation.headers.items()
    ]


def _security_requirements(changes: bool, scope: Scope | None) -> list[dict[str, list[str]]]:
    """Return what an operation accepts, one of which is enough; `scope` is that of API tokens, None if none may."""
    cookie: dict[str, list[str]] = {"cookie": [], "csrf": []} if changes else {"cookie": []}
    return [{"bearer": []}, cookie, *([{"token": [scope.value]}] if scope else [])]


def _security_schemes(access_cookie: str) -> dict[str, Any]:
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of a login.",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": f"{TOKEN_PREFIX}…",
            "description": "An API token, for scripts. Each operation that accepts one names the scope it needs: "
            "`read` or `upload`. All others refuse it with 403.",
        },
        "link": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "43 characters",
            "description": "The token of a link to a report or a car: what follows `#` in its address.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": access_cookie,
            "description": "Set in browsers at login.",
        },
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER,
            "description": "The value of the cookie faplog_csrf. Needed with the access cookie, not with Bearer.",
        },
    }
