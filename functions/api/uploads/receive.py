"""Reception of an upload: its bytes are spooled to disk, counted and hashed, and never whole in memory.

Behind of-watchdog bodies are chunked and have no Content-Length, so nothing here relies on one.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from flask import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from werkzeug.http import parse_options_header

from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_BYTES, MAX_LOG_MB
from faplog.errors import Unavailable
from faplog.http_errors import Refused, refused

from ..web.read_timeout import read_timeout
from .contents import HEAD_BYTES
from .file_names import MAX_NAME_CHARS, plain_name

MAX_UPLOAD_BYTES: Final = MAX_LOG_BYTES
MAX_BODY_BYTES: Final = MAX_UPLOAD_BYTES + 64 * 1024
"""The file, and the multipart form around it."""

TOTAL_SEC: Final = 100
"""How long a client may take; less than the function may run. The edge proxy receives a body whole before it forwards
it, and gives slow clients more time than this."""

MAX_HEADER_BYTES: Final = 64 * MAX_NAME_CHARS
"""How long a header of the form may be; a percent-encoded name takes at most 12 bytes per character."""

MAX_CAR_BYTES: Final = 64
"""How long the field `car` may be; an id has 36 characters."""

_CHUNK: Final = 64 * 1024
_PARSER_HEADER_BYTES: Final = 4 * _CHUNK
"""The parser's own limit, larger than ours, because its error does not say which header is too long."""
_IN_MEMORY: Final = 1024 * 1024


@dataclass(slots=True)
class Spooled:
    """A received file: its bytes on disk (in memory if it is small), their number, hash and first bytes."""

    file_name: str
    file: IO[bytes]
    car: str | None = None
    """The car named in the form."""
    size: int = 0
    head: bytes = b""
    _hash: "hashlib._Hash | None" = None

    def write(self, chunk: bytes) -> None:
        """Append bytes. Raises `Unavailable` if the disk is full."""
        self._hash = self._hash or hashlib.sha256()
        self._hash.update(chunk)
        try:
            self.file.write(chunk)
        except OSError as error:
            raise Unavailable(f"no room for an upload ({error.strerror})") from error
        self.size += len(chunk)
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]

    @property
    def sha256(self) -> bytes:
        """The digest of the bytes written so far."""
        return (self._hash or hashlib.sha256()).digest()

    @classmethod
    def named(cls, file_name: str) -> "Spooled":
        """Return an empty file of this name."""
        return cls(file_name, SpooledTemporaryFile(_IN_MEMORY))


@contextmanager
def uploaded(request: Request) -> Iterator[Spooled]:
    """Receive the one file of a multipart form, from its field `file`, and close it when the block ends.

    The form may also name the car of the logs, in its field `car`.

    Raises:
        BadRequest: Not such a form, no file in it, anything else in it, or an incomplete body.
        RequestEntityTooLarge: More than `MAX_UPLOAD_BYTES`.
        RequestTimeout: The client took too long.
    """
    form = _Form()
    try:
        _read_form(request, form)
        if form.upload is None:
            raise refused(ErrorCode.FORM_FILE_MISSING)
        if not form.ended:
            raise refused(ErrorCode.UPLOAD_INCOMPLETE)
        form.upload.file.seek(0)
        form.upload.car = form.car
        yield form.upload
    finally:
        if form.upload is not None:
            form.upload.file.close()


def _too_large() -> Refused:
    return refused(ErrorCode.UPLOAD_TOO_LARGE, max_mb=MAX_LOG_MB)


def _read_chunk(request: Request) -> bytes:
    with read_timeout(request, "upload"):
        return request.stream.read(_CHUNK)


def _read_form(request: Request, form: "_Form") -> None:
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise refused(ErrorCode.FORM_EXPECTED)
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    received = 0
    until = time.monotonic() + TOTAL_SEC
    try:
        parser = MultipartParser(
            boundary.encode("latin-1"),
            form.callbacks(),  # type: ignore[arg-type]
            max_header_size=_PARSER_HEADER_BYTES,
        )
        while chunk := _read_chunk(request):
            received += len(chunk)
            if received > MAX_BODY_BYTES:
                raise _too_large()
            if time.monotonic() > until:
                raise refused(ErrorCode.UPLOAD_TIMEOUT)
            parser.write(chunk)
    except FormParserError:
        raise refused(ErrorCode.FORM_MALFORMED) from None
    except UnicodeEncodeError:
        raise refused(ErrorCode.FORM_BOUNDARY_INVALID) from None


class _Form:
    """Collects the callbacks of the multipart parser into a file."""

    def __init__(self) -> None:
        self.upload: Spooled | None = None
        self.ended = False
        self._car: bytearray | None = None
        self._in_car = False
        self._name = bytearray()
        self._value = bytearray()
        self._disposition = b""

    @property
    def car(self) -> str | None:
        """The car named in the form; None without one, as an empty field is."""
        return (self._car or b"").decode("utf-8", "replace").strip() or None

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._extend(self._name, data[start:end]),
            "on_header_value": lambda data, start, end: self._extend(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._disposition = b""

    def _extend(self, part: bytearray, data: bytes) -> None:
        part.extend(data)
        if len(part) > MAX_HEADER_BYTES:
            if part is self._value and bytes(self._name).lower() == b"content-disposition":
                raise refused(ErrorCode.FILE_NAME_TOO_LONG)
            raise refused(ErrorCode.FORM_MALFORMED)

    def _header_end(self) -> None:
        if bytes(self._name).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(_decode_header(self._disposition))
        field = options.get("name", "")
        self._in_car = field == "car"
        if self._in_car:
            if self._car is not None:
                raise refused(ErrorCode.PARAMETER_REPEATED, field="car")
            self._car = bytearray()
            return
        if field != "file":
            raise refused(ErrorCode.FORM_FIELD_UNKNOWN)
        if self.upload is not None:
            raise refused(ErrorCode.FORM_FILE_REPEATED)
        if "filename" not in options:
            raise refused(ErrorCode.FORM_FILE_EXPECTED)
        name = plain_name(options["filename"])
        if not name:
            raise refused(ErrorCode.FILE_NAME_MISSING)
        self.upload = Spooled.named(name)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_car and self._car is not None:
            self._car.extend(data[start:end])
            if len(self._car) > MAX_CAR_BYTES:
                raise refused(ErrorCode.CAR_NOT_FOUND)
            return
        if self.upload is None:
            raise refused(ErrorCode.FORM_MALFORMED)
        if self.upload.size + end - start > MAX_UPLOAD_BYTES:
            raise _too_large()
        self.upload.write(data[start:end])

    def _end(self) -> None:
        self.ended = True


def _decode_header(header: bytes) -> str:
    """Decode a header as browsers and tools send it: UTF-8, or else Latin-1."""
    try:
        return header.decode("utf-8")
    except UnicodeDecodeError:
        return header.decode("latin-1")
