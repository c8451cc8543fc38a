"""The door every message comes through."""

from collections.abc import Callable

import pytest
from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, Unauthorized
from werkzeug.test import EnvironBuilder

from faplog.contracts.messages import BATCH, MAX_MESSAGE_BYTES, AnalysisRequest
from faplog.inbox import receive, receive_all

SECRET = "the-connector-secret"
GOOD = b'{"pattern": "analysis.request", "data": {"fileName": "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11"}}'


@pytest.fixture
def request_of() -> Callable[..., Request]:
    def build(body: bytes, **headers: str) -> Request:
        builder = EnvironBuilder(
            method="POST", data=body, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]
        )
        return Request(builder.get_environ())

    return build


def test_a_message_with_the_secret_is_read(request_of: Callable[..., Request]) -> None:
    message = receive(request_of(GOOD, X_Connector_Secret=SECRET), AnalysisRequest, SECRET)
    assert str(message.data.file_name) == "5f0c6f0e-7a43-4c0e-9b60-0a6f0a3c2f11"


@pytest.mark.parametrize("headers", [{}, {"X_Connector_Secret": ""}, {"X_Connector_Secret": SECRET + "x"}])
def test_messages_without_the_secret_are_refused(request_of: Callable[..., Request], headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorized):
        receive(request_of(GOOD, **headers), AnalysisRequest, SECRET)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": {}}', b'{"data": {"fileName": "../x"}}', b"\xff\xfe"])
def test_what_is_no_message_is_refused_with_a_sentence(request_of: Callable[..., Request], body: bytes) -> None:
    with pytest.raises(BadRequest, match="does not accept the message"):
        receive(request_of(body, X_Connector_Secret=SECRET), AnalysisRequest, SECRET)


def test_a_body_is_read_no_further_than_a_message_can_be(request_of: Callable[..., Request]) -> None:
    with pytest.raises(RequestEntityTooLarge):
        receive(request_of(b" " * (MAX_MESSAGE_BYTES + 1), X_Connector_Secret=SECRET), AnalysisRequest, SECRET)


OTHER = GOOD.replace(b"5f0c6f0e", b"6f0c6f0e")


@pytest.mark.parametrize("lines", [[GOOD], [GOOD, OTHER], [OTHER, GOOD, GOOD]])
def test_the_messages_of_a_batch_are_read_in_order(request_of: Callable[..., Request], lines: list[bytes]) -> None:
    batch = request_of(b"\n".join(lines), X_Connector_Secret=SECRET, Content_Type=BATCH)
    messages = receive_all(batch, AnalysisRequest, SECRET)
    assert messages == [AnalysisRequest.model_validate_json(line) for line in lines]


def test_a_message_alone_needs_no_content_type(request_of: Callable[..., Request]) -> None:
    message = b"{\n" + GOOD[1:]
    assert len(receive_all(request_of(message, X_Connector_Secret=SECRET), AnalysisRequest, SECRET)) == 1


@pytest.mark.parametrize("body", [b"", b"\n", GOOD + b"\n", GOOD + b"\n\n" + GOOD, b"[" + GOOD + b"]", GOOD + GOOD])
def test_a_batch_with_a_line_that_is_no_message_is_refused_as_a_whole(
    request_of: Callable[..., Request], body: bytes
) -> None:
    with pytest.raises(BadRequest, match="does not accept the message"):
        receive_all(request_of(body, X_Connector_Secret=SECRET, Content_Type=BATCH), AnalysisRequest, SECRET)


def test_a_batch_needs_the_secret_and_may_be_as_long_as_one_message(request_of: Callable[..., Request]) -> None:
    with pytest.raises(Unauthorized):
        receive_all(request_of(GOOD, X_Connector_Secret="x", Content_Type=BATCH), AnalysisRequest, SECRET)
    long = request_of(b" " * (MAX_MESSAGE_BYTES + 1), X_Connector_Secret=SECRET, Content_Type=BATCH)
    with pytest.raises(RequestEntityTooLarge):
        receive_all(long, AnalysisRequest, SECRET)
