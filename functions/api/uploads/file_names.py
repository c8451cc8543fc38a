"""File names without control characters and invisible characters."""

import re
import unicodedata
from typing import Final

MAX_NAME_CHARS: Final = 255
"""Longer names are shortened to this length, which is that of the database column."""

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


def visible(name: str) -> str:
    """Return the name without its invisible characters."""
    return name if name.isascii() and name.isprintable() else "".join(filter(_is_visible, name))


def plain_name(name: str) -> str:
    """Return the last part of a path without invisible characters, shortened to 255 characters before its extension.

    Returns "" if nothing is left.
    """
    base = re.split(r"[/\\]", visible(name))[-1].strip()
    if len(base) > MAX_NAME_CHARS:
        stem, dot, extension = base.rpartition(".")
        keep = MAX_NAME_CHARS - len(dot + extension)
        base = stem[:keep] + dot + extension if dot and keep > 0 else base[:MAX_NAME_CHARS]
    return base


def shown_path(path: str) -> str:
    """Return a path for display, without invisible characters, its beginning cut off if it is too long."""
    shown = visible(path).strip() or "(no name)"
    return shown if len(shown) <= MAX_NAME_CHARS else "…" + shown[1 - MAX_NAME_CHARS :]


def _is_visible(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) in _INVISIBLE_CATEGORIES or code & 0xFFFE == 0xFFFE:
        return False
    return not any(first <= code <= last for first, last in _INVISIBLE_RANGES)
