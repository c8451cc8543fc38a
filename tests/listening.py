"""Where a running system listens: every socket of its processes, by the name of the port."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from standalone.ports import HOST
from standalone.s3 import GRPC_OF_ADMIN
from tests.conftest import Stack


def listening(stack: Stack) -> dict[str, int]:
    """Return the port of each listening or bound internet socket; one without a known name is called by its number."""
    names = {port: name for name, port in assigned(stack).items()}
    found: dict[str, int] = {}
    for connection in _connections(stack, "inet"):
        if connection.status not in (psutil.CONN_LISTEN, psutil.CONN_NONE):
            continue
        assert connection.laddr.ip == HOST, f"{connection} is reached from other machines"
        found[names.get(connection.laddr.port, str(connection.laddr.port))] = connection.laddr.port
    return found


def assigned(stack: Stack) -> dict[str, int]:
    """Return the ports the system has chosen, by name."""
    ports: dict[str, int] = json.loads((stack.state / "ports.json").read_text("utf-8"))
    edge = urlsplit(stack.url).port
    assert edge
    return ports | {"edge": edge, "s3-admin-grpc": ports["s3-admin"] + GRPC_OF_ADMIN}


def unix_sockets(stack: Stack) -> set[Path]:
    """Return the paths of all sockets of the system in the file system."""
    paths = {str(connection.laddr) for connection in _connections(stack, "unix") if connection.laddr}
    # What the object store listens on in its working folder is named relative to it.
    return {stack.state / "s3" / path for path in paths}


def _connections(stack: Stack, kind: str) -> list[Any]:
    found = []
    parent = psutil.Process(stack.process.pid)
    for process in [parent, *parent.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            found += process.net_connections(kind)
    return found
