"""Requests that were meant, and those another site's page started."""

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import Forbidden
from werkzeug.test import EnvironBuilder

from functions.api.accounts import csrf, tokens

TOKEN = "the session's token"
HOST = "faplog.example"


def asked(method: str = "POST", **headers: str) -> Request:
    """Return a request to our host; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(method=method, headers=Headers({"Host": HOST} | named)).get_environ())


def passes(request: Request, *, origins: frozenset[str] = frozenset(), secure: bool = False) -> bool:
    """Return whether the check lets it through."""
    try:
        csrf.check(request, tokens.digest(TOKEN), origins, secure=secure)
    except Forbidden:
        return False
    return True


def test_our_own_page_passes() -> None:
    assert passes(asked(Origin=f"http://{HOST}", X_CSRF_Token=TOKEN))
    assert passes(asked(Origin=f"https://{HOST}", X_CSRF_Token=TOKEN), secure=True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_needs_nothing(method: str) -> None:
    assert passes(asked(method))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changing_needs_both(method: str) -> None:
    assert not passes(asked(method))
    assert not passes(asked(method, Origin=f"http://{HOST}"))
    assert not passes(asked(method, X_CSRF_Token=TOKEN))


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        f"http://{HOST}.evil.example",
        f"http://evil.example/{HOST}",
        f"http://{HOST}:8080",
        f"http://user@{HOST}",
        f"ftp://{HOST}",
        f"//{HOST}",
        HOST,
        f"http://{HOST}, http://evil.example",
        "http://fäplog.example",
        "http://[",
        f"http://[{HOST}",
        f"http://[{HOST}]",
    ],
)
def test_other_origins_do_not_pass(origin: str) -> None:
    assert not passes(asked(Origin=origin, X_CSRF_Token=TOKEN))


@pytest.mark.parametrize("token", ["", "another session's token", TOKEN + " x", "…"])
def test_other_tokens_do_not_pass(token: str) -> None:
    request = asked(Origin=f"http://{HOST}")
    request.environ["HTTP_X_CSRF_TOKEN"] = token
    assert not passes(request)


def test_over_tls_plain_http_is_another_origin() -> None:
    assert not passes(asked(Origin=f"http://{HOST}", X_CSRF_Token=TOKEN), secure=True)


def test_named_origins_pass() -> None:
    request = asked(Origin="https://app.example", X_CSRF_Token=TOKEN)
    assert passes(request, origins=frozenset({"https://app.example"}))
    assert not passes(request)


def test_the_host_may_be_named_by_a_gateway() -> None:
    forwarded = asked(Host="api.faplog-fn.svc:8080", X_Forwarded_Host=HOST, Origin=f"http://{HOST}", X_CSRF_Token=TOKEN)
    assert passes(forwarded)
