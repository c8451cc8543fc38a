"""How a server is reached: a job waits for it at its start, and no proxy stands before one on the same machine.

In a cluster the first connections of a new pod are refused for a second.
"""

import os
import socket
import time
from typing import Final
from urllib.parse import urlsplit

GIVE_UP_SEC: Final = 30.0
_TRY_SEC: Final = 5.0
_PAUSE_SEC: Final = 0.2
_PORTS: Final = {"http": 80, "https": 443}

Address = tuple[str, int]
"""Host and port."""


def wait_for_server(url: str, give_up_sec: float = GIVE_UP_SEC) -> bool:
    """Wait until the server of a URL takes a TCP connection.

    Args:
        url: Address with host and port, such as `postgresql://user:password@host:5432/name`. The wait ends at once
            if it names no port: then the server is not reached by TCP, or at the driver's default.
        give_up_sec: Seconds after which the wait ends; the caller's own connection then fails with its own message.

    Returns:
        Whether the server took a connection.
    """
    parts = urlsplit(url)
    if not parts.hostname or not parts.port:
        return False
    return wait_for((parts.hostname, parts.port), give_up_sec)


def wait_for(address: Address, give_up_sec: float) -> bool:
    """Wait until a server takes a TCP connection, for so many seconds, and return whether it did."""
    end = time.monotonic() + give_up_sec
    while True:
        if takes_connection(address, _TRY_SEC):
            return True
        if time.monotonic() + _PAUSE_SEC >= end:
            return False
        time.sleep(_PAUSE_SEC)


def takes_connection(address: Address, within_sec: float) -> bool:
    """Return whether a server takes a TCP connection within that time; tried once."""
    try:
        socket.create_connection(address, within_sec).close()
    except OSError:
        return False
    return True


def http_address(url: str) -> Address:
    """Return host and port of an HTTP address."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def bypass_proxy() -> None:
    """Let no proxy of the environment stand before servers on this machine, for this process and those it starts."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))
