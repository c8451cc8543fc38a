"""Loopback ports: chosen once, kept with the state, changed only if another program has taken one."""

import fcntl
import http.client
import json
import os
import random
import socket
import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from standalone.state import State, write_private

HOST = "127.0.0.1"
_RANGE = range(20_000, 32_000)
"""Below the ports that the kernel assigns to outgoing connections, so that none of those takes ours first."""
SOCKETS = Path("/tmp")  # noqa: S108  (where SeaweedFS has them, whatever TMPDIR says)


@cache
def _lock_file() -> int:
    """Return the open file in which a byte is locked for each claimed port."""
    path = Path(tempfile.gettempdir()) / f"faplog-ports-{os.geteuid()}.lock"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def claim(port: int) -> bool:
    """Claim a loopback port until this process ends. Returns whether no other process of this user has claimed it.

    A port that was drawn is listened on only a moment later, by another process; until then it looks free.
    """
    try:
        fcntl.lockf(_lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    except OSError:  # no file can be made there: then only the check for a free port is left
        return True
    return True


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


def assign(
    state: State, names: Sequence[str], *, avoid: Collection[int] = (), second: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return a free port for each name; the same as last time if it is still free.

    No port is given twice, also not by several calls or processes: a port of an earlier call may not be listened on
    yet.

    Args:
        state: Keeps the ports in `ports.json`.
        names: What the ports are for.
        avoid: Ports that others are about to use.
        second: The distance to a second port that a name needs above its own.
    """
    file = state.root / "ports.json"
    known: dict[str, int] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    second = second or {}
    choice = random.SystemRandom()
    for name in names:
        others = {port for other, port in known.items() if other != name}
        port = known.get(name, choice.choice(_RANGE))
        while (
            port in others
            or port in avoid
            or not is_free(port)
            or _socket_left_behind(port)
            or (name in second and not (is_free(port + second[name]) and claim(port + second[name])))
            or not claim(port)
        ):
            port = choice.choice(_RANGE)
        known[name] = port
    write_private(file, json.dumps(known, indent=1))
    return {name: known[name] for name in names}


def _socket_left_behind(port: int) -> bool:
    """Return whether SeaweedFS of another user left its socket for this port: it can be neither used nor removed."""
    left = SOCKETS.glob(f"seaweedfs-*-{port}.sock")
    with suppress(FileNotFoundError):
        return any(file.lstat().st_uid != os.geteuid() for file in left)
    return False
