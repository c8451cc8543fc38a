"""What went wrong, in the reader's language: by code, never by sentence."""

import ast
import json
import re
from dataclasses import asdict
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from faplog.contracts.errors import TEMPLATES, Cause, ErrorCode, cause
from tests.conftest import ROOT
from tests.unit.ui.fake_api import LOG_ID, FakeApi, detail, item, listing
from ui import catalogs, errors
from ui.messages import TRANSLATED

SCRIPTS: Final = sorted((ROOT / "ui" / "static" / "js").glob("*.js"))
PATTERNS: Final = re.compile(r"RegExp\(|\.(?:test|match|matchAll|exec|search)\(")
NOT_ABOUT_MESSAGES: Final = {
    "axes.js": [r"/(Z|[+-]\d\d:\d\d)$/.test(iso)"],
    "http.js": ["document.cookie.match("],
    "sending.js": [r"/\.(csv|zip)$/i.test(file.name)"],
    "pwa.js": ['cache.match("/offline")'],
    "worker.js": ["caches.match(OFFLINE", "caches.match(request"],
    "errors.js": [r"(text.match(/\{\w+\}/g)"],  # the placeholders of our own text
}
"""What the scripts use regular expressions for, and look-ups in the cache of the offline page."""


def params_of(code: ErrorCode) -> dict[str, Any]:
    """Return a value for each parameter of a code."""
    values = {str: "x", int: 1234, Cause: asdict(cause(ErrorCode.NO_ROWS))}
    return {name: values[kind] for name, kind in TEMPLATES[code].params.items()}


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _format, _conversion in Formatter().parse(text) if name is not None}


catalog = cache(catalogs.catalog)
"""A language's catalog, read once."""


def in_words(app: FlaskClient, error: dict[str, Any], language: str = "en") -> str:
    with app.application.test_request_context(headers={"Accept-Language": language}):
        return errors.text(error)


def test_every_code_has_a_text() -> None:
    assert set(errors.TEXTS) == set(ErrorCode)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_text_has_no_other_placeholders_than_its_code_has_parameters(browser: FlaskClient, code: ErrorCode) -> None:
    with browser.application.test_request_context():
        text = str(errors.TEXTS[code])
    assert placeholders(text) <= TEMPLATES[code].params.keys()
    said = in_words(browser, {"code": code, "params": params_of(code), "message": "English."})
    assert said
    assert not placeholders(said)
    assert said != "English."


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("code", ErrorCode)
def test_a_text_is_translated_with_the_same_placeholders(browser: FlaskClient, code: ErrorCode, language: str) -> None:
    with browser.application.test_request_context():
        english = str(errors.TEXTS[code])
    message = catalog(language)[english]
    assert message is not None
    assert placeholders(str(message.string)) == placeholders(english)
    assert str(message.string) != english


def test_numbers_and_errors_within_an_error_are_in_the_readers_language_too(browser: FlaskClient) -> None:
    quota = {"code": "QUOTA_EXCEEDED", "params": {"kept": 9990, "quota": 10_000}, "message": "In English."}
    error = {"code": "ZIP_PARTLY_STORED", "params": {"reason": quota, "stored": 1200}, "message": "In English."}
    said = in_words(browser, error, "fr")
    assert said.startswith("Vous avez 9\u202f990 relevés et pouvez en garder 10\u202f000.")
    assert said.endswith("1\u202f200 relevés du zip ont été enregistrés.")


@pytest.mark.parametrize(
    "error",
    [
        {"message": "It is Tuesday."},
        {"message": "It is Tuesday.", "code": None, "params": None},
        {"message": "It is Tuesday.", "code": "OF_A_LATER_RELEASE", "params": {"day": "Tuesday"}},
        {"message": "It is Tuesday.", "code": "COLUMN_MISSING", "params": {"name_of_a_later_release": "x"}},
    ],
)
def test_what_has_no_text_is_shown_with_its_english_message(browser: FlaskClient, error: dict[str, Any]) -> None:
    assert in_words(browser, error, "fr") == "It is Tuesday."


def test_a_value_in_braces_is_no_placeholder(browser: FlaskClient) -> None:
    error = {"code": "COLUMN_MISSING", "params": {"column": "{example} {0}"}, "message": "x"}
    assert in_words(browser, error) == "The column “{example} {0}” is missing."


@pytest.mark.parametrize(
    ("language", "seen"),
    [
        ("en", "The column “Time” is missing."),
        ("fr", "La colonne «\u00a0Time\u00a0» manque."),
        ("pl", "Brakuje kolumny „Time”."),
    ],
)
def test_a_failed_log_says_why_in_the_readers_language(
    user: FlaskClient, api: FakeApi, language: str, seen: str
) -> None:
    why = asdict(cause(ErrorCode.COLUMN_MISSING, column="Time"))
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", **why)
    api.answers["analyses"] = listing(item(status="Failed", **why))
    for path in (f"/logs/{LOG_ID}", "/logs"):
        page = user.get(path, headers={"Accept-Language": language}).text
        assert seen in page
        assert "Failed to read" not in page


@pytest.mark.parametrize("stored", [{}, {"code": None, "params": None}])
def test_a_log_that_failed_before_there_were_codes_shows_its_message(
    user: FlaskClient, api: FakeApi, stored: dict[str, Any]
) -> None:
    message = "Failed to read csv file: the column &#39;Time&#39; is missing"
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", message=message.replace("&#39;", "'"), **stored)
    assert message in user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": "fr"}).text


def test_scripts_get_the_texts_and_what_may_help_to_repeat(user: FlaskClient) -> None:
    page = user.get("/upload", headers={"Accept-Language": "pl"}).text
    carried = json.loads(page.split('id="errors">')[1].split("</script>")[0])
    assert carried.keys() == set(ErrorCode)
    assert carried["COLUMN_MISSING"] == "Brakuje kolumny „{column}”."
    repeatable = page.split('data-may-help-to-repeat="')[1].split('"')[0].split()
    assert {"UPLOAD_INCOMPLETE", "QUOTA_EXCEEDED", "DELETED_QUOTA_EXCEEDED", "FORM_MALFORMED"} <= set(repeatable)
    assert not {"UPLOAD_EMPTY", "ZIP_WITHOUT_LOGS", "OTHER_APP", "UPLOAD_TOO_LARGE"} & set(repeatable)


def test_sizes_are_said_once_and_rendered(user: FlaskClient) -> None:
    """The limit of an upload and the length of a gap come from the contracts, into pages and scripts."""
    page = user.get("/upload").text
    assert 'data-max-bytes="20971520"' in page
    assert "up to 20 MB each" in page
    sources = [*SCRIPTS, *sorted((ROOT / "ui" / "templates").glob("*.html")), *sorted((ROOT / "ui").glob("*.py"))]
    repeated = re.compile(r"\b20 ?MB\b|20 \* 1024|20971520|ten seconds|> 10\)")
    assert not [path.name for path in sources if repeated.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_matches_a_message(path: Path) -> None:
    text = path.read_text("utf-8")
    for allowed in NOT_ABOUT_MESSAGES.get(path.name, []):
        assert allowed in text
        text = text.replace(allowed, "")
    assert not PATTERNS.findall(text)
    assert not re.findall(r"(?:message|said)\s*(?:[!=]==|\.(?:includes|startsWith|endsWith|indexOf)\()", text)


def test_no_module_of_the_pages_matches_a_message() -> None:
    """Regular expressions are for file names and such; none of the modules that know of messages uses one."""
    using = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "ui").rglob("*.py"))
        if "node_modules" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import) and any(name.name == "re" for name in node.names)
    ]
    assert using == []
