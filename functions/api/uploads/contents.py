"""First check of uploaded bytes: not empty, text, and with a header. The analysis checks the rest."""

import codecs
import re
from typing import Final

from faplog.contracts.errors import Cause, ErrorCode, cause
from faplog.contracts.other_apps import other_app

HEAD_BYTES: Final = 64 * 1024
"""How much of a file is checked."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS: Final = re.compile(r"[;,\t]")
_MAGIC: Final = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ")
_CONTROL: Final = bytes(sorted(set(range(32)) - {9, 10, 12, 13, 26} | {127}))


def refusal(head: bytes) -> Cause | None:
    """Return why a file that begins with these bytes (up to `HEAD_BYTES`) is no log, or None if it may be one."""
    if not head.strip(b"\x00 \t\r\n" + codecs.BOM_UTF8):
        return cause(ErrorCode.UPLOAD_EMPTY)
    text = _decode(head)
    if text is None:
        return cause(ErrorCode.NOT_TEXT)
    app = other_app(text)
    if app:
        return cause(ErrorCode.OTHER_APP, app=app)
    if not any(_is_header(line) for line in text.splitlines()):
        return cause(ErrorCode.HEADER_EXPECTED)
    return None


def _decode(head: bytes) -> str | None:
    """Return the bytes as text, or None if they are binary."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head.decode(encoding, "replace")
    if head.startswith(_MAGIC) or b"\x00" in head:
        return None
    control = len(head) - len(head.translate(None, _CONTROL))
    return None if control * 100 > len(head) else head.decode("latin-1")


def _is_header(line: str) -> bool:
    """Return whether a line has at least two cells, and most of the filled ones begin with a letter."""
    cells = [cell for raw in _SEPARATORS.split(line) if (cell := raw.strip(" \"'"))]
    named = sum(cell[0].isalpha() for cell in cells)
    return len(cells) > 1 and named * 2 > len(cells)
