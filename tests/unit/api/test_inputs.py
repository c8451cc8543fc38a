"""Bodies and queries as models; what is wrong is said in a sentence that repeats no value."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from functions.api.web import inputs

APP = Flask("inputs", static_folder=None)


class Car(inputs.Input):
    """Something to send."""

    name: str = Field(max_length=10)
    doors: int = 5


def body(content: bytes, content_type: str | None = "application/json") -> Car | None:
    """Return the optional body of a request with this content."""
    with APP.test_request_context(method="POST", data=content, content_type=content_type):
        return inputs.optional_body(Car)


def query(text: str) -> Car:
    """Return the query of a request."""
    with APP.test_request_context(f"/?{text}"):
        return inputs.query(Car)


def refusal(read: Callable[[], Car | None]) -> str | None:
    """Return what a 400 said; None where it was read."""
    try:
        read()
    except BadRequest as error:
        return error.description
    return None


def test_a_body() -> None:
    assert body(b'{"name": "C5", "doors": 3}') == Car(name="C5", doors=3)
    assert body(b'{"name": "C5"}', "application/vnd.car+json") == Car(name="C5")


def test_no_body() -> None:
    assert body(b"", None) is None
    assert body(b"") is None


def test_a_body_that_is_needed() -> None:
    with (
        APP.test_request_context(method="POST", content_type="application/json"),
        pytest.raises(BadRequest, match="body"),
    ):
        inputs.body(Car)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "name: Field required."),
        (b'{"name": 5}', "name: Input should be a valid string."),
        (b'{"name": "C5", "color": "red"}', "color: Extra inputs are not permitted."),
        (b'{"name": "secret secret"}', "name: String should have at most 10 characters."),
        (b'{"name": "secret', "The body: Invalid JSON: "),
        (b'"secret"', "The body: "),
        (b'{"name": "C5", "' + b"x" * 500 + b'\\u0000": 1}', "x" * 64 + ": "),
        (b'{"name": "C5", "\\u0007\\u202e": 1}', "??: "),
    ],
)
def test_what_is_wrong_is_said(content: bytes, said: str) -> None:
    with pytest.raises(BadRequest) as error:
        body(content)
    assert (error.value.description or "").startswith(said)
    assert "secret" not in str(error.value)


def test_other_media_are_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        body(b'{"name": "C5"}', "text/plain")


def test_long_bodies_are_refused() -> None:
    with pytest.raises(RequestEntityTooLarge):
        body(b" " * (inputs.MAX_JSON_BYTES + 1))


@given(st.binary(max_size=200))
def test_bytes_are_a_car_or_refused(content: bytes) -> None:
    said = refusal(lambda: body(content))
    assert said is None or said.endswith(".")


@pytest.mark.parametrize(("happens", "status"), [(TimeoutError(), 408), (ConnectionResetError(), 400)])
def test_a_body_that_does_not_come_is_not_waited_for(happens: OSError, status: int) -> None:
    class Broken(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise happens

    with APP.test_request_context(method="POST", content_type="application/json") as context:
        context.request.environ |= {"wsgi.input": Broken(), "wsgi.input_terminated": True}
        with pytest.raises(HTTPException) as refused:
            inputs.body(Car)
    assert refused.value.code == status


def test_a_query() -> None:
    assert query("name=C5&doors=3") == Car(name="C5", doors=3)


@pytest.mark.parametrize("text", ["", "name=C5&doors=many", "name=C5&x=1", "name=C5&name=C4", "name=12345678901"])
def test_a_wrong_query(text: str) -> None:
    with pytest.raises(BadRequest) as error:
        query(text)
    assert (error.value.description or "").endswith(".")


@given(st.dictionaries(st.text(), st.text()))
def test_any_query_is_a_car_or_refused(given_: dict[str, str]) -> None:
    with APP.test_request_context("/", query_string=given_):
        said = refusal(lambda: inputs.query(Car))
    assert said is None or said.endswith(".")
