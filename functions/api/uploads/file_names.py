"""File names as they are stored and shown: visible, and no longer than their column."""

import re
from typing import Final

from ..web.visible_text import visible

MAX_NAME_CHARS: Final = 255
"""Longer names are shortened to this length, which is that of the database column."""


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
