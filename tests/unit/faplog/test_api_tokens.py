"""API tokens: their form, and that a log line holds none."""

import logging

import pytest

from faplog.contracts.api_tokens import PREFIX, Scope, is_meant_as_token, is_token
from faplog.contracts.links import without_tokens
from faplog.logs import JsonFormatter

TOKEN = PREFIX + "Jx0-_" * 8 + "abc"


def test_the_form_of_a_token() -> None:
    assert is_token(TOKEN)
    for other in ("", PREFIX, TOKEN[:-1], TOKEN + "x", TOKEN.upper(), f" {TOKEN}", TOKEN + "\n", "ż" + TOKEN):
        assert not is_token(other), other


def test_a_damaged_token_is_still_meant_as_one() -> None:
    assert is_meant_as_token(TOKEN[:-1])
    assert is_meant_as_token(PREFIX)
    assert not is_meant_as_token("eyJhbGciOiJIUzI1NiJ9.e30.x")


def test_the_scopes() -> None:
    assert list(Scope) == ["read", "upload"]


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"Bearer {TOKEN}",
        f"/api/v1/analyses?token={TOKEN}&x=1",
        f"/shared/{TOKEN}",
        f"{TOKEN},{TOKEN}",
        f"x{TOKEN}y",
    ],
)
def test_no_token_is_left_in_a_text(text: str) -> None:
    assert TOKEN not in without_tokens(text)
    assert TOKEN[7:] not in without_tokens(text)


def test_other_names_with_the_prefix_stay() -> None:
    text = "the role faplog_api, the cookie faplog_access, and faplog_analysis_of_something"
    assert without_tokens(text) == text


def test_a_log_line_holds_no_token() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "asked with %s", (TOKEN,), None)
    record.header = {"Authorization": f"Bearer {TOKEN}"}
    line = JsonFormatter().format(record)
    assert TOKEN[7:] not in line
    assert line.count("faplog_…") == 2
