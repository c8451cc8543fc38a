"""Names and notes that people type keep only what can be seen; a token's name is refused, as it always was."""

import pytest
from pydantic import ValidationError

from functions.api.accounts.token_views import NewToken
from functions.api.cars.schemas import CarChange, NewCar, NewNote, NoteChange
from tests.unit.api.test_file_names import INVISIBLE

REFUSED = ("\x00", "\ud83d")
"""A NUL has its own refusal; a surrogate is no JSON."""
BREAKS = ("\t", "\n", "\x85", "\u2028", "\u2029")
STORED = {name: char for name, char in INVISIBLE.items() if char not in REFUSED}


@pytest.mark.parametrize("char", STORED.values(), ids=STORED)
def test_a_cars_name_keeps_what_can_be_seen(char: str) -> None:
    for name in (f"{char}My car", f"My{char} car", f"My car{char}", f"{char}\u202eMy\u200b car"):
        wanted = f"My{' ' if char in BREAKS and name[2] == char else ''} car"
        assert NewCar(name=name).name == CarChange(name=name).name == wanted
    with pytest.raises(ValidationError, match="it is empty"):
        NewCar(name=f"{char} {char}")


@pytest.mark.parametrize("char", STORED.values(), ids=STORED)
def test_a_note_keeps_what_can_be_seen_and_its_lines(char: str) -> None:
    text = f"oil{char}\r\n\tfilter{char}\u202e"
    kept = "oil\r\n\tfilter" if char not in "\t\n" else f"oil{char}\r\n\tfilter{char}"
    assert NewNote(kind="other", text=text).text == NoteChange(text=text).text == kept


@pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
def test_a_tokens_name_has_nothing_that_cannot_be_seen(char: str) -> None:
    for name in (char, f"Night{char}ly", f"Nightly{char}"):
        with pytest.raises(ValidationError):
            NewToken(name=name, scopes=["read"])


@pytest.mark.parametrize("text", ["Škoda 2.0", "Mamy auto 🚗", "e\u0301te\u0301", "رانندگی", "a  b"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert NewCar(name=text).name == NewNote(kind="other", text=text).text == text
