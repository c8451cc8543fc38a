"""Ends connections whose request heads do not arrive.

gunicorn reads the head of a request without a time limit, in one of its few threads: as many connections that send half
a head would stop a program for good. The proxy in front sends whole heads; this is for clients that come past it.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

HEAD_SEC: Final = 20.0
"""How long a head may take."""


class SlowHeads:
    """The connections whose heads are being read. Called by the worker's threads and its main loop."""

    def __init__(self, head_sec: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._head_sec = head_sec
        self._clock = clock
        self._until: dict[socket.socket, float] = {}

    def begin(self, connection: socket.socket) -> None:
        """Note that a head is awaited on this connection from now on."""
        self._until[connection] = self._clock() + self._head_sec

    def end(self, connection: socket.socket) -> None:
        """Note that the head has arrived, or that the connection has ended."""
        self._until.pop(connection, None)

    def shut_down_late(self) -> None:
        """Shut down the connections whose heads are late; the thread that reads one sees its end."""
        now = self._clock()
        for connection, until in list(self._until.items()):
            if until <= now and self._until.pop(connection, None) is not None:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
