"""Every error in one shape; an unexpected one reveals nothing."""

import logging

import pytest
from flask import Flask, abort, redirect
from flask.testing import FlaskClient
from werkzeug.exceptions import Conflict, Forbidden, NotFound
from werkzeug.wrappers import Response

from faplog import http_errors as errors
from faplog.contracts.errors import TEMPLATES, ErrorCode, cause, message
from faplog.errors import Unavailable


@pytest.fixture
def client() -> FlaskClient:
    """Return an app whose views fail in every way."""
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
        raise errors.refused(ErrorCode.EMAIL_TAKEN)

    @app.get("/parts")
    def parts() -> str:
        why = cause(ErrorCode.OTHER_APP, app="Torque")
        raise errors.refused(ErrorCode.ZIP_WITHOUT_LOGS, file_name="a.csv", reason=why)

    @app.get("/foreign")
    def foreign() -> str:
        raise Conflict("Said by a library.")

    @app.get("/wait")
    def wait() -> str:
        raise errors.refused(ErrorCode.RATE_LIMITED, retry_after_sec=7).with_headers({"Retry-After": "7"})

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
    ("path", "status", "error", "code"),
    [
        ("/said", 409, "Conflict", ErrorCode.EMAIL_TAKEN),
        ("/nothing", 404, "Not Found", ErrorCode.NOT_FOUND),
        ("/away", 503, "Service Unavailable", ErrorCode.UNAVAILABLE),
        ("/bug", 500, "Internal Server Error", ErrorCode.INTERNAL_ERROR),
    ],
)
def test_the_shape(client: FlaskClient, path: str, status: int, error: str, code: ErrorCode) -> None:
    response = client.get(path)
    assert response.status_code == status
    body = {"statusCode": status, "error": error, "message": message(code), "code": code, "params": {}}
    assert response.get_json() == body
    assert response.mimetype == "application/json"


def test_an_error_within_an_error_has_its_code_too(client: FlaskClient) -> None:
    body = client.get("/parts").get_json()
    said = "This looks like a log of Torque. faplog reads the CSV files of the Android app FAP."
    assert body["message"] == f"No log in the zip: a.csv: {said}"
    assert body["params"] == {
        "file_name": "a.csv",
        "reason": {"message": said, "code": "OTHER_APP", "params": {"app": "Torque"}},
    }


def test_what_a_library_refuses_keeps_its_sentence(client: FlaskClient) -> None:
    body = client.get("/foreign").get_json()
    assert (body["statusCode"], body["code"], body["message"]) == (409, "REQUEST_REFUSED", "Said by a library.")
    assert body["params"] == {"reason": "Said by a library."}


def test_a_refusal_is_an_exception_of_its_status() -> None:
    for code, template in TEMPLATES.items():
        if template.status and not template.params:
            assert errors.refused(code).code == template.status
    assert isinstance(errors.refused(ErrorCode.ANALYSIS_NOT_FOUND), NotFound)
    assert not isinstance(errors.refused(ErrorCode.ANALYSIS_NOT_FOUND), Forbidden)


def test_only_codes_of_refusals_with_their_parameters_are_raised() -> None:
    with pytest.raises(ValueError, match="NO_ROWS"):
        errors.refused(ErrorCode.NO_ROWS)
    with pytest.raises(ValueError, match="max_mb"):
        errors.refused(ErrorCode.UPLOAD_TOO_LARGE)
    with pytest.raises(ValueError, match="max_mb"):
        errors.refused(ErrorCode.UPLOAD_TOO_LARGE, max_mb="20")


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


def test_an_unexpected_error_is_logged_once(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/bug")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("ERROR", "unexpected error")]
    assert caplog.records[0].exc_info
