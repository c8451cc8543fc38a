"""A program that answers requests: one process from its start to its end."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from gunicorn.config import Config

from faplog.worker import Worker
from tests.conftest import ROOT, free_port, serving, until

APPLICATION = """
import ctypes, gc, os, time

assert not gc.isenabled()
assert os.environ["PYDANTIC_DISABLE_PLUGINS"] == "__all__"


class Task:
    def start(self):
        print("task started", flush=True)

    def stop(self):
        print("task stopped", flush=True)


class Application:
    extensions = {"faplog.background": [Task(), Task()]}

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/stands-still":
            ctypes.PyDLL(None).sleep(600)  # keeps the interpreter's lock
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{os.getpid()} {gc.isenabled()} {gc.get_freeze_count() > 1000}".encode()]


def make():
    return Application()


def make_when_told():
    open("making", "w").close()
    while not os.path.exists("told"):
        time.sleep(0.01)
    return Application()


def fail():
    raise RuntimeError("no such thing")
"""


@contextmanager
def served(folder: Path, *options: str, **variables: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Start the application, and yield the process and its address once it answers. What it says is in `said`."""
    (folder / "app.py").write_text(APPLICATION)
    port = free_port()
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "faplog.serve", "-b", f"127.0.0.1:{port}", *options, "app:make()"],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), **variables},
            stdout=said,
            stderr=said,
        )
    url = f"http://127.0.0.1:{port}/"
    with serving(process, lambda: answers(url), "it answers"):
        yield process, url


def answers(url: str) -> str:
    """Return the text of the answer, empty where there is none."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_one_process_answers_and_collects_garbage_from_then_on(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url):
        assert answers(url) == f"{process.pid} True True"
        assert psutil.Process(process.pid).children() == []


def test_background_work_runs_beside_the_requests_and_ends_with_them(tmp_path: Path) -> None:
    with served(tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert (tmp_path / "said").read_text().splitlines() == [*["task started"] * 2, *["task stopped"] * 2]


def test_behind_of_watchdog_requests_are_taken_for_a_while_after_sigterm(tmp_path: Path) -> None:
    with served(tmp_path, FAPLOG_BEHIND_WATCHDOG="yes") as (process, url):
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)  # said twice is no haste
        for _ in range(3):
            assert answers(url).startswith(str(process.pid))
        assert process.wait(60) == 0
    assert (tmp_path / "said").read_text().splitlines()[-1] == "task stopped"


@pytest.mark.parametrize("behind", ["yes", "no"])
def test_behind_of_watchdog_requests_wait_while_the_application_is_made(tmp_path: Path, behind: str) -> None:
    """Elsewhere the port is closed until then, which shows others that the program is not ready."""
    (tmp_path / "app.py").write_text(APPLICATION)
    port = free_port()
    command = [sys.executable, "-m", "faplog.serve", "-b", f"127.0.0.1:{port}", "app:make_when_told()"]
    variables = {"PYTHONPATH": str(ROOT), "FAPLOG_BEHIND_WATCHDOG": behind, "TMPDIR": str(tmp_path)}
    lock = tmp_path / ".lock"
    with subprocess.Popen(command, cwd=tmp_path, env=variables) as process:
        try:
            until((tmp_path / "making").exists, what="the application is being made")
            if behind == "no":
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port))
                assert not lock.exists()
                return
            assert lock.exists()
            with socket.create_connection(("127.0.0.1", port)) as early:
                early.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                (tmp_path / "told").touch()
                early.settimeout(60)
                assert early.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            process.kill()


def test_a_lock_file_that_was_left_there_does_not_tell_that_the_port_is_open(tmp_path: Path) -> None:
    """The container before this one was killed; the folder is the pod's. Here the port is taken, so it never opens."""
    (tmp_path / "app.py").write_text(APPLICATION)
    (tmp_path / ".lock").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        command = [sys.executable, "-m", "faplog.serve", "-b", address, "app:make()"]
        variables = {"PYTHONPATH": str(ROOT), "FAPLOG_BEHIND_WATCHDOG": "yes", "TMPDIR": str(tmp_path)}
        with subprocess.Popen(command, cwd=tmp_path, env=variables) as process:
            try:
                until(lambda: not (tmp_path / ".lock").exists(), what="the file is removed")
            finally:
                process.kill()


def test_an_application_that_cannot_be_made_never_opens_the_port(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        said = subprocess.run(
            [sys.executable, "-m", "faplog.serve", "-b", address, "app:fail()"],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert said.returncode != 0
    assert "no such thing" in said.stderr
    assert "in use" not in said.stderr


def test_a_process_that_stands_still_says_where_and_ends(tmp_path: Path) -> None:
    with served(tmp_path, "--timeout", "5") as (process, url):
        assert answers(url + "stands-still") == ""
        assert process.wait(60) == 1
    said = (tmp_path / "said").read_text()
    assert 'app.py", line' in said
    assert "in __call__" in said


def test_a_process_without_memory_for_one_more_thread_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that would end it is made again and again; a request may have used up the memory for it."""
    said = []

    def no_thread(timeout: float, exit: bool) -> None:
        said.append((timeout, exit))
        raise RuntimeError("unable to start watchdog thread")

    monkeypatch.setattr("faulthandler.dump_traceback_later", no_thread)
    configuration = Config()
    configuration.set("timeout", 150)
    worker = Worker(1, 0, [], None, 150, configuration, None)
    worker.notify()
    worker.tmp.close()
    assert said == [(150, True)]
