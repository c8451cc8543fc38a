"""The logs in a zip, entry by entry.

The table of entries (central directory) of a hostile zip can be wrong, so it is checked before anything is unpacked,
and no entry is unpacked beyond the size that the table says.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_BYTES
from faplog.http_errors import Refused, refused

from ..web.visible_text import visible
from .file_names import plain_name, shown_path
from .receive import Spooled

MAX_ENTRIES: Final = 1000
MAX_ENTRY_BYTES: Final = MAX_LOG_BYTES
MAX_TOTAL_BYTES: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 100
"""Largest ratio of unpacked to packed size; real logs reach 13."""

_RATIO_FROM_BYTES: Final = 64 * 1024
"""Smaller files may have any ratio: a small file of blanks is harmless."""

_MAX_TABLE_BYTES: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_ENCRYPTED: Final = 0x1
_UTF8_NAME: Final = 0x800


@dataclass(frozen=True, slots=True)
class Listing:
    """The table of a zip: the logs, and the names of everything else."""

    logs: tuple[zipfile.ZipInfo, ...]
    skipped: tuple[str, ...]


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip.

    Raises:
        BadRequest: The file is not a zip.
        RequestEntityTooLarge: Its table is too large.
    """
    try:
        return zipfile.ZipFile(_CappedFile(file))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OverflowError, NotImplementedError, OSError):
        raise refused(ErrorCode.ZIP_INVALID) from None


def listing(archive: zipfile.ZipFile) -> Listing:
    """Return the contents of a zip according to its table.

    Raises:
        BadRequest: It has no log, is encrypted, or uses an unsupported compression.
        RequestEntityTooLarge: It has more entries or bytes than allowed, or a suspicious compression ratio.
    """
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _too_large()
    logs: list[zipfile.ZipInfo] = []
    skipped: list[zipfile.ZipInfo] = []
    for entry in entries:
        (logs if _is_log(entry) else skipped).append(entry)
    for entry in logs:
        if entry.flag_bits & _ENCRYPTED:
            raise refused(ErrorCode.ZIP_ENCRYPTED)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refused(ErrorCode.ZIP_METHOD_UNKNOWN)
        if entry.file_size > MAX_ENTRY_BYTES:
            raise _too_large()
        if entry.file_size > max(_RATIO_FROM_BYTES, MAX_RATIO * entry.compress_size):
            raise refused(ErrorCode.ZIP_RATIO_TOO_HIGH)
    if sum(entry.file_size for entry in logs) > MAX_TOTAL_BYTES:
        raise _too_large()
    if not logs:
        raise refused(ErrorCode.ZIP_WITHOUT_CSV)
    return Listing(tuple(logs), tuple(shown_name(entry) for entry in skipped))


def _too_large() -> Refused:
    return refused(
        ErrorCode.ZIP_TOO_LARGE,
        max_entries=MAX_ENTRIES,
        max_entry_mb=MAX_ENTRY_BYTES >> 20,
        max_total_mb=MAX_TOTAL_BYTES >> 20,
    )


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Spooled | None:
    """Unpack an entry, up to the size in the table, or return None if it is damaged. The caller closes the file."""
    spooled = Spooled.named(plain_name(_full_name(entry)))
    try:
        for chunk in _chunks(archive, entry):
            spooled.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError):
        spooled.file.close()
        return None
    spooled.file.seek(0)
    return spooled


def shown_name(entry: zipfile.ZipInfo) -> str:
    """Return the entry's name with its folders, for display."""
    return shown_path(_full_name(entry))


def _full_name(entry: zipfile.ZipInfo) -> str:
    """Return the entry's name with its folders, as UTF-8 if it is valid: many tools do not set the flag for UTF-8."""
    if entry.flag_bits & _UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as packed:
        while chunk := packed.read(_CHUNK):
            yield chunk


def _is_log(entry: zipfile.ZipInfo) -> bool:
    """Return whether the entry is a regular .csv file: no folder, no link, no metadata of macOS."""
    name = visible(_full_name(entry)).replace("\\", "/")
    base = plain_name(name)
    mode = entry.external_attr >> 16
    return (
        base.lower().endswith(".csv")
        and not entry.is_dir()
        and not base.startswith("._")
        and "__MACOSX" not in name.split("/")
        and (not stat.S_IFMT(mode) or stat.S_ISREG(mode))
    )


class _CappedFile(io.RawIOBase):
    """File wrapper that caps a single `read()` at 1 MiB, because `zipfile` reads the table of entries in one call."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            here = self._file.tell()
            size = self._file.seek(0, io.SEEK_END) - here
            self._file.seek(here)
        if size > _MAX_TABLE_BYTES:
            raise refused(ErrorCode.ZIP_TABLE_TOO_LONG, max_entries=MAX_ENTRIES)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset < 0:  # a file in memory raises ValueError, one on disk OSError
            raise zipfile.BadZipFile("an entry begins before the file does")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
