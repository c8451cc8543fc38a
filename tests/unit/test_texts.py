"""Texts that people see use the words of docs/glossary.md, and none of the turns that were replaced."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from functions.api.web import openapi
from tests.conftest import ROOT
from tests.unit.api.conftest import app
from tests.unit.api.test_openapi import ACCESS_COOKIE
from tests.unit.test_walls import files, tree
from ui import catalogs, messages

__all__ = ["app"]

FORBIDDEN: Final = {
    "en": (
        "against (its|their) limits",
        "take it with you",
        "how good the data is",
        "over each other",
        "make an account",
        "make a link",
        "replaces no workshop",
        "than this address takes",
        "no way back",
        "who logs in",
        "who am I",
        "particle filter",
        "whoever",
        "nobody",
        "somebody",
        "anew\\b",
        "too little to judge",
        "no judging",
        "the car reckons",
        "hottest",
        "since the one before",
        "there is no such (log|analysis)",
        "worked out again",
        "the link is dead",
        "dead (from|then)",
        "yours alone",
        "by itself as soon",
        "is away\\b",
        "answer (304|412) if",
        "nothing new\\.",
        "reckons, not what",
        "an educated guess: compare",
        "expected is the",
        "look into (your|the)",
        "(found|find the car) by itself",
        "is this log of\\?",
        "is sent from here",
        "before its end\\. please",
        "does not have it\\.",
    ),
    "fr": (
        "à emporter",
        "bon retour",
        "chargé d’ailleurs",
        "issue non vue",
        "interruptions?\\b",
        "contre-pression",
        "sans retour possible",
        "si elle a fini",
        "au plus chaud",
        "en sont la cause",
        "filtre bouché",
        "pas des csv",
        "tuyau",
        "exploitables?\\b",
    ),
    "pl": (
        "na tle granic",
        "filtr\\w* cząstek(?! stałych)",
        "(?<!temperatura )płynu? chłodząc\\w+, (najwyższa|najniższa|średnia)",
        "ciśnienie na biegu jałowym",
        "\\b(byłeś|byłaś|zrobiłeś|zrobiłaś|powinieneś|powinnaś|chciałbyś|chciałabyś|mógłbyś|mogłabyś)\\b",
        "jeden na drugim",
        "zabierz ze sobą",
        "wyniku nie widać",
        "\\bserwis(u|ie|em)?\\b",
        "użyteczn",
        "obsług(a|ą)\\b",
    ),
}
"""Regular expressions by language, upper and lower case alike."""

GENERATED: Final = ("errors.md",)
"""Pages with the messages of errors, which stay as they are for older clients."""

UNLOCALISED: Final = ("The system",)
"""Sections of the glossary with terms that the pages do not show, and so without a French and a Polish word."""


def forbidden(text: str, language: str) -> list[str]:
    """Return the forbidden turns in a text."""
    return [turn for turn in FORBIDDEN[language] if re.search(turn, text, re.IGNORECASE)]


def translations(language: str) -> Iterator[str]:
    """Yield every translation of a catalog, all plural forms."""
    for message in catalogs.catalog(language):
        if message.id:
            yield from [message.string] if isinstance(message.string, str) else message.string or ()


def sources() -> Iterator[str]:
    """Yield every English text of the pages."""
    for message in messages.template():
        if message.id:
            yield from [message.id] if isinstance(message.id, str) else message.id


def descriptions(node: Any) -> Iterator[str]:
    """Yield every summary and description of an OpenAPI document or JSON schema."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("summary", "description") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(node, list):
        for value in node:
            yield from descriptions(value)


def tables() -> dict[str, list[list[str]]]:
    """Return the rows of the glossary by section: term, meaning, English, French, Polish."""
    sections = re.split(r"^## ", (ROOT / "docs" / "glossary.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        section.splitlines()[0]: [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in section.splitlines()
            if line.startswith("| ") and not line.startswith("| term ")
        ]
        for section in sections
    }


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Against their limits"),
        ("en", "Your particle filter"),
        ("en", "The database is away."),
        ("fr", "Contre-pression, moyenne"),
        ("pl", "Zrozum swój filtr cząstek"),
        ("pl", "Płyn chłodzący, najwyższa"),
        ("pl", "tam, gdzie byłeś"),
    ],
)
def test_the_turns_are_found(language: str, text: str) -> None:
    assert forbidden(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Particulate filter (DPF/FAP)"),
        ("fr", "Régénération interrompue"),
        ("pl", "Filtr cząstek stałych (FAP/DPF)"),
        ("pl", "Temperatura płynu chłodzącego, najwyższa"),
    ],
)
def test_good_words_are_not_found(language: str, text: str) -> None:
    assert not forbidden(text, language)


def test_english_texts() -> None:
    assert {text: turns for text in sources() if (turns := forbidden(text, "en"))} == {}


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_translations(language: str) -> None:
    assert {text: turns for text in translations(language) if (turns := forbidden(text, language))} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "ui" / "templates").glob("*.html")), ids=lambda path: path.name)
def test_templates(path: Path) -> None:
    assert forbidden(path.read_text("utf-8"), "en") == []


def test_descriptions_of_the_api(app: Any) -> None:
    found = descriptions(openapi.document(app, ACCESS_COOKIE))
    assert {text: turns for text in found if (turns := forbidden(text, "en"))} == {}


def test_french_has_no_break_spaces() -> None:
    wrong = [text for text in translations("fr") if messages.with_french_spaces(text) != text]
    assert wrong == [], "run make messages"
    assert messages.with_french_spaces("Vu : « a » ? Oui ; non !") == (
        "Vu\u00a0: «\u00a0a\u00a0»\u202f? Oui\u202f; non\u202f!"
    )
    assert messages.with_french_spaces("80\u00a0km/h\u00a0!") == "80\u00a0km/h\u202f!"


def test_the_glossary_is_complete() -> None:
    rows = [(section, row) for section, rows in tables().items() for row in rows]
    assert len(rows) >= 40
    terms = [row[0] for _section, row in rows]
    assert sorted(terms) == sorted(set(terms))
    for section, row in rows:
        assert len(row) == 5
        assert all(row)
        assert section in UNLOCALISED or "–" not in row[3:]


def test_the_glossary_keeps_to_its_words() -> None:
    for rows in tables().values():
        for _term, _meaning, english, french, polish in rows:
            assert forbidden(english, "en") == forbidden(french, "fr") == forbidden(polish, "pl") == []


def test_the_glossary_is_linked() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "docs/glossary.md" in (ROOT / name).read_text("utf-8")


VAGUE: Final = re.compile(r"\b(whoever|nobody|somebody|anybody|everybody)\b", re.IGNORECASE)
"""Words for persons that a reader has to decode: a docstring names the role instead."""


def prose(path: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    with (ROOT / path).open("rb") as file:
        yield from (token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT)


def test_docstrings_and_comments_name_roles() -> None:
    suspects = [path for path in files() if VAGUE.search((ROOT / path).read_text("utf-8"))]  # parsing all takes long
    assert suspects
    assert {str(path): text for path in suspects for text in prose(path) if VAGUE.search(text)} == {}


def test_comments_of_scripts_name_roles() -> None:
    scripts = [*(ROOT / "ui" / "static" / "js").glob("*.js"), *ROOT.glob("infra/*.sh"), *ROOT.glob("tests/*/*.sh")]
    assert len(scripts) > 30
    assert [str(path) for path in scripts if VAGUE.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED),
    ],
    ids=lambda path: path.name,
)
def test_documentation(path: Path) -> None:
    text = path.read_text("utf-8").replace('Never "particle filter"', "")
    assert forbidden(text, "en") == []
