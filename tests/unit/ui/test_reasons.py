"""Why a file was refused, in the reader's language; and the table knows what the API really says."""

import re

import pytest
from flask.testing import FlaskClient

from functions.analyse.core.analysis import read
from functions.analyse.core.errors import BadLog
from functions.analyse.job import sentence
from functions.api import contents
from tests.unit.ui.fake_api import LOG_ID, FakeApi, detail
from ui import reasons

REFUSED = [b"", b"%PDF-1.7 binary \x00\x01", b"only one line of words\n"]
BAD = [
    b"Date;Speed\n2025.02.03;1\n",
    b"Date;Time;Colour\n2025.02.03;07:00:00;red\n",
    b"Date;Time;Speed\n",
    b"Date;Time;Speed\nx;y;1\n",
]


def in_words(app: FlaskClient, message: str) -> str:
    with app.application.test_request_context():
        return reasons.reason(message)


@pytest.mark.parametrize("raw", REFUSED)
def test_what_intake_refuses_is_known(browser: FlaskClient, raw: bytes) -> None:
    message = contents.refusal(raw)
    assert message
    assert any(re.fullmatch(reasons.LEAD + pattern, message) for pattern, _ in reasons.REASONS)
    assert in_words(browser, message)


@pytest.mark.parametrize("raw", BAD)
def test_what_the_analysis_says_of_bad_logs_is_known(browser: FlaskClient, raw: bytes) -> None:
    with pytest.raises(BadLog) as caught:
        read(raw)
    message = sentence(caught.value)
    assert any(re.fullmatch(reasons.LEAD + pattern, message) for pattern, _ in reasons.REASONS), message
    assert "Failed" not in in_words(browser, message)


def test_an_unusual_sentence_is_shown_as_it_is(browser: FlaskClient) -> None:
    assert in_words(browser, "It is Tuesday.") == "It is Tuesday."


@pytest.mark.parametrize(
    ("language", "seen"),
    [("en", "The column “Time” is missing."), ("fr", "La colonne « Time » manque."), ("pl", "Brakuje kolumny „Time”.")],
)
def test_a_failed_log_says_why_in_the_readers_language(
    user: FlaskClient, api: FakeApi, language: str, seen: str
) -> None:
    message = "Failed to read csv file: the column 'Time' is missing"
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", message=message)
    assert seen in user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language}).text
