"""The API's description: the OpenAPI document, and the same as a page to read."""

import base64
import hashlib
from importlib.resources import files
from typing import Any, Final

import orjson
from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from ..accounts import authentication
from . import openapi
from .operations import Answer, describe

TAG: Final = "description"
_CACHE: Final = "public, max-age=300"
_EXTENSION: Final = "faplog.openapi"
_STYLE: Final = (files(__package__) / "templates" / "docs.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"

blueprint = Blueprint("docs", __name__, url_prefix=openapi.PREFIX, template_folder="templates")


@blueprint.get("/openapi.json")
@describe(
    summary="Get this description as OpenAPI 3.1",
    tag=TAG,
    headers={"If-None-Match": "Respond with 304 if the ETag has not changed."},
    responses={
        200: Answer(
            "The document.", schema={"type": "object"}, headers={"ETag": "Changes whenever the document changes."}
        ),
        304: "Not modified.",
    },
)
def document() -> ResponseReturnValue:
    return _cached(Response(orjson.dumps(_document()), mimetype="application/json"))


@blueprint.get("/docs")
@describe(
    summary="Get this description as a web page",
    tag=TAG,
    responses={
        200: Answer("The page.", media=("text/html; charset=utf-8",), schema={"type": "string"}),
        304: "Not modified.",
    },
)
def page() -> ResponseReturnValue:
    response = Response(render_template("docs.html", document=_document(), style=_STYLE))
    response.headers["Content-Security-Policy"] = _POLICY
    return _cached(response)


def _document() -> dict[str, Any]:
    """Made on first use and kept: routes do not change while the app runs."""
    made: dict[str, Any] | None = current_app.extensions.get(_EXTENSION)
    if made is None:
        made = openapi.document(current_app, authentication.current())
        current_app.extensions[_EXTENSION] = made
    return made


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = _CACHE
    response.add_etag()
    response.make_conditional(request)
    return response
