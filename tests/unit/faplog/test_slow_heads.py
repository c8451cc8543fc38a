"""Connections that never send the head of their request do not keep a program's threads."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from faplog.slow_heads import SlowHeads
from tests.conftest import ROOT, free_port, serving

THREADS = 2
CONFIGURATION = f"""
from faplog.gunicorn_conf import *
from faplog.worker import Worker

class ImpatientWorker(Worker):
    head_sec = 0.5

worker_class = ImpatientWorker
threads = {THREADS}
"""
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Yield the port of gunicorn with our configuration, with less patience."""
    (tmp_path / "short_time.py").write_text(CONFIGURATION)
    (tmp_path / "simple.py").write_text(APPLICATION)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "faplog.serve", "-c", "short_time.py", "-b", f"127.0.0.1:{port}", "simple:application"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
    )
    with serving(process, lambda: _listens(port), "it listens"):
        yield port


def test_half_heads_do_not_stop_a_program(port: int) -> None:
    with ExitStack() as opened:
        for _ in range(3 * THREADS):
            slow = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Never-En")
        whole = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        whole.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert whole.makefile("rb").read().endswith(b"ok")


def test_a_head_that_is_late_ends_its_connection() -> None:
    now = 0.0
    heads = SlowHeads(20, clock=lambda: now)
    with closing_pair() as (ours, theirs):
        heads.begin(ours)
        now = 19.9
        heads.shut_down_late()
        assert_passes(theirs, ours)
        now = 20.0
        heads.shut_down_late()
        assert ours.recv(1) == b""


def test_what_comes_after_the_head_has_its_own_time() -> None:
    now = 0.0
    heads = SlowHeads(20, clock=lambda: now)
    with closing_pair() as (ours, theirs):
        heads.begin(ours)
        heads.end(ours)
        now = 1000.0
        heads.shut_down_late()
        assert_passes(theirs, ours)


@contextmanager
def closing_pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection, closed with the block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def assert_passes(sender: socket.socket, receiver: socket.socket) -> None:
    """Check that a byte gets through."""
    sender.sendall(b"x")
    assert receiver.recv(1) == b"x"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
