"""Whether uploaded bytes can be a log at all: not empty, text, and with a header. The rest is the analyser's to say."""

import codecs
import re
from typing import Final

from faplog.contracts.errors import ErrorCode, message
from faplog.contracts.other_apps import other_app

HEAD_BYTES: Final = 64 * 1024
"""How much of a file is looked at."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS: Final = re.compile(r"[;,\t]")
_MAGIC: Final = (b"%PDF-", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"MZ")
_CONTROL: Final = bytes(sorted(set(range(32)) - {9, 10, 12, 13, 26} | {127}))


def refusal(head: bytes) -> str | None:
    """Why a file that begins with these bytes (up to `HEAD_BYTES`) is no log, as a sentence; None if it may be one."""
    if not head.strip(b"\x00 \t\r\n" + codecs.BOM_UTF8):
        return "The file is empty."
    text = _text(head)
    if text is None:
        return "The file is not a text file: expected the CSV the FAP app writes."
    app = other_app(text)
    if app:
        return message(ErrorCode.OTHER_APP, {"app": app})
    if not any(_is_header(line) for line in text.splitlines()):
        return "The file has no header line: expected the CSV the FAP app writes, with columns like Date and Time."
    return None


def _text(head: bytes) -> str | None:
    """The bytes as text, None where they are none."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head.decode(encoding, "replace")
    if head.startswith(_MAGIC) or b"\x00" in head:
        return None
    control = len(head) - len(head.translate(None, _CONTROL))
    return None if control * 100 > len(head) else head.decode("latin-1")


def _is_header(line: str) -> bool:
    """A line of names: at least two cells, most of the filled ones beginning with a letter."""
    cells = [cell for raw in _SEPARATORS.split(line) if (cell := raw.strip(" \"'"))]
    named = sum(cell[0].isalpha() for cell in cells)
    return len(cells) > 1 and named * 2 > len(cells)
