"""Any bytes as an upload: logs within the limits, or one of the refusals the API documents."""

import io
import tempfile
import zipfile
from functools import cache
from typing import IO, Any, Final
from uuid import UUID

from flask import Flask, Request
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from functions.api.uploads import contents, zip_archive
from functions.api.uploads import views as uploads
from functions.api.uploads.file_names import MAX_NAME_CHARS
from functions.api.uploads.receive import MAX_UPLOAD_BYTES, Spooled, uploaded
from functions.api.uploads.schemas import Accepted, Refused
from tests.fuzz import logs
from tests.fuzz.plain import check_plain, check_sentence

APP: Final = Flask(__name__)
REFUSALS: Final = (BadRequest, RequestEntityTooLarge)

ZIP_WORDS: Final = (
    *(
        b"PK\x03\x04",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"PK\x06\x06",
        b"PK\x06\x07",
        b"PK\x07\x08",
        b"\x01\x00",
        b"\x00\x00",
    ),
    *(b"\xff\xff\xff\xff", b"\xff\xff", b"\xff" * 8, b"\x00" * 8, b"\x08\x00", b"\x09\x00", b"\x00\x08", b"../", b"\\"),
    *(b".csv", b"__MACOSX/", b"._", b"/", b"\x84", b"\xc3\xa9", b"\xed\xa0\x80", b"C:\\", b"\x01\x00\x10\x00", b"up"),
)
FORM_WORDS: Final = (
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"--B",
        b"--B--\r\n",
        b"\r\n--B\r\n",
        b'name="file"',
        b'name="car"',
        b'filename="a.csv"',
        b"filename=",
        b'"',
    ),
    *(b"filename*=UTF-8''%C3%A4.csv", b"filename*0=", b"filename*=utf-16''%00", b"Content-Disposition: form-data; "),
    *(
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=B",
        b";",
        b"\\",
        b"../",
        b"%00",
        b"\xff",
        b"\n",
    ),
)


def check_zip(data: bytes) -> None:
    """Unpack any bytes as a zip, in memory and on disk: within the limits, and no name has a folder."""
    _check_zip(io.BytesIO(data))
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        _check_zip(file)


def _check_zip(file: IO[bytes]) -> None:
    refused: list[Refused] = []
    try:
        with zip_archive.open_zip(file) as opened:
            listing = zip_archive.listing(opened)
            _check_batches(opened, listing, refused)
    except REFUSALS as error:
        check_sentence(error.description or "")
        return
    skipped = [*listing.skipped, *(one.file_name for one in refused)]
    answer = Accepted(ids=[UUID(int=0)], skipped=skipped, refused=refused)
    assert answer.model_dump_json(by_alias=True, exclude_none=True)


def _check_batches(opened: zipfile.ZipFile, listing: zip_archive.Listing, refused: list[Refused]) -> None:
    assert 0 < len(listing.logs) <= zip_archive.MAX_ENTRIES
    total = found = 0
    for batch in uploads.batches(opened, listing, refused):
        assert 0 < len(batch) <= uploads.BATCH_LOGS
        for log in batch:
            _check_file(log)
            found += 1
            total += log.size
            log.file.close()
        assert total <= zip_archive.MAX_TOTAL_BYTES
    assert found + len(refused) == len(listing.logs)
    for one in refused:
        check_sentence(one.message)


def _check_file(log: Spooled) -> None:
    content = log.file.read()
    assert log.size == len(content) <= zip_archive.MAX_ENTRY_BYTES
    assert log.head == content[: contents.HEAD_BYTES]
    _check_name(log.file_name)
    assert log.file_name.lower().endswith(".csv")


def _check_name(name: str) -> None:
    """Check that the database takes a name, a header can carry it, and it has no folder."""
    assert 0 < len(name) <= MAX_NAME_CHARS
    assert not {"/", "\\", "\n", "\r"} & set(name), name
    assert name == name.strip()
    assert name not in (".", ".."), name
    check_plain(name)


def check_form(data: bytes) -> None:
    """Read any bytes as a form; the first line is its Content-Type."""
    kind, _, body = data.partition(b"\n")
    environ: dict[str, Any] = EnvironBuilder(method="POST").get_environ()
    environ |= {"CONTENT_TYPE": kind.decode("latin-1"), "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
    environ.pop("CONTENT_LENGTH", None)
    request: Request = APP.request_class(environ)
    try:
        with uploaded(request) as spooled:
            content = spooled.file.read()
            assert spooled.size == len(content) <= min(len(body), MAX_UPLOAD_BYTES)
            assert content in body
            _check_name(spooled.file_name)
    except (*REFUSALS, NotFound) as error:  # the latter: a car that is not there
        check_sentence(error.description or "")


@cache
def zips() -> list[bytes]:
    """Small zips: packed and not, with folders, links, names in two encodings, a descriptor, 64-bit sizes, a zip."""
    plain = _zip({"a.csv": logs.SMALL})
    return [
        plain,
        _zip(
            {
                "a.csv": logs.SMALL,
                "b/B.CSV": logs.SMALL * 9,
                "b/": b"",
                "__MACOSX/._a.csv": b"x",
                "n.txt": b"x",
                "c.csv": b"",
            }
        ),
        _zip({"Fährt 日本.csv": logs.SMALL, "../../x.csv": logs.SMALL, "C:\\y.csv": logs.SMALL}, zipfile.ZIP_STORED),
        _zip({"a.csv": logs.SMALL, "in.zip": plain}, force_zip64=True),
        _zip({"a.csv": logs.SMALL}, unseekable=True),
        _zip({"a.csv": logs.SMALL}, zipfile.ZIP_BZIP2),
        _zip({}),
        b"PK\x03\x04",
    ]


def _zip(
    entries: dict[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    *,
    force_zip64: bool = False,
    unseekable: bool = False,
) -> bytes:
    made = _Stream() if unseekable else io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as opened:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with opened.open(info, "w", force_zip64=force_zip64) as entry:
                entry.write(content)
    return made.getvalue()


class _Stream(io.BytesIO):
    """A file that cannot be gone back in: a zip written to it has its sizes after each entry."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        raise OSError("not seekable")

    def tell(self) -> int:
        raise OSError("not seekable")


@cache
def forms() -> list[bytes]:
    """Forms as browsers and curl send them, and some that are malformed."""
    kind = b"multipart/form-data; boundary=B\n"
    part = b"--B\r\nContent-Disposition: form-data; %s\r\nContent-Type: text/csv\r\n\r\n"
    return [
        kind + part % b'name="file"; filename="a.csv"' + logs.SMALL + b"\r\n--B--\r\n",
        kind + part % b"name=file; filename*=UTF-8''F%C3%A4hrt.csv" + logs.SMALL + b"\r\n--B--\r\n",
        kind + part % 'name="file"; filename="C:\\\\logs\\\\ä日.csv"'.encode() + logs.SMALL + b"\r\n--B--\r\n",
        kind + part % b'name="file"; filename="a.csv"' + logs.SMALL + b"\r\n" + part % b'name="x"' + b"y\r\n--B--\r\n",
        kind
        + part % b'name="car"'
        + b"7c1b0c55-2f0e-4a55-9d7b-5b0a0e6c9d02\r\n"
        + part % b'name="file"; filename="a.csv"'
        + logs.SMALL
        + b"\r\n--B--\r\n",
        b"multipart/form-data; boundary=" + b"B" * 70 + b"\n--" + b"B" * 70 + b"--\r\n",
        b"application/json\n{}",
        kind + b"--B--\r\n",
    ]
