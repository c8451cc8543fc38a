"""What responses tell browsers, and to whom other sites' scripts are closed."""

import pytest
from flask import Flask, Response
from werkzeug.test import TestResponse

from functions.api.web import security_headers

APP_ORIGIN = "https://app.example"


def answer(
    *origins: str, secure: bool = False, method: str = "GET", path: str = "/", origin: str | None = None
) -> TestResponse:
    """Return what an app with these settings answers."""
    app = Flask("headers", static_folder=None)
    security_headers.register(app, origins=frozenset(origins), secure=secure)

    @app.get("/")
    def view() -> str:
        return "here"

    @app.get("/own")
    def own() -> Response:
        return Response("here", headers={"Cache-Control": "public", "Content-Security-Policy": "default-src 'self'"})

    headers = [("Origin", origin)] if origin else []
    return app.test_client().open(path, method=method, headers=headers)


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_every_response_is_covered(path: str) -> None:
    headers = answer(path=path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_a_view_may_know_better() -> None:
    headers = answer(path="/own").headers
    assert headers["Cache-Control"] == "public"
    assert headers["Content-Security-Policy"] == "default-src 'self'"


def test_tls_is_for_good_where_there_is_tls() -> None:
    assert "Strict-Transport-Security" not in answer().headers
    assert "max-age=31536000" in answer(secure=True).headers["Strict-Transport-Security"]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_other_sites_are_closed_out_by_default(method: str) -> None:
    headers = answer(method=method, origin="https://evil.example").headers
    assert not [name for name in headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118  (not a dict)
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_named_origin_may_call() -> None:
    preflight = answer(APP_ORIGIN, method="OPTIONS", origin=APP_ORIGIN).headers
    assert preflight["Access-Control-Allow-Origin"] == APP_ORIGIN
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]
    assert "GET" in preflight["Access-Control-Allow-Methods"]
    assert answer(APP_ORIGIN, origin=APP_ORIGIN).headers["Access-Control-Allow-Origin"] == APP_ORIGIN


def test_naming_one_origin_names_no_other() -> None:
    headers = answer(APP_ORIGIN, origin="https://evil.example").headers
    assert "Access-Control-Allow-Origin" not in headers
    assert "Origin" in headers["Vary"]
