"""French and Polish are complete, and every translation keeps the places its text has."""

import re

import pytest

from faplog.contracts import catalogue
from faplog.contracts.limits import LIMITS, Code, Severity
from ui import catalogs, messages

PLACES = re.compile(r"%\(\w+\)\w|\{\w+\}|<[^>]+>")


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    catalog = catalogs.catalog(language)
    assert not messages.missing(catalog)
    assert {message.id for message in messages.template()} == {message.id for message in catalog}, "run make messages"


@pytest.mark.parametrize("language", messages.TRANSLATED)
def test_a_translation_has_the_same_places_to_fill(language: str) -> None:
    for message in catalogs.catalog(language):
        if not message.id:
            continue
        texts = [message.string] if isinstance(message.string, str) else list(message.string or ())
        source = message.id if isinstance(message.id, str) else message.id[0]
        for translated in texts:
            assert sorted(PLACES.findall(str(translated))) == sorted(PLACES.findall(source)), message.id


@pytest.mark.parametrize("language", messages.TRANSLATED)
@pytest.mark.parametrize("code", Code)
def test_a_finding_has_words_for_each_severity_it_can_have(code: Code, language: str) -> None:
    translated = {message.id: message.string for message in catalogs.catalog(language)}
    entry = catalogue.words(code)
    wanted = [entry.title, entry.seen]
    wanted += [catalogue.advice(code, severity) or "" for severity in LIMITS[code].severities() - {Severity.GOOD}]
    for sentence in wanted:
        assert sentence
        assert translated[sentence] not in ("", sentence)
