"""Loopback ports: chosen once, kept with the state, changed only if another program has taken one."""

import http.client
import json
import os
import random
import socket
from contextlib import suppress
from pathlib import Path

from standalone.state import State, write_private

HOST = "127.0.0.1"
_RANGE = range(20_000, 32_000)
"""Below the ports that the kernel assigns to outgoing connections, so that none of those takes ours first."""
SOCKETS = Path("/tmp")  # noqa: S108  (where SeaweedFS has them, whatever TMPDIR says)


def is_free(port: int) -> bool:
    """Return whether a server could listen on the loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def responds_ok(port: int, path: str) -> bool:
    """Return whether a GET of the path succeeds."""
    status = response_status(port, path)
    return status is not None and status < 400


def response_status(port: int, path: str) -> int | None:
    """Return the status of a GET of the path, or None if there is no answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def assign(state: State, names: list[str]) -> dict[str, int]:
    """Return a free port for each name; the same as last time if it is still free."""
    file = state.root / "ports.json"
    known: dict[str, int] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    ports: dict[str, int] = {}
    choice = random.SystemRandom()
    for name in names:
        port = known.get(name, choice.choice(_RANGE))
        while port in ports.values() or not is_free(port) or _socket_left_behind(port):
            port = choice.choice(_RANGE)
        ports[name] = port
    write_private(file, json.dumps(known | ports, indent=1))
    return ports


def _socket_left_behind(port: int) -> bool:
    """Return whether SeaweedFS of another user left its socket for this port: it can be neither used nor removed."""
    left = SOCKETS.glob(f"seaweedfs-*-{port}.sock")
    with suppress(FileNotFoundError):
        return any(file.lstat().st_uid != os.geteuid() for file in left)
    return False
