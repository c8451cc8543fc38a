"""Links: what a token looks like, and that none of it gets into a log or a trace."""

import logging

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.links import address, is_token, without_tokens
from faplog.logs import JsonFormatter

TOKEN = "Jx0-_" * 8 + "abc"
OLD = f"/shared/{TOKEN}"
"""A link of the releases before."""


@pytest.mark.parametrize(
    "text",
    [
        f"GET {OLD}",
        f"/api/v1{OLD}/series?fragment=1",
        f'Exception on "{OLD}" [GET]\nof {OLD}',
        f"https://faplog.example.org{address(TOKEN)}",
    ],
)
def test_no_address_keeps_its_token(text: str) -> None:
    assert TOKEN not in without_tokens(text)


@given(before=st.text(), after=st.from_regex(r"([/?# \"'].*)?", fullmatch=True))
def test_whatever_stands_around_a_token_stays(before: str, after: str) -> None:
    text = without_tokens(f"{before} /shared/{TOKEN}{after}")
    assert text == f"{without_tokens(before)} /shared/…{without_tokens(after)}"


@pytest.mark.parametrize(
    "text",
    [
        *("", "nothing", "/shared", "/shared/", "/shared#", "GET /api/v1/shared/<token>/series"),
        *("GET /api/v1/shared/series", "/api/v1/shared/series?x", '"/shared/series"'),
    ],
)
def test_what_names_no_token_stays_as_it_is(text: str) -> None:
    assert without_tokens(text) == text


def test_a_line_of_the_log_has_no_token_wherever_it_was() -> None:
    record = logging.makeLogRecord({"msg": "Exception on %s", "args": (OLD,), "where": address(TOKEN)})
    line = JsonFormatter().format(record)
    assert TOKEN not in line
    assert orjson.loads(line)["event"] == "Exception on /shared/…"


@pytest.mark.parametrize("text", ["", "a", TOKEN[:-1], TOKEN + "a", TOKEN[:-1] + "=", TOKEN[:-1] + "/", TOKEN + "\n"])
def test_what_cannot_be_a_token(text: str) -> None:
    assert not is_token(text)


def test_what_can_be_one() -> None:
    assert is_token(TOKEN)
