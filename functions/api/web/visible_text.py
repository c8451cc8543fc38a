"""Texts of users without control characters and invisible characters, so that none can look like another one."""

import unicodedata
from typing import Final

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls; formats such as left-to-right marks, bidi controls and zero-width characters; surrogates; line breaks."""

_INVISIBLE_RANGES: Final = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFDD0, 0xFDEF),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)
"""Other code points that are not displayed (Unicode's Default_Ignorable_Code_Point), such as fillers and variation
selectors, and noncharacters."""

_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " ")
_LAYOUT: Final = frozenset("\t\n\r")


def visible(text: str) -> str:
    """Return a text of one line without its invisible characters."""
    return text if text.isascii() and text.isprintable() else "".join(filter(_is_visible, text))


def visible_name(name: str) -> str:
    """Return a name without invisible characters and without blanks around it; line breaks become blanks."""
    return visible(name.translate(_LINE_BREAKS)).strip()


def visible_lines(text: str) -> str:
    """Return a text of several lines without its invisible characters; line breaks and tabs stay."""
    return "".join(char for char in text if char in _LAYOUT or _is_visible(char))


def _is_visible(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) in _INVISIBLE_CATEGORIES or code & 0xFFFE == 0xFFFE:
        return False
    return not any(first <= code <= last for first, last in _INVISIBLE_RANGES)
