"""The function as it runs: gunicorn, chunked bodies as behind the watchdog, bounded memory."""

import http.client
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import orjson
import psutil
import pytest
from flask import Flask

from standalone.servers import Servers
from tests.conftest import ROOT, free_port, is_ready, until
from tests.integration.delivery import API, at_once
from tests.integration.people import arrive

MIB = 1 << 20
HEAD = b'--B\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n'
TAIL = b"\r\n--B--\r\n"


@dataclass
class Running:
    """A process of the function, and a user's token."""

    port: int
    process: psutil.Process
    token: str

    def memory(self) -> int:
        """Return bytes it holds."""
        return int(self.process.memory_info().rss)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return a request; an iterator as body goes out in chunks. Status and JSON of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Authorization": f"Bearer {self.token}"} | headers
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused early; the answer is there to be read
                connection.request(method, API + path, body, given, encode_chunked=not isinstance(body, bytes))
            response = connection.getresponse()
            return response.status, orjson.loads(response.read() or b"null")
        finally:
            connection.close()

    def upload(self, pieces: Iterator[bytes], name: bytes = b"log.csv") -> tuple[int, Any]:
        """POST a file in chunks, without a Content-Length."""

        def form() -> Iterator[bytes]:
            yield HEAD % name
            yield from pieces
            yield TAIL

        kind = {"Content-Type": "multipart/form-data; boundary=B", "Transfer-Encoding": "chunked"}
        return self.call("POST", "/analyses", form(), **kind)


@pytest.fixture(scope="module")
def running(servers: Servers, api_app: Flask) -> Iterator[Running]:
    port = free_port()
    command = ["-m", "faplog.serve", "functions.api.handler:create_app()"]
    environment = os.environ | servers.environment | {"FAPLOG_BIND": f"127.0.0.1:{port}", "FAPLOG_THREADS": "8"}
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
    try:
        made = Running(port, psutil.Process(process.pid), arrive(api_app).access_token)
        until(lambda: _answers(made), what="the function answers")
        yield made
    finally:
        process.terminate()
        said = process.communicate(timeout=60)[1].decode()
    assert "Traceback" not in said


def _answers(running: Running) -> bool:
    try:
        return is_ready(running.call("GET", "/health/readiness")[1])
    except OSError:
        return False


def test_a_chunked_upload_is_taken(running: Running) -> None:
    rows = (b"2025.02.03;07:41:03.1;%d;\n" % number for number in range(1000))
    status, answer = running.upload(iter([b"Date;Time;Revs;\n", *rows]))
    assert (status, len(answer["ids"])) == (202, 1)


def test_an_interrupted_upload_is_a_400_if_the_client_still_reads(running: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    headers = {"Authorization": f"Bearer {running.token}", "Content-Type": "multipart/form-data; boundary=B"}
    connection.request("POST", f"{API}/analyses", HEAD % b"a.csv" + b"Date;Time;Revs;\n", headers)
    response = connection.getresponse()
    assert (response.status, orjson.loads(response.read())["statusCode"]) == (400, 400)
    connection.close()
    before = running.call("GET", "/analyses")[1]["pagination"]["totalItems"]
    connection.putrequest("POST", f"{API}/analyses")
    for name, value in (headers | {"Content-Length": "100000"}).items():
        connection.putheader(name, value)
    connection.endheaders(HEAD % b"a.csv" + b"Date;Time;Revs;\n")
    connection.close()
    assert running.call("GET", "/analyses")[1]["pagination"]["totalItems"] == before


def test_300_megabytes_are_refused_early_and_heard_of(running: Running) -> None:
    idle = running.memory()
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 300 * MIB:
            sent += MIB // 4
            yield b"0" * (MIB // 4)

    status, answer = running.upload(endless())
    assert (status, answer["statusCode"]) == (413, 413)
    assert sent < 60 * MIB
    assert running.memory() - idle < 60 * MIB


def test_21_megabytes_get_their_answer_every_time(running: Running) -> None:
    for _ in range(5):
        assert running.upload(iter([b"0" * MIB] * 21))[0] == 413
    body = HEAD % b"a.csv" + b"0" * 21 * MIB + TAIL
    for _ in range(5):
        assert running.call("POST", "/analyses", body, **{"Content-Type": "multipart/form-data; boundary=B"})[0] == 413


def test_an_upload_without_a_session_is_answered_every_time(running: Running) -> None:
    stranger = Running(running.port, running.process, "no token")
    for _ in range(5):
        assert stranger.upload(iter([b"0" * MIB] * 15))[0] == 401


def test_what_follows_an_answer_holds_up_no_other_request(running: Running) -> None:
    """Gunicorn keeps connections open for longer than this waits, but not one whose request still has work to do."""
    rows = (b"2025.02.03;07:41:03.1;%d;\n" % number for number in range(1000, 2000))
    _, accepted = running.upload(iter([b"Date;Time;Revs;\n", *rows]))
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    connection.request(
        "DELETE", f"{API}/analyses/{accepted['ids'][0]}", headers={"Authorization": f"Bearer {running.token}"}
    )
    response = connection.getresponse()
    assert (response.status, response.read()) == (204, b"")
    assert connection.sock.recv(1) == b""
    connection.close()


def test_eight_large_uploads_at_once_stay_on_disk(running: Running) -> None:
    idle = running.memory()

    def one(which: int) -> int:
        pieces = [b"Date;Time;Revs;\n%d;\n" % which, *([b"0;1;2;\n" * (MIB // 7)] * 19)]
        return until(lambda: (status := running.upload(iter(pieces))[0]) != 503 and status, what="a slot is free") or 0

    assert at_once(8, one) == [202] * 8
    assert running.memory() - idle < 200 * MIB


def test_bombs_cost_nothing(running: Running) -> None:
    idle = running.memory()
    bomb = BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as opened,
        opened.open("a.csv", "w", force_zip64=True) as entry,
    ):
        for _ in range(1024):
            entry.write(bytes(MIB))
    crowd = BytesIO()
    with zipfile.ZipFile(crowd, "w") as opened:
        for number in range(100_000):
            opened.writestr(f"{number}.csv", b"")
    for content in (bomb.getvalue(), crowd.getvalue()):
        status, answer = running.upload(iter([content]), b"bomb.zip")
        assert (status, answer["statusCode"]) == (413, 413)
    assert running.memory() - idle < 60 * MIB
