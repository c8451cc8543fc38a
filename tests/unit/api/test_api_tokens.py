"""API tokens without servers: the table of scopes, the document, what may be asked for, and the limit of requests."""

import itertools
from uuid import uuid4

import pytest
from flask import Flask
from pydantic import ValidationError

from faplog.contracts.api_tokens import Scope
from functions.api.accounts.token_views import MAX_DAYS, NewToken
from functions.api.request_rates import RequestRates
from functions.api.web import openapi
from functions.api.web.names import PREFIX
from functions.api.web.scopes import SCOPES, scope_of

GIVEN = {"name": "Nightly upload", "scopes": ["upload"]}


def operations(app: Flask) -> dict[str, dict[str, object]]:
    """Return the document's operations by method and path below the prefix."""
    paths = openapi.document(app, "faplog_access")["paths"]
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}": operation
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


# Scopes


def test_the_table_names_routes_that_exist(app: Flask) -> None:
    assert SCOPES.keys() <= operations(app).keys()


def test_a_route_that_is_not_in_the_table_has_no_scope() -> None:
    assert scope_of("DELETE", f"{PREFIX}/analyses/<uuid:id>") is None
    assert scope_of("GET", f"{PREFIX}/analyses/<uuid:id>") is Scope.READ
    assert scope_of("HEAD", f"{PREFIX}/analyses/<uuid:id>") is Scope.READ
    assert scope_of("GET", "/analyses") is Scope.READ, "as in the document"
    assert scope_of("GET", f"{PREFIX}/of/a/later/release") is None


def test_only_uploads_change_anything() -> None:
    assert {name for name, scope in SCOPES.items() if scope is Scope.UPLOAD} == {"POST /analyses", "POST /analyse"}
    assert all(name.startswith("GET ") for name, scope in SCOPES.items() if scope is Scope.READ)


def test_the_document_names_the_scheme_and_the_scope_of_each_operation(app: Flask) -> None:
    schemes = openapi.document(app, "faplog_access")["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    for name, operation in operations(app).items():
        said = [one["token"] for one in operation["security"] if "token" in one]  # type: ignore[attr-defined]
        assert said == ([[SCOPES[name]]] if name in SCOPES else []), name


def test_the_page_names_the_scope(app: Flask) -> None:
    text = app.test_client().get(f"{PREFIX}/docs").text
    assert text.count("or an API token with the scope upload.") == 2
    assert text.count("or an API token with the scope read.") == len(SCOPES) - 2


# What may be asked for


def test_what_is_asked_for() -> None:
    made = NewToken.model_validate(GIVEN | {"name": "  Prüfung, żółw 🚗 ", "days": 7.0})
    assert (made.name, made.scopes, made.days) == ("Prüfung, żółw 🚗", [Scope.UPLOAD], 7)
    assert NewToken.model_validate(GIVEN).days is None
    assert NewToken.model_validate(GIVEN | {"days": MAX_DAYS}).days == MAX_DAYS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 7),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 101),
        ("name", "two\nlines"),
        ("name", "nul\x00"),
        ("name", "turned \u202eround"),
        ("name", "\ud800"),
        ("scopes", None),
        ("scopes", []),
        ("scopes", "read"),
        ("scopes", ["write"]),
        ("scopes", ["READ"]),
        ("scopes", ["read", "read"]),
        ("scopes", ["read", "upload", "read"]),
        ("scopes", [["read"]]),
        ("days", 0),
        ("days", -1),
        ("days", MAX_DAYS + 1),
        ("days", 1.5),
        ("days", "7"),
        ("days", True),
        ("days", float("inf")),
        ("id", "mine"),
        ("token", "faplog_mine"),
    ],
)
def test_what_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as error:
        NewToken.model_validate(GIVEN | {field: value})
    assert {one["loc"][0] for one in error.value.errors()} == {field}


@pytest.mark.parametrize("field", GIVEN)
def test_what_is_missing(field: str) -> None:
    with pytest.raises(ValidationError):
        NewToken.model_validate({key: value for key, value in GIVEN.items() if key != field})


# The limit of requests


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate() -> None:
    clock, token = Clock(), uuid4()
    rates = RequestRates(burst=5, per_sec=2, clock=clock)
    assert [rates.take(token) for _ in range(5)] == [0] * 5
    assert rates.take(token) == pytest.approx(0.5)
    assert rates.take(token) == pytest.approx(0.5), "a refused request counts for nothing"
    clock.now += 0.5
    assert rates.take(token) == 0
    assert rates.take(token) > 0
    clock.now += 3600
    taken = list(itertools.takewhile(lambda wait: wait == 0, (rates.take(token) for _ in range(100))))
    assert len(taken) == 5, "a long pause fills the bucket once"


def test_tokens_do_not_count_for_each_other() -> None:
    rates = RequestRates(burst=1, per_sec=1, clock=Clock())
    assert [rates.take(uuid4()) for _ in range(3)] == [0, 0, 0]


def test_tokens_that_are_idle_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their bucket is full again, so nothing is lost; those in use keep their count."""
    monkeypatch.setattr("functions.api.request_rates.MANY", 3)
    clock, token = Clock(), uuid4()
    rates = RequestRates(burst=2, per_sec=1, clock=clock)
    for _ in range(3):
        rates.take(uuid4())
    clock.now += 10
    rates.take(token)
    assert len(rates) == 1
    rates.take(token)
    assert rates.take(token) > 0
