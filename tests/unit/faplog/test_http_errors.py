"""Every error in one shape, and what nobody expected tells nothing."""

import logging

import pytest
from flask import Flask, abort, redirect
from flask.testing import FlaskClient
from werkzeug.exceptions import Conflict, TooManyRequests
from werkzeug.wrappers import Response

from faplog import http_errors as errors
from faplog.errors import Unavailable


@pytest.fixture
def client() -> FlaskClient:
    """An app whose views fail in every way."""
    app = Flask("failing", static_folder=None)
    errors.register(app)

    @app.get("/away")
    def away() -> str:
        raise Unavailable("postgresql://faplog_api:secret@db")

    @app.get("/bug")
    def bug() -> str:
        raise KeyError("secret")

    @app.get("/said")
    def said() -> str:
        raise Conflict("It is taken.")

    @app.get("/wait")
    def wait() -> str:
        raise TooManyRequests("Please wait.", retry_after=7)

    @app.get("/made")
    def made() -> str:
        abort(app.response_class("as it is", 418))

    @app.get("/elsewhere")
    def elsewhere() -> Response:
        return redirect("/said")

    @app.get("/folder/")
    def folder() -> str:
        return "here"

    return app.test_client()


@pytest.mark.parametrize(
    ("path", "status", "error", "message"),
    [
        ("/said", 409, "Conflict", "It is taken."),
        ("/nothing", 404, "Not Found", "There is nothing here."),
        ("/away", 503, "Service Unavailable", errors.AWAY),
        ("/bug", 500, "Internal Server Error", errors.UNEXPECTED),
    ],
)
def test_the_shape(client: FlaskClient, path: str, status: int, error: str, message: str) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response.get_json() == {"statusCode": status, "error": error, "message": message}
    assert response.mimetype == "application/json"


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    response = client.post("/said")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert response.get_json()["message"].endswith(".")


def test_when_to_come_back(client: FlaskClient) -> None:
    assert client.get("/wait").headers["Retry-After"] == "7"
    assert client.get("/away").headers["Retry-After"] == str(errors.RETRY_AFTER_SEC)


def test_answers_and_redirects_are_left_alone(client: FlaskClient) -> None:
    assert (client.get("/made").status_code, client.get("/made").text) == (418, "as it is")
    assert client.get("/elsewhere").headers["Location"] == "/said"
    assert client.get("/folder").status_code == 308


def test_what_nobody_expected_is_logged_once(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/bug")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("ERROR", "unexpected error")]
    assert caplog.records[0].exc_info
