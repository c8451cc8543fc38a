"""Translations, read directly from the .po files, so that no compiled file can be out of date."""

from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask_babel import Babel, Domain, get_locale

FOLDER: Final = Path(__file__).parent / "translations"


def path(language: str) -> Path:
    """Return the path of the catalog of a language."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def catalog(language: str) -> Catalog:
    """Read the catalog of a language other than English."""
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


class PoDomain(Domain):  # type: ignore[misc]
    """A Flask-Babel domain that reads .po files, each language once on first use."""

    def get_translations(self) -> NullTranslations:
        """Return the translations for the language of the request. English is the source and needs none."""
        language = getattr(get_locale(), "language", "en")
        if language not in self.cache:
            self.cache[language] = Translations() if language == "en" else _compiled(language)
        translations: NullTranslations = self.cache[language]
        return translations


class PoBabel(Babel):  # type: ignore[misc]
    """Flask-Babel with `PoDomain` as its domain."""

    domain_instance = PoDomain()


def _compiled(language: str) -> NullTranslations:
    file = BytesIO()
    write_mo(file, catalog(language))
    file.seek(0)
    return Translations(file)
