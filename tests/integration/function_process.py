"""A function started as its image starts it: gunicorn, our configuration, settings from the environment."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT, free_port, until

SECRET = "a-secret-of-the-tests"


class FunctionProcess:
    """gunicorn with a function, on a port of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()  # with what it said
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=10) as answer:
                return bool(answer.read() == b"ok")
        except OSError:
            return False

    def post(self, body: bytes, **headers: str) -> tuple[int, bytes]:
        request = urllib.request.Request(self.url + "/", body, {k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def terminate(self) -> int:
        """SIGTERM and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def secrets(folder: Path) -> Path:
    """Return a folder with the secrets of `analyse`; its object store is never reached."""
    folder.mkdir(exist_ok=True)
    (folder / "faplog-connector-secret").write_text(SECRET)
    (folder / "faplog-analyse-s3-access-key").write_text("key")
    (folder / "faplog-analyse-s3-secret-key").write_text("secret")
    return folder


@contextmanager
def function_process(folder: Path, home: Path, entry: str, **environment: str) -> Iterator[FunctionProcess]:
    """Start `entry` in `home`, with only that on the path; ended with the block."""
    port = free_port()
    log = folder / "function.log"
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "FAPLOG_SECRETS_DIR": str(secrets(folder / "secrets")),
        "FAPLOG_S3_ENDPOINT": "http://127.0.0.1:9",
        "FAPLOG_S3_BUCKET": "faplog",
        "FAPLOG_FUNCTION_NAME": "analyse",
        "FAPLOG_THREADS": "1",
        "FAPLOG_BIND": f"127.0.0.1:{port}",
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "faplog.serve", entry],
            cwd=home,
            env=own | environment,
            stdout=output,
            stderr=output,
        )
    function = FunctionProcess(process, port, log)
    try:
        until(function.is_ready, what="the function answers")
        yield function
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def image_layout(folder: Path, function: str, guests: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the folders of the image, /home/app/{function,functions,faplog}, none of them writable."""
    home = folder / "home" / "app"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions" / function, home / "function", ignore=ignored)
    shutil.copytree(ROOT / "faplog", home / "faplog", ignore=ignored)
    for guest in guests:
        shutil.copytree(ROOT / "functions" / guest, home / "functions" / guest, ignore=ignored)
    for path in [*home.rglob("*"), home]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield home
    for path in [home, *home.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)  # or pytest could not remove it
