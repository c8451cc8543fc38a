"""The catalogs of translations, kept in line with the texts in code and templates: `python -m ui.messages`.

New texts come in untranslated, vanished ones go; the tests fail until every text has its translations.
"""

from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

from faplog.contracts import catalogue
from ui import catalogs
from ui.preferences import LANGUAGES

TRANSLATED: Final = tuple(language for language in LANGUAGES if language != "en")
_METHODS: Final = [("templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS: Final = {"templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}


def template() -> Catalog:
    """Every text of the pages: those found in code and templates, and the words of the findings."""
    found = Catalog(charset="utf-8")
    keywords = DEFAULT_KEYWORDS | {"lazy_gettext": None}
    for _file, _line, message, _comments, context in extract_from_dir(
        catalogs.FOLDER.parent, _METHODS, _OPTIONS, keywords
    ):
        found.add(message, context=context)
    for sentence in catalogue.sentences():
        found.add(sentence)
    return found


def bring_in_line(language: str) -> Catalog:
    """The catalog of a language with every text of today, keeping the translations it has."""
    path = catalogs.path(language)
    catalog = catalogs.catalog(language) if path.is_file() else Catalog(locale=language, charset="utf-8")
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, omit_header=False, sort_output=True, no_location=True, ignore_obsolete=True, width=120)
    return catalog


def missing(catalog: Catalog) -> list[str]:
    """The texts of a catalog without a translation in every plural form."""
    return [str(message.id) for message in catalog if message.id and (message.fuzzy or not all(_strings(message)))]


def _strings(message: Message) -> list[str]:
    if isinstance(message.string, str):
        return [message.string]
    return [str(string) for string in message.string or [""]]


if __name__ == "__main__":
    for language in TRANSLATED:
        untranslated = missing(bring_in_line(language))
        print(f"{language}: {len(untranslated)} untranslated")
