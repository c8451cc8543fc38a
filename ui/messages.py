"""Update the catalogs of translations from the texts in code and templates: `python -m ui.messages`.

New texts are added without a translation and texts that are gone are removed. The tests fail until every text is
translated.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

from faplog.contracts import catalogue, notices
from ui import catalogs
from ui.preferences import LANGUAGES

TRANSLATED: Final = tuple(language for language in LANGUAGES if language != "en")
_METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS: Final = {"templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}


def with_french_spaces(text: str) -> str:
    """Return a French text with no-break spaces before `: ; ? !` and inside guillemets."""
    for space in " \u00a0\u202f":
        for sign in ";?!":
            text = text.replace(f"{space}{sign}", f"\u202f{sign}")
        for sign in ":»":
            text = text.replace(f"{space}{sign}", f"\u00a0{sign}")
        text = text.replace(f"«{space}", "«\u00a0")
    return text


WORDS: Final = Path(catalogs.FOLDER).parents[1] / "faplog" / "words"
"""Where the translations of the shared sentences are written for other processes."""

TYPOGRAPHY: Final[dict[str, Callable[[str], str]]] = {"fr": with_french_spaces}
"""Rules of a language that are applied to all its translations."""


def template() -> Catalog:
    """Return a catalog of all texts, without translations: those in code and templates, and the words of findings."""
    template = Catalog(charset="utf-8")
    keywords = DEFAULT_KEYWORDS | {"lazy_gettext": None}
    for _file, _line, message, _comments, context in extract_from_dir(
        catalogs.FOLDER.parent, _METHODS, _OPTIONS, keywords
    ):
        template.add(message, context=context)
    for sentence in shared_sentences():
        template.add(sentence)
    return template


def shared_sentences() -> Iterator[str]:
    """Yield the sentences that other processes say as well."""
    yield from catalogue.sentences()
    yield from notices.sentences()


def shared_words(language: str) -> str:
    """Return the translations of the shared sentences as JSON, for `faplog.words`."""
    translations = {message.id: message.string for message in catalogs.catalog(language) if message.id}
    words = {sentence: translations.get(sentence) or sentence for sentence in shared_sentences()}
    return json.dumps(words, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def update_catalog(language: str) -> Catalog:
    """Update the catalog of a language: all texts of the pages, with the translations it already has."""
    path = catalogs.path(language)
    catalog = catalogs.catalog(language) if path.is_file() else Catalog(locale=language, charset="utf-8")
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    for message in catalog:
        if message.id:
            message.string = _in_every_form(message, TYPOGRAPHY.get(language, str))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, omit_header=False, sort_output=True, no_location=True, ignore_obsolete=True, width=120)
    return catalog


def missing(catalog: Catalog) -> list[str]:
    """Return the texts of a catalog that lack a translation in some plural form."""
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not all(_strings(message)))]


def _in_every_form(message: Message, change: Callable[[str], str]) -> str | tuple[str, ...]:
    if isinstance(message.string, str):
        return change(message.string)
    return tuple(change(str(form)) for form in message.string or ())


def _strings(message: Message) -> list[str]:
    if isinstance(message.string, str):
        return [message.string]
    return [str(string) for string in message.string or [""]]


if __name__ == "__main__":
    for language in TRANSLATED:
        untranslated = missing(update_catalog(language))
        (WORDS / f"{language}.json").write_text(shared_words(language), "utf-8")
        print(f"{language}: {len(untranslated)} untranslated")
