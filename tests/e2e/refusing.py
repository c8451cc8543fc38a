"""Uploads that are refused, sent by curl through the edge in every way curl can send them."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

CURL: Final = shutil.which("curl")
HAS_HTTP2: Final = (
    CURL is not None
    and "HTTP2" in subprocess.run([CURL, "--version"], capture_output=True, text=True, check=False).stdout.split()
)
needs_curl = pytest.mark.skipif(not HAS_HTTP2, reason="needs a curl that speaks HTTP/2")

HTTP1: Final = "--http1.1"
HTTP2: Final = "--http2-prior-knowledge"
EXPECT: Final = "Expect: 100-continue"
NO_EXPECT: Final = "Expect:"
CHUNKED: Final = "Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Heard:
    """What curl got: its own exit code, the status, and the body if it is JSON."""

    exit_code: int
    status: int
    body: Any


def upload(address: str, file: Path, token: str, *options: str) -> Heard:
    """POST a file as a form; the options are curl's."""
    return await_answer(begin_upload(address, file, token, *options))


def begin_upload(address: str, file: Path, token: str, *options: str) -> subprocess.Popen[bytes]:
    """Begin to POST a file as a form; `await_answer` waits for its end."""
    assert CURL
    form = f"file=@{file};filename=a.csv"
    command = [CURL, "--silent", "--max-time", "120", "-H", f"Authorization: Bearer {token}", "-F", form]
    return subprocess.Popen([*command, *options, "-w", "\n%{http_code}", address], stdout=subprocess.PIPE)


def await_answer(curl: subprocess.Popen[bytes]) -> Heard:
    """Return what a curl got, once it has ended."""
    said, _ = curl.communicate()
    body, _, status = said.decode().rpartition("\n")
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = body
    return Heard(curl.returncode, int(status), parsed)


def file_of(folder: Path, megabytes: float) -> Path:
    """Return a log of so many MB (of 1,000,000 bytes)."""
    file = folder / f"{megabytes}.csv"
    if not file.exists():
        file.write_bytes(b"Date;Time;Revs\n" + b"1;2;3\n" * int(megabytes * 1_000_000 / 6))
    return file
