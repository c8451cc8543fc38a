"""`faplog push` as a process, and an address whose server can be away."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from standalone.ports import HOST
from tests.conftest import ROOT, free_port
from tests.e2e.account import Account


def new_token(account: Account, *scopes: str) -> str:
    """Return a new API token of the account."""
    body = {"name": "a test", "scopes": list(scopes)}
    return str(account.http.post("/account/tokens", json=body).raise_for_status().json()["token"])


def start_push(folder: Path, url: str, token: str, state: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start pushing; what it says can be read from the process."""
    return subprocess.Popen(
        [sys.executable, "-m", "faplog.cli", "push", str(folder), "--to", url, "--state", str(state), *arguments],
        cwd=ROOT,
        env=os.environ | {"FAPLOG_TOKEN": token, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Gate:
    """An address in front of a server: closed, nothing answers there, and what was under way breaks off."""

    def __init__(self, url: str) -> None:
        """Be closed, and know where to listen."""
        self._target = (HOST, int(urlsplit(url).port or 80))
        self._port = free_port()
        self.address = f"{HOST}:{self._port}"
        self.url = f"http://{self.address}"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let requests through until the block ends."""
        connections: list[socket.socket] = []
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self._port))
        listener.listen()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    inner, _ = listener.accept()
                    outer = socket.create_connection(self._target)
                    connections.extend((inner, outer))
                    threads.extend([Thread(target=carry, args=pair) for pair in ((inner, outer), (outer, inner))])
                    for thread in threads[-2:]:
                        thread.start()

        def carry(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        threads = [Thread(target=accept)]
        threads[0].start()
        try:
            yield
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            threads[0].join()
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads[1:]:
                thread.join()
            for connection in connections:
                connection.close()
