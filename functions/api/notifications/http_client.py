"""One POST to a receiver that a user chose, and which may be slow or hostile.

The host is resolved once, each of its addresses is checked, and the connection is made to one of these addresses; TLS
and the Host header still name the host. Redirects are not followed, proxies of the environment are not used, nothing of
the answer is read but its head, and all of it together has one deadline.
"""

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import httpcore

from faplog.contracts.errors import CodedError, ErrorCode

from .addresses import Address, Receiver, resolve

DEADLINE_SEC: Final = 10.0
"""How long one POST may take from the first connection attempt to the end of the answer's head."""

MAX_ANSWER_BYTES: Final = 16 * 1024
"""How much of an answer is read at most: its head is shorter, and its body is of no interest."""


class NotDelivered(CodedError):
    """The receiver did not take the message; `str(error)` is a sentence for the user."""


def post(
    receiver: Receiver,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow_private: bool,
    deadline_sec: float = DEADLINE_SEC,
    context: ssl.SSLContext | None = None,
) -> None:
    """Send a JSON body and return once the receiver has answered with a status from 200 to 299.

    Args:
        receiver: Where to send it.
        body: JSON.
        headers: More headers.
        allow_private: Whether the operator allows every address.
        deadline_sec: How long it may take, without the DNS.
        context: Whom to trust, by default the public authorities and those of this machine.

    Raises:
        BadReceiver: The host is unknown, or one of its addresses is not allowed.
        NotDelivered: No connection, no valid answer in time, or another status.
    """
    addresses = resolve(receiver, allow_private=allow_private)
    backend = _CheckedBackend(addresses, time.monotonic() + deadline_sec)
    sent = {"Content-Type": "application/json", "User-Agent": "faplog", "Connection": "close", **headers}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=context or _trusted(), network_backend=backend, retries=0) as pool,
            pool.stream("POST", receiver.url, headers=list(sent.items()), content=body) as answer,
        ):
            status = answer.status
    except httpcore.TimeoutException:
        raise NotDelivered(ErrorCode.RECEIVER_TIMED_OUT) from None
    except httpcore.ConnectError as error:
        secure = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
        raise NotDelivered(ErrorCode.RECEIVER_TLS_FAILED if secure else ErrorCode.RECEIVER_UNREACHABLE) from None
    except (httpcore.NetworkError, httpcore.ProtocolError):
        raise NotDelivered(ErrorCode.RECEIVER_ANSWER_INVALID) from None
    if 300 <= status < 400:
        raise NotDelivered(ErrorCode.RECEIVER_REDIRECTS)
    if not 200 <= status < 300:
        raise NotDelivered(ErrorCode.RECEIVER_REFUSED, http_status=status)


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom to trust: the public authorities, and those of this machine."""
    context = httpcore.default_ssl_context()
    context.load_default_certs()
    return context


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses, whatever the host's name resolves to by now."""

    def __init__(self, addresses: Sequence[Address], ends_at: float) -> None:
        self._addresses = addresses
        self._ends_at = ends_at
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002  (resolved and checked before)
        port: int,
        timeout: float | None = None,  # noqa: ARG002  (the deadline counts)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers."""
        for number, address in enumerate(self._addresses, start=1):
            try:
                left_sec = _left_sec(self._ends_at, httpcore.ConnectTimeout) / (len(self._addresses) - number + 1)
                stream = self._network.connect_tcp(str(address), port, left_sec, local_address, socket_options)
                return _BoundedStream(stream, self._ends_at)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(self._addresses):
                    raise
        raise httpcore.ConnectError


class _BoundedStream(httpcore.NetworkStream):
    """A connection that ends at the deadline, and from which at most `MAX_ANSWER_BYTES` are read."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at
        self._left_bytes = MAX_ANSWER_BYTES

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has come. Raises `ReadError` beyond the limit."""
        if self._left_bytes <= 0:
            raise httpcore.ReadError("the answer is too large")
        left_sec = _left_sec(self._ends_at, httpcore.ReadTimeout)
        received = self._stream.read(min(max_bytes, self._left_bytes), left_sec)
        self._left_bytes -= len(received)
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all of it."""
        self._stream.write(buffer, _left_sec(self._ends_at, httpcore.WriteTimeout))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Encrypt the connection. The server must prove to be the host of the URL."""
        left_sec = _left_sec(self._ends_at, httpcore.ConnectTimeout)
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left_sec), self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows about itself."""
        return self._stream.get_extra_info(info)


def _left_sec(ends_at: float, timeout: type[httpcore.TimeoutException]) -> float:
    """Return the seconds until the deadline. Raises `timeout` after it."""
    left_sec = ends_at - time.monotonic()
    if left_sec <= 0:
        raise timeout
    return left_sec
