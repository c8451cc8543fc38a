"""A file that reports how much of it has been read, so that an upload can show its progress."""

from collections.abc import Callable
from io import SEEK_END, SEEK_SET, RawIOBase
from typing import BinaryIO


class Reading(RawIOBase):
    """A file opened for reading, seen from its start; each read is reported."""

    def __init__(self, file: BinaryIO, report: Callable[[int, int], None] | None) -> None:
        """Start at the beginning of the file.

        Args:
            file: The file, seekable.
            report: Called with the bytes that were read so far and the bytes of the file.
        """
        self._file = file
        self._report = report
        self._size = file.seek(0, SEEK_END)
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, and report them."""
        content = self._file.read(size)
        if self._report and content:
            self._report(self._file.tell(), self._size)
        return content

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it is seekable."""
        return True
