"""The logs in a zip, entry by entry. A zip lies about itself at will, so nothing is unpacked before its table was
looked at, and nothing beyond what the table admits."""

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

from .file_names import plain_name, shown_path, visible
from .receive import Spooled

MAX_ENTRIES: Final = 1000
MAX_ENTRY_BYTES: Final = MAX_LOG_BYTES
MAX_TOTAL_BYTES: Final = 200 * 1024 * 1024
MAX_RATIO: Final = 100
"""Unpacked to packed; real logs reach 13."""

_RATIO_FROM_BYTES: Final = 64 * 1024
"""Below this a ratio says nothing: a tiny file of blanks is no bomb."""

_MAX_TABLE_BYTES: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
_ENCRYPTED: Final = 0x1
_UTF8_NAME: Final = 0x800


@dataclass(frozen=True, slots=True)
class Listing:
    """What a zip says is in it: the logs, and the names of everything else."""

    logs: tuple[zipfile.ZipInfo, ...]
    skipped: tuple[str, ...]


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """A zip with a table of bearable size. Raises `BadRequest` if it is none, `RequestEntityTooLarge`."""
    try:
        return zipfile.ZipFile(_Bounded(file))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OverflowError, NotImplementedError, OSError):
        raise refused(ErrorCode.ZIP_INVALID) from None


def listing(archive: zipfile.ZipFile) -> Listing:
    """What is in the zip, judged by its table.

    Raises:
        BadRequest: no log in it, or encrypted, or packed in a way we do not unpack.
        RequestEntityTooLarge: more entries or bytes than allowed, or suspiciously well packed.
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
    """An entry's bytes, at most as many as the table admits; None if it is damaged. The caller closes its file."""
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
    """The entry's name with its folders, for display."""
    return shown_path(_full_name(entry))


def _full_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name with its folders. Many tools write UTF-8 without saying so; it is read as what it is."""
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
    """A regular .csv; not a folder, a link, or what macOS adds."""
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


class _Bounded(io.RawIOBase):
    """A file of which no more is read at once than a table of entries may be long: a zip's table is read whole."""

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
        if whence == io.SEEK_SET and offset < 0:  # a file in memory says ValueError, one on disk OSError
            raise zipfile.BadZipFile("an entry begins before the file does")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
