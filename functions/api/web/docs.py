"""The API's description: the OpenAPI document, and the same as a page to read."""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any, Final

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from .names import PREFIX
from .operations import Answer, describe
from .outputs import json_response

TAG: Final = "description"
_CACHE: Final = "public, max-age=300"
_STYLE: Final = (files(__package__) / "templates" / "docs.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"


def blueprint(make_document: Callable[[], dict[str, Any]]) -> Blueprint:
    """Return the routes of the description.

    Args:
        make_document: Makes the OpenAPI document. Called once, at the first request, when all routes are registered.
    """
    routes = Blueprint("docs", __name__, url_prefix=PREFIX, template_folder="templates")
    cached_document = cache(make_document)

    @routes.get("/openapi.json")
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
        return _cacheable(json_response(cached_document()))

    @routes.get("/docs")
    @describe(
        summary="Get this description as a web page",
        tag=TAG,
        responses={
            200: Answer("The page.", media=("text/html; charset=utf-8",), schema={"type": "string"}),
            304: "Not modified.",
        },
    )
    def page() -> ResponseReturnValue:
        response = Response(render_template("docs.html", document=cached_document(), style=_STYLE))
        response.headers["Content-Security-Policy"] = _POLICY
        return _cacheable(response)

    return routes


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = _CACHE
    response.add_etag()
    response.make_conditional(request)
    return response
