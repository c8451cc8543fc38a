"""A door in front of the object store: a TCP proxy that can reset connections or answer 503, else transparent."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType

REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_END = b"\r\n\r\n"


class Doorkeeper:
    """Passes connections on to the object store, whose port may be known only when the first one comes.

    The first `reset_first` connections are reset. Of the others, every `refuse_every`th is answered with 503 (none
    while that is 0); while any are refused, what was open is broken off, so that no client goes on through an old
    connection.
    """

    def __init__(self, store_port: Callable[[], int], reset_first: int = 0) -> None:
        self.refused = 0
        self._refuse_every = 0
        self._store_port = store_port
        self._to_reset = reset_first
        self._seen = 0
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    @property
    def refuse_every(self) -> int:
        """Which connections are refused: every first, every second, …, or none (0)."""
        return self._refuse_every

    @refuse_every.setter
    def refuse_every(self, value: int) -> None:
        self._refuse_every = value
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Doorkeeper":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.refuse_every = 0

    def _serve(self) -> None:
        for caller in self._callers():
            if self._to_reset:
                self._to_reset -= 1
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                caller.close()
                continue
            self._seen += 1
            refuse = self._refuse_every and self._seen % self._refuse_every == 0
            self.refused += bool(refuse)
            threading.Thread(target=self._refuse if refuse else self._pass_on, args=[caller], daemon=True).start()

    def _callers(self) -> Iterator[socket.socket]:
        with suppress(OSError):
            while True:
                yield self._listener.accept()[0]

    def _refuse(self, caller: socket.socket) -> None:
        """Hear the request's head out, so that the answer is one and no reset."""
        with caller, suppress(OSError):
            caller.settimeout(5)
            head = b""
            while _END not in head and (chunk := caller.recv(65536)):
                head += chunk
            caller.sendall(REFUSAL)
            caller.shutdown(socket.SHUT_WR)
            while caller.recv(65536):
                pass

    def _pass_on(self, caller: socket.socket) -> None:
        with caller, suppress(OSError), socket.create_connection(("127.0.0.1", self._store_port())) as store:
            self._open |= {caller, store}
            back = threading.Thread(target=_copy, args=[store, caller], daemon=True)
            back.start()
            _copy(caller, store)
            back.join()
            self._open -= {caller, store}


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
