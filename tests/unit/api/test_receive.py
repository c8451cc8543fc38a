"""A form as its bytes come."""

import errno
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, RequestTimeout
from werkzeug.test import EnvironBuilder

from faplog.draining import PAUSE_SEC
from faplog.errors import Unavailable
from faplog.http_errors import Refused
from functions.api.uploads.file_names import plain_name
from functions.api.uploads.receive import MAX_UPLOAD_BYTES, Spooled, uploaded

APP = Flask(__name__)


class Chunked(io.RawIOBase):
    """A body that is not there yet: it comes in pieces and is counted as it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        given, self._rest = self._rest[:size], self._rest[size:]
        self.given += len(given)
        return given


def request_of(body: bytes | Chunked, kind: str = "multipart/form-data; boundary=B", length: bool = False) -> Request:
    """Return a request with a chunked body, as of-watchdog makes every one."""
    environ: dict[str, Any] = EnvironBuilder(method="POST").get_environ()
    environ["CONTENT_TYPE"] = kind
    environ["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else body
    environ["wsgi.input_terminated"] = True
    environ.pop("CONTENT_LENGTH", None)
    if length and isinstance(body, bytes):
        environ["CONTENT_LENGTH"] = str(len(body))
    return APP.request_class(environ)


def form(content: bytes, disposition: bytes = b'form-data; name="file"; filename="a.csv"', end: bytes = b"--") -> bytes:
    return b"--B\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--B" + end + b"\r\n"


@contextmanager
def received(body: bytes | Chunked, **more: Any) -> Iterator[tuple[Spooled, bytes]]:
    with uploaded(request_of(body, **more)) as spooled:
        yield spooled, spooled.file.read()


@pytest.mark.parametrize("length", [True, False])
def test_a_file_arrives_whole(length: bool) -> None:
    content = bytes(range(256)) * 9000
    with received(form(content), length=length) as (spooled, read):
        assert read == content
        assert spooled.size == len(content)
        assert spooled.sha256 == hashlib.sha256(content).digest()
        assert spooled.head == content[: 64 * 1024]
        assert spooled.file_name == "a.csv"
    assert spooled.file.closed


@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_bytes_in_any_pieces(content: bytes, size: int) -> None:
    body = form(content)
    pieces = iter([body[i : i + size] for i in range(0, len(body), size)])
    with received(Chunked(pieces)) as (spooled, read):
        assert read == content
        assert spooled.sha256 == hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('form-data; name="file"; filename="Fährt 日本.csv"'.encode(), "Fährt 日本.csv"),
        ('form-data; name="file"; filename="Fährt.csv"'.encode("latin-1"), "Fährt.csv"),
        (b"form-data; name=\"file\"; filename*=UTF-8''F%C3%A4hrt.csv", "Fährt.csv"),
        (b'form-data; name="file"; filename="C:\\\\logs\\\\a.csv"', "a.csv"),
        (b'form-data; name="file"; filename="../../a.csv"', "a.csv"),
        (b"form-data; name=file; filename=a.csv", "a.csv"),
        (b'form-data; name="file"; filename="a\'; DROP TABLE users;--.csv"', "a'; DROP TABLE users;--.csv"),
        (b'form-data; name="file"; filename="<script>alert(1)<' + b"\\" + b'/script>.csv"', "script>.csv"),
    ],
)
def test_names_are_kept_and_paths_are_not(disposition: bytes, name: str) -> None:
    with received(form(b"x", disposition)) as (spooled, _):
        assert spooled.file_name == name


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (form(b"x"), "application/json"),
        (form(b"x"), "text/csv"),
        (form(b"x"), "multipart/form-data"),
        (form(b"x"), "multipart/form-data; boundary=" + "B" * 500),
        (form(b"x"), "multipart/mixed; boundary=B"),
        (form(b"x"), ""),
        (b"", "multipart/form-data; boundary=B"),
        (b"garbage", "multipart/form-data; boundary=B"),
        (b"--B--\r\n", "multipart/form-data; boundary=B"),
        (form(b"x", b'form-data; name="other"; filename="a.csv"'), "multipart/form-data; boundary=B"),
        (form(b"x", b'form-data; name="file"'), "multipart/form-data; boundary=B"),
        (form(b"x", b'form-data; name="file"; filename=""'), "multipart/form-data; boundary=B"),
        (form(b"x", b'form-data; name="file"; filename="a/"'), "multipart/form-data; boundary=B"),
        (form(b"x", b'form-data; filename="a.csv"'), "multipart/form-data; boundary=B"),
        (form(b"x")[:-8], "multipart/form-data; boundary=B"),
        (form(b"x", end=b"") + form(b"y")[5:], "multipart/form-data; boundary=B"),
        (b"--B\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\nx\r\n--B--\r\n", "multipart/form-data; boundary=B"),
        (b"--B\r\n" + b"X: y\r\n" * 1000 + b"\r\nx\r\n--B--\r\n", "multipart/form-data; boundary=B"),
    ],
)
def test_what_is_no_form_with_one_file_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(BadRequest) as refused, received(body, kind=kind):
        pytest.fail("taken")
    assert str(refused.value.description).endswith(".")


def test_a_body_that_never_ends_is_refused_early() -> None:
    def endless() -> Iterator[bytes]:
        yield form(b"")[:-9]
        while True:
            yield b"0" * 65536

    body = Chunked(endless())
    request = request_of(body)
    with pytest.raises(RequestEntityTooLarge), uploaded(request):
        pytest.fail("taken")
    assert body.given <= MAX_UPLOAD_BYTES + (1 << 20)


def test_the_largest_file_is_taken_and_one_byte_more_is_not() -> None:
    with received(form(b"0" * MAX_UPLOAD_BYTES)) as (spooled, _):
        assert spooled.size == MAX_UPLOAD_BYTES
    with pytest.raises(RequestEntityTooLarge), received(form(b"0" * (MAX_UPLOAD_BYTES + 1))):
        pytest.fail("taken")


def test_a_client_that_leaves_is_its_own_fault() -> None:
    def leaving() -> Iterator[bytes]:
        yield form(b"x" * 100)[:50]
        raise ConnectionResetError

    with pytest.raises(HTTPException) as refused, received(Chunked(leaving())):
        pytest.fail("taken")
    assert refused.value.code == 400


class Connection:
    """gunicorn's socket, of which only the patience matters."""

    def __init__(self) -> None:
        self.patience: list[float | None] = []

    def settimeout(self, seconds: float | None) -> None:
        self.patience.append(seconds)


def test_a_client_that_stalls_is_not_waited_for() -> None:
    def stalling() -> Iterator[bytes]:
        yield form(b"x" * 100)[:50]
        raise TimeoutError

    request = request_of(Chunked(stalling()))
    connection = request.environ["gunicorn.socket"] = Connection()
    with pytest.raises(RequestTimeout), uploaded(request):
        pytest.fail("taken")
    assert connection.patience == [PAUSE_SEC, None]


def test_a_full_disk_is_not_the_uploads_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spooled, "named", lambda name: Spooled(name, Full()))
    with pytest.raises(Unavailable, match="No space left"), received(form(b"Date;Time;Revs;")):
        pytest.fail("taken")


@given(st.text())
def test_a_name_is_always_one_the_database_takes(name: str) -> None:
    plain = plain_name(name)
    assert len(plain) <= 255
    assert "/" not in plain
    assert "\\" not in plain
    assert "\x00" not in plain
    plain.encode("utf-8")


def test_a_long_name_keeps_its_extension() -> None:
    assert plain_name("ä" * 300 + ".csv") == "ä" * 251 + ".csv"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('filename="{}.csv"'.format("a" * 255), "a" * 251 + ".csv"),
        ('filename="{}.csv"'.format("a" * 5000), "a" * 251 + ".csv"),
        ('filename="{}.csv"'.format("ä" * 5000), "ä" * 251 + ".csv"),
        ("filename*=UTF-8''{}.csv".format("%F0%9F%9A%97" * 1000), "🚗" * 251 + ".csv"),
        ('filename="\u200e2025\u200b-02.csv"', "2025-02.csv"),
        ("filename*=UTF-8''%E2%80%8E2025%E2%80%AE-02%EF%BB%BF.csv", "2025-02.csv"),
        ("filename=\"\u202eabc\u202c.csv\"; filename*=UTF-8''%E2%81%A6x%E2%81%A9.csv", "x.csv"),
    ],
)
def test_a_name_is_taken_from_its_header_visible_and_short(header: str, name: str) -> None:
    with received(form(b"Date;Time;Revs;", f'form-data; name="file"; {header}'.encode())) as (spooled, _):
        assert spooled.file_name == name


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('filename="{}.csv"'.format("a" * 20_000), "The name of the file is too long. Please give it a shorter one."),
        ('filename="{}.csv"'.format("a" * 200_000), "The name of the file is too long. Please give it a shorter one."),
        ('filename="{}.csv"'.format("a" * 900_000), "The name of the file is too long. Please give it a shorter one."),
        ('filename="\u200e\u200b\u3164"', "The file has no name."),
        ("filename*=UTF-8''%E2%80%8E", "The file has no name."),
        ('filename="a.csv"\r\nX-Other: {}'.format("a" * 20_000), "The multipart form cannot be read."),
    ],
)
def test_a_name_that_is_refused_is_told_why(header: str, said: str) -> None:
    with pytest.raises(BadRequest) as refused, received(form(b"", f'form-data; name="file"; {header}'.encode())):
        pytest.fail("taken")
    assert refused.value.description == said


# The car of the logs


def two_parts(*parts: tuple[bytes, bytes]) -> bytes:
    """Return a form of parts: a disposition and a content each."""
    begun = b"".join(b"--B\r\nContent-Disposition: " + kind + b"\r\n\r\n" + said + b"\r\n" for kind, said in parts)
    return begun + b"--B--\r\n"


FILE = (b'form-data; name="file"; filename="a.csv"', b"Date;Time;\n")


def car(said: bytes) -> tuple[bytes, bytes]:
    return b'form-data; name="car"', said


@pytest.mark.parametrize("first", [True, False], ids=["before the file", "after it"])
@pytest.mark.parametrize(
    ("said", "found"),
    [(b"an id", "an id"), (b"", None), (b"  ", None), (b" x ", "x"), (b"\xff", "\ufffd"), (b"x" * 64, "x" * 64)],
)
def test_the_form_may_name_the_car(first: bool, said: bytes, found: str | None) -> None:
    parts = (car(said), FILE) if first else (FILE, car(said))
    with received(two_parts(*parts)) as (spooled, read):
        assert (spooled.car, read, spooled.size) == (found, FILE[1], len(FILE[1]))


def test_a_form_without_a_car_names_none() -> None:
    with received(form(b"Date;Time;\n")) as (spooled, _):
        assert spooled.car is None


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((car(b"x"),), "FORM_FILE_MISSING"),
        ((car(b"x"), car(b"x"), FILE), "PARAMETER_REPEATED"),
        ((car(b"x"), FILE, car(b"")), "PARAMETER_REPEATED"),
        ((car(b"x" * 65), FILE), "CAR_NOT_FOUND"),
        ((FILE, car(b"x" * 100_000)), "CAR_NOT_FOUND"),
        ((FILE, car(b"x"), FILE), "FORM_FILE_REPEATED"),
        (((b'form-data; name="cars"', b"x"), FILE), "FORM_FIELD_UNKNOWN"),
    ],
)
def test_a_form_that_names_cars_otherwise_is_refused(parts: tuple[tuple[bytes, bytes], ...], code: str) -> None:
    with pytest.raises(Refused) as refused, received(two_parts(*parts)):
        pass
    assert refused.value.error_code == code
