"""Texts of users without control characters and invisible characters, so that none can look like another one."""

import re
import unicodedata
from typing import Final

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls; formats such as left-to-right marks, bidi controls and zero-width characters; surrogates; line breaks."""

_FILLERS: Final = re.compile(
    "[\u034f\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Other code points that are not displayed (Unicode's Default_Ignorable_Code_Point), such as fillers and variation
selectors, and noncharacters."""

_LINE_BREAKS: Final = dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " ")
_LAYOUT: Final = re.compile("([\t\n\r])")


def visible(text: str) -> str:
    """Return a text of one line without its invisible characters."""
    text = _FILLERS.sub("", text)
    return text if text.isprintable() else "".join(filter(_is_visible, text))


def visible_name(name: str) -> str:
    """Return a name without invisible characters and without blanks around it; line breaks become blanks."""
    return visible(name.translate(_LINE_BREAKS)).strip()


def visible_lines(text: str) -> str:
    """Return a text of several lines without its invisible characters; line breaks and tabs stay."""
    parts = _LAYOUT.split(text)
    parts[::2] = map(visible, parts[::2])
    return "".join(parts)


def _is_visible(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE_CATEGORIES and ord(char) & 0xFFFE != 0xFFFE
