"""What is left of a file's name: the characters people can see."""

import pytest

from functions.api.uploads.file_names import MAX_NAME_CHARS, plain_name, shown_path
from functions.api.web.visible_text import visible

INVISIBLE = {
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "bidi embedding": "\u202a",
    "bidi override": "\u202e",
    "bidi end": "\u202c",
    "bidi isolate": "\u2066",
    "bidi isolate's end": "\u2069",
    "zero-width space": "\u200b",
    "zero-width non-joiner": "\u200c",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "Mongolian vowel separator": "\u180e",
    "Hangul filler": "\u3164",
    "half-width Hangul filler": "\uffa0",
    "variation selector": "\ufe0f",
    "interlinear annotation": "\ufff9",
    "shorthand format control": "\U0001bca0",
    "musical format control": "\U0001d173",
    "tag": "\U000e0041",
    "variation selector 17": "\U000e0100",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "NUL": "\x00",
    "tabulator": "\t",
    "line feed": "\n",
    "DEL": "\x7f",
    "C1 control": "\x85",
    "surrogate": "\ud83d",
    "noncharacter": "\ufffe",
    "noncharacter of a higher plane": "\U0001ffff",
    "noncharacter in the middle": "\ufdd0",
}


@pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
def test_what_cannot_be_seen_is_removed_wherever_it_stands(char: str) -> None:
    for name in (f"{char}log.csv", f"lo{char}g.csv", f"log.c{char}sv", f"log.csv{char}", char.join("log.csv")):
        assert visible(name) == "log.csv"
        assert plain_name(f"C:\\{char}logs{char}/{name}") == "log.csv"
    assert plain_name(char) == ""


@pytest.mark.parametrize(
    "name",
    ["log.csv", "Märzfahrten.csv", "e\u0301té.csv", "ログ.csv", "журнал 1.csv", "🚗.csv", "דוח.csv", "a b_(1)–2.csv"],
)
def test_what_can_be_seen_stays(name: str) -> None:
    assert plain_name(name) == visible(name) == shown_path(name) == name


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a/b.csv", "a/b.csv"),
        ("\u202ea\u202c/b\u200e.csv", "a/b.csv"),
        ("\u200e", "(no name)"),
        ("", "(no name)"),
        ("x" * 255, "x" * 255),
        ("x/" * 30_000 + "log.csv", "…" + ("x/" * 30_000 + "log.csv")[-254:]),
    ],
)
def test_a_path_is_shown_visible_and_short(path: str, shown: str) -> None:
    assert shown_path(path) == shown
    assert len(shown_path(path)) <= MAX_NAME_CHARS
