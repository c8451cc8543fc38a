"""The sentences of `faplog.contracts` in other languages, for processes other than the pages.

The pages' catalogs are the source: `python -m ui.messages` writes the JSON files here.
"""

from functools import cache
from importlib.resources import files
from typing import Final

import orjson

LANGUAGES: Final = ("en", "fr", "pl")

_DECIMAL_COMMA: Final = str.maketrans({",": "\u202f", ".": ","})


def translated(sentence: str, language: str) -> str:
    """Return a sentence in a language; in English where it has no translation."""
    return sentence if language == "en" else _sentences(language).get(sentence, sentence)


def number(text: str, language: str) -> str:
    """Return a number or quantity, written in English, as another language writes it."""
    return text if language == "en" else text.translate(_DECIMAL_COMMA)


@cache
def _sentences(language: str) -> dict[str, str]:
    if language not in LANGUAGES:
        return {}
    found: dict[str, str] = orjson.loads((files(__name__) / f"{language}.json").read_bytes())
    return found
