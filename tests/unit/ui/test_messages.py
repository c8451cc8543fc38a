"""French and Polish are complete, and every translation keeps the places its text has."""

import re

import pytest

from faplog.contracts.limits import Code
from ui import catalogs, messages
from ui.checks import WORDS

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


def test_every_code_of_a_finding_has_words() -> None:
    assert set(WORDS) == set(Code)
