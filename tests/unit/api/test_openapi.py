"""The OpenAPI document: every route in it, valid, and true."""

import base64
import hashlib
import json
from functools import partial
from typing import Any
from uuid import UUID

from flask import Flask
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from faplog import http_errors
from functions.api.accounts.authentication import authenticated
from functions.api.services import Services
from functions.api.web import docs, inputs, names, openapi
from functions.api.web.operations import Answer, describe

ACCESS_COOKIE = names.access_cookie(secure=False)


class Body(inputs.Input):
    """Sent."""

    name: str


class Query(inputs.Input):
    """Asked."""

    page: int = Field(default=1, ge=1, description="Which page.")


class Reply(BaseModel):
    """Answered."""

    id: UUID


def described(**said: Any) -> dict[str, Any]:
    """Return the document's operation of one view described so."""
    app = Flask("described", static_folder=None)
    guarded = said.pop("guarded", False)

    @describe(summary="A view", tag="tests", **said)
    def view(_services: Services, id: UUID) -> str:
        return str(id)

    rule = "/api/v1/things/<uuid:id>"
    app.add_url_rule(rule, view_func=authenticated(view) if guarded else view, methods=["POST"])
    made = openapi.document(app, ACCESS_COOKIE)
    operation: dict[str, Any] = made["paths"]["/api/v1/things/{id}"]["post"]
    return operation


def test_no_public_route_is_left_out(app: Flask) -> None:
    assert openapi.undescribed(app) == []


def test_a_route_without_a_description_is_noticed() -> None:
    app = Flask("forgotten", static_folder=None)
    app.add_url_rule("/api/v1/forgotten", view_func=lambda: "")
    assert openapi.undescribed(app) == ["/api/v1/forgotten"]


def test_every_call_of_the_contract_is_there(app: Flask) -> None:
    paths = openapi.document(app, ACCESS_COOKIE)["paths"]
    found = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path in paths for method in paths[path]}
    assert found >= {
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /auth/logout",
        "POST /analyses",
        "GET /analyses",
        "GET /analyses/{id}",
        "GET /analyses/{id}/series",
        "GET /analyses/{id}/file",
        "DELETE /analyses/{id}",
        "POST /analyses/{id}/restore",
        "GET /analyses/deleted",
        "POST /analyses/{id}/share",
        "GET /analyses/{id}/share",
        "DELETE /analyses/{id}/share",
        "POST /cars/{id}/share",
        "GET /cars/{id}/share",
        "DELETE /cars/{id}/share",
        "GET /account/links",
        "GET /shared",
        "GET /shared/series",
        "GET /shared/{token}",
        "GET /shared/{token}/series",
        "PATCH /analyses/{id}",
        "GET /cars",
        "POST /cars",
        "GET /cars/deleted",
        "GET /cars/{id}",
        "PATCH /cars/{id}",
        "DELETE /cars/{id}",
        "POST /cars/{id}/restore",
        "POST /cars/{id}/merge",
        "POST /cars/{id}/answer",
        "GET /cars/{id}/notes",
        "GET /cars/{id}/regenerations",
        "POST /cars/{id}/notes",
        "PATCH /notes/{id}",
        "DELETE /notes/{id}",
        "GET /average",
        "GET /average/available",
        "POST /analyse",
        "GET /analyse/{id}",
        "GET /account",
        "DELETE /account",
        "GET /account/export",
        "GET /openapi.json",
        "GET /health/liveness",
        "GET /health/readiness",
    }


def test_references_lead_somewhere_and_schemas_are_schemas(app: Flask) -> None:
    document = openapi.document(app, ACCESS_COOKIE)
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references <= schemas.keys()
    assert "$defs" not in text


def test_operation_ids_are_unique(app: Flask) -> None:
    ids = [
        one["operationId"] for path in openapi.document(app, ACCESS_COOKIE)["paths"].values() for one in path.values()
    ]
    assert len(ids) == len(set(ids))


def test_what_a_view_takes_implies_its_errors() -> None:
    operation = described(request=Body, query=Query, responses={200: Reply}, guarded=True)
    assert list(operation["responses"]) == ["200", "400", "401", "403", "404", "408", "413", "415", "429", "503"]
    assert list(described(responses={204: None})["responses"]) == ["204", "404", "503"]


def test_bodies_queries_and_paths() -> None:
    operation = described(request=Body, query=Query, headers={"Range": "A part."}, responses={200: Reply})
    assert operation["requestBody"]["required"] is True
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Body"}
    assert operation["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {
            "name": "page",
            "in": "query",
            "required": False,
            "description": "Which page.",
            "schema": {"type": "integer", "minimum": 1, "default": 1},
        },
        {"name": "Range", "in": "header", "required": False, "description": "A part.", "schema": {"type": "string"}},
    ]


def test_forms() -> None:
    form = {"type": "object", "properties": {"file": {"type": "string"}}}
    operation = described(form=form, responses={202: Reply})
    assert operation["requestBody"]["content"] == {"multipart/form-data": {"schema": form}}
    assert "415" not in operation["responses"]


def test_answers() -> None:
    responses = described(
        responses={
            200: Answer("The file.", media=("text/csv",), schema={"type": "string"}),
            204: "Gone.",
            409: "Taken.",
        }
    )["responses"]
    assert responses["200"] == {"description": "The file.", "content": {"text/csv": {"schema": {"type": "string"}}}}
    assert responses["204"] == {"description": "Gone."}
    assert responses["409"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def test_who_may_ask() -> None:
    assert described(responses={204: None})["security"] == []
    assert described(responses={204: None}, guarded=True)["security"] == [{"bearer": []}, {"cookie": [], "csrf": []}]


def test_the_document_is_served_and_kept(app: Flask) -> None:
    client = app.test_client()
    response = client.get("/api/v1/openapi.json")
    assert response.get_json() == openapi.document(app, ACCESS_COOKIE)
    assert response.get_json()["openapi"].startswith("3.1")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_page_names_every_operation_and_loads_nothing(app: Flask) -> None:
    response = app.test_client().get("/api/v1/docs")
    assert response.mimetype == "text/html"
    for path in openapi.document(app, ACCESS_COOKIE)["paths"]:
        assert f"<code>{path}</code>" in response.text
    for loading in ("<script", "src=", "http://", "https://", "@import", "url("):
        assert loading not in response.text
    style = response.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_what_a_description_says_is_text_on_the_page() -> None:
    app = Flask("escaped", static_folder=None)
    http_errors.register(app)
    app.register_blueprint(docs.blueprint(partial(openapi.document, app, ACCESS_COOKIE)))

    @describe(summary="<script>alert(1)</script>", tag="tests", responses={204: None})
    def view() -> str:
        return ""

    app.add_url_rule("/api/v1/odd", view_func=view)
    page = app.test_client().get("/api/v1/docs").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
