"""Every refusal of the functions has a code: in the source, and in the API's document."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask

from faplog.contracts.errors import TEMPLATES, ErrorCode, Param, message
from functions.api.web import openapi
from tests.conftest import ROOT
from tests.unit.test_walls import tree

FOLDERS: Final = [ROOT / "functions", ROOT / "faplog"]
SOURCES: Final = [path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))]
OWN_MODELS: Final = {
    "Failure.model_validate({'stage': row['stage'], **why})": 422,
    "body.model_dump_json(exclude_none=True)": 503,
}
"""Answers of 400 and above that are no `Error`, by their body: their models have code and params as well."""
MAKERS: Final = {"refused", "refused_request", "cause", "answer"}
CODED_ERRORS: Final = {
    "BadLog",
    "BadData",
    "BadEmail",
    "WeakPassword",
    "QuotaExceeded",
    "NothingToAverage",
    "BadList",
}


def nodes(path: Path) -> Iterator[ast.AST]:
    """Return every node of a module."""
    return ast.walk(tree(path))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def called(node: ast.expr) -> str:
    """Return the last part of the name of what is called."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def werkzeug_names(path: Path) -> set[str]:
    """Return the names a module imports from werkzeug's exceptions, and `abort`."""
    names = {"abort"}
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module == "werkzeug.exceptions":
            names |= {name.asname or name.name for name in node.names}
    return names


def code_of(node: ast.Call) -> ErrorCode | None:
    """Return the code that is a call's first argument."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name) and first.value.id == "ErrorCode":
        return ErrorCode[first.attr]
    return None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_refused_without_a_code(path: Path) -> None:
    """No exception of werkzeug is made, and no status of 400 or above is written beside a body of its own."""
    if path.name == "http_errors.py":
        return
    names = werkzeug_names(path)
    without = [ast.unparse(call) for call in calls(path) if called(call.func) in names]
    for call in calls(path):
        statuses = [node for node in (*call.args[1:2], *(kw.value for kw in call.keywords)) if _is_error(node)]
        if statuses and called(call.func) in ("Response", "_json", "jsonify", "make_response"):
            body = ast.unparse(call.args[0])
            without += [] if body in OWN_MODELS else [ast.unparse(call)]
    assert not without


def _is_error(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Constant) and type(part.value) is int and 400 <= part.value < 600
        for part in ast.walk(node)
    )


def test_a_refusal_without_a_code_would_be_noticed(tmp_path: Path) -> None:
    path, other = tmp_path / "views.py", tmp_path / "other_views.py"
    path.write_text("from werkzeug.exceptions import NotFound as Gone\nraise Gone('It is gone.')\n")
    with pytest.raises(AssertionError):
        test_nothing_is_refused_without_a_code(path)
    other.write_text("def view():\n    return Response('{}', 409)\n")
    with pytest.raises(AssertionError):
        test_nothing_is_refused_without_a_code(other)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_code_is_given_its_parameters(path: Path) -> None:
    wrong = []
    for call in calls(path):
        code = code_of(call)
        if code is None or called(call.func) not in MAKERS | CODED_ERRORS:
            continue
        named = {keyword.arg for keyword in call.keywords}
        if None not in named and named != TEMPLATES[code].params.keys():
            wrong.append(ast.unparse(call))
        if called(call.func) in ("refused", "refused_request", "answer") and TEMPLATES[code].status is None:
            wrong.append(ast.unparse(call))
    assert not wrong


def test_every_code_has_a_template_and_is_used() -> None:
    assert set(TEMPLATES) == set(ErrorCode)
    used = {
        node.attr
        for path in SOURCES
        if path.name != "errors.py" or "contracts" not in path.parts
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ErrorCode"
    }
    assert set(ErrorCode) - used == set()


@pytest.mark.parametrize("code", [code for code in ErrorCode if TEMPLATES[code].status])
def test_a_refusal_is_a_sentence(code: ErrorCode) -> None:
    params: dict[str, Param] = {}
    for name, kind in TEMPLATES[code].params.items():
        params[name] = 3 if kind is int else "X."
    text = TEMPLATES[code].text.format_map(params)
    assert text[0].isupper()
    assert text.endswith(".")


def test_numbers_are_written_as_before() -> None:
    said = message(ErrorCode.QUOTA_EXCEEDED, {"kept": 9990, "quota": 10_000})
    assert said == "You keep 9,990 logs and may keep 10,000: delete some that you no longer need."


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found: Mapping[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[-1]] if reference else schema
    return found


def test_every_error_in_the_document_has_a_code(app: Flask) -> None:
    document = openapi.document(app, "faplog_access")
    checked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if int(status) < 400:
                    continue
                properties = resolved(document, answer["content"]["application/json"]["schema"])["properties"]
                assert {"code", "params", "message"} <= properties.keys(), (path, method, status)
                checked += 1
    assert checked > 60


def test_the_document_lists_the_codes(app: Flask) -> None:
    document = openapi.document(app, "faplog_access")
    code = document["components"]["schemas"]["Error"]["properties"]["code"]
    assert resolved(document, code)["enum"] == list(ErrorCode)
    assert "params" in document["components"]["schemas"]["Error"]["properties"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, ErrorCode.NOT_FOUND),
        ("PUT", "/api/v1/analyses", 405, ErrorCode.METHOD_NOT_ALLOWED),
        ("GET", "/api/v1/analyses", 401, ErrorCode.LOGIN_REQUIRED),
        ("POST", "/api/v1/auth/login", 415, ErrorCode.JSON_EXPECTED),
        ("POST", "/", 401, ErrorCode.SENDER_NOT_ALLOWED),
        ("GET", "/refusals/400", 400, ErrorCode.ADDRESS_INVALID),
        ("GET", "/refusals/413", 413, ErrorCode.EDGE_REQUEST_TOO_LARGE),
        ("GET", "/refusals/418", 404, ErrorCode.NOT_FOUND),
        ("GET", "/api/v1/shared/short", 404, ErrorCode.LINK_NOT_VALID),
    ],
)
def test_an_answer_has_its_code(app: Flask, method: str, path: str, status: int, code: ErrorCode) -> None:
    answer = app.test_client().open(path, method=method)
    body = answer.get_json()
    assert (answer.status_code, body["statusCode"], body["code"]) == (status, status, code)
    assert body["message"] == message(code, body["params"])


def test_invalid_input_names_field_and_reason(app: Flask) -> None:
    answer = app.test_client().post("/api/v1/auth/login", json={"email": "", "password": "x"})
    body = answer.get_json()
    assert (answer.status_code, body["code"], body["params"]["field"]) == (400, "INVALID_INPUT", "email")
    assert body["message"] == f"email: {body['params']['reason']}."
