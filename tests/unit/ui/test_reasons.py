"""Why a file was refused, in the reader's language; and the table knows what the API really says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from faplog.contracts import errors
from functions.analyse.core.analysis import read
from functions.analyse.core.errors import BadLog
from functions.api.uploads import contents
from tests.conftest import ROOT
from tests.unit.ui.fake_api import LOG_ID, FakeApi, detail
from ui import reasons

ROOMS = [
    ROOT / "functions" / "api" / f"{name}.py"
    for name in ["archive", "csrf", "receive", "requeue", "storing", "uploads"]
]
"""Where the API makes sentences about an owner's file; those of the analysis are `errors.TEMPLATES`."""
SHOWN_IN_ENGLISH = {"OTHER_APP", "HOURS_MISSING", "SECONDS_MISSING", "TOO_DAMAGED", "TWO_CARS", "CLOCK_UNUSABLE"}
"""Codes the pages do not translate yet."""
SAYS = {"BadRequest", "Forbidden", "Refused", "RequestEntityTooLarge", "RequestTimeout"}
NOT_OF_A_FILE = {"AVERAGE_GAVE_UP"}
REFUSED = [b"", b"%PDF-1.7 binary \x00\x01", b"only one line of words\n"]
BAD = [
    b"Date;Speed\n2025.02.03;1\n",
    b"Date;Time;Colour\n2025.02.03;07:00:00;red\n",
    b"Date;Time;Speed\n",
    b"Date;Time;Speed\nx;y;1\n",
]


def sentences(path: Path) -> Iterator[str]:
    """Every sentence a module can say of a file: what it raises, its constants that are sentences, places filled."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SAYS:
            given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "message")]
            yield from (text for value in given if (text := filled(value)))
        elif isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant):
            names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            text = filled(node.value)
            if re.fullmatch(r"[A-Z].* .*\.", text) and not names & NOT_OF_A_FILE:
                yield re.sub(r"\{\w+\}", "3", text)


def filled(value: ast.expr) -> str:
    """A string of the source with "3" in its places; empty for anything else, and for one that is all places."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "3" for part in value.values]
        return "".join(map(str, parts)) if any(isinstance(part, ast.Constant) for part in value.values) else ""
    return ""


def in_words(app: FlaskClient, message: str, language: str = "en") -> str:
    with app.application.test_request_context(headers={"Accept-Language": language}):
        return reasons.reason(message)


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.stem)
def test_every_sentence_about_a_file_is_known(browser: FlaskClient, path: Path) -> None:
    unknown = [said for said in sentences(path) if in_words(browser, said, "fr") == said]
    assert not unknown, "ui/reasons.py does not know these"


@pytest.mark.parametrize("code", sorted(set(errors.ErrorCode) - SHOWN_IN_ENGLISH))
def test_every_sentence_of_the_analysis_is_known(browser: FlaskClient, code: str) -> None:
    template = errors.TEMPLATES[errors.ErrorCode(code)]
    params = {name: kind(3) for name, kind in template.params.items()}
    said = errors.message(errors.ErrorCode(code), params)
    assert in_words(browser, said, "fr") != said


def test_the_sentences_are_found_in_the_source() -> None:
    """Else the test above would be content with nothing."""
    found = [said for path in ROOMS for said in sentences(path)]
    assert len(found) >= 15
    assert "The zip is encrypted: please make it without a password." in found


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (
            "No log in the zip: b.csv: The file is empty.",
            "Le zip ne contient aucun relevé. b.csv : Le fichier est vide.",
        ),
        (
            "You have deleted 1,200 logs that can still be restored: try again in an hour. 30 logs of the zip were "
            "stored.",
            "Vous avez supprimé 1\u202f200 relevés",
        ),
        (
            "You keep 9,990 logs and may keep 10,000: delete some that you no longer need. 1,200 logs of the zip were "
            "stored.",
            "Vous gardez 9\u202f990 relevés et pouvez en garder 10\u202f000. 1\u202f200",
        ),
    ],
)
def test_parts_of_a_sentence_are_in_the_readers_language_too(browser: FlaskClient, said: str, seen: str) -> None:
    assert in_words(browser, said, "fr").startswith(seen)


@pytest.mark.parametrize(
    ("said", "may_help"),
    [
        ("The upload broke off before its end.", True),
        ("You keep 10,000 logs and may keep 10,000: delete some that you no longer need.", True),
        ("You have deleted 1,200 logs that can still be restored: try again in an hour.", True),
        ("The file is empty.", False),
        ("No log in the zip: b.csv: The file is empty.", False),
    ],
)
def test_the_upload_page_knows_whether_sending_again_may_help(browser: FlaskClient, said: str, may_help: bool) -> None:
    with browser.application.test_request_context():
        helped = [again for pattern, _text, again in reasons.for_scripts() if re.search(pattern, said)]
    assert helped == [may_help]


@pytest.mark.parametrize("raw", REFUSED)
def test_what_intake_refuses_is_known(browser: FlaskClient, raw: bytes) -> None:
    message = contents.refusal(raw)
    assert message
    assert in_words(browser, message, "fr") != message


@pytest.mark.parametrize("raw", BAD)
def test_what_the_analysis_says_of_bad_logs_is_known(browser: FlaskClient, raw: bytes) -> None:
    with pytest.raises(BadLog) as caught:
        read(raw)
    message = caught.value.message
    assert in_words(browser, message, "fr") != message
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
