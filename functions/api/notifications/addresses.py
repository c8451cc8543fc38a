"""Where a webhook or an ntfy message may go: the form of its URL, and the network addresses its host has.

A user chooses the URL, and this process can reach machines that the user cannot: databases, metadata services, routers.
So every address of the host is checked, and the connection is made to a checked address (`http_client`).
"""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from faplog.contracts.errors import CodedError, ErrorCode

MAX_URL_CHARS: Final = 2048
RESOLVE_SEC: Final = 5.0
"""How long the DNS may take. The system's resolver has no limit of its own that could be set."""

_SCHEMES: Final = {"http": 80, "https": 443}
_UNPRIVILEGED_PORT: Final = 1024
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SPECIAL: Final = tuple(
    ip_network(network)
    for network in (
        *("192.0.0.0/24", "2001::/23"),  # protocol assignments, Teredo among them
        *("192.88.99.0/24", "2002::/16"),  # 6to4, deprecated by RFC 7526
        "3fff::/20",  # documentation
    )
)
"""No receiver is here, by IANA's registries of special-purpose addresses. Python's versions differ about most."""

_BRACKETED: Final = re.compile(r"\[[0-9A-Fa-f:.]+\](:\d+)?")
"""Host and port with an IPv6 address. `urlsplit` ignores what stands before and after the brackets."""

_resolvers: Final = ThreadPoolExecutor(4, "resolve")

Address = IPv4Address | IPv6Address


class BadReceiver(CodedError):
    """The URL of a receiver cannot or may not be used; `str(error)` is a sentence for the user."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A URL in its parts."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, without the port that the scheme implies."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _SCHEMES[self.scheme] else f":{self.port}")


def parse(url: str, *, any_port: bool = False) -> Receiver:
    """Return the parts of a receiver's URL.

    Args:
        url: What the user entered.
        any_port: Whether ports below 1024 are allowed besides 80 and 443. Those belong to mail, databases and others,
            which must not be sent HTTP.

    Raises:
        BadReceiver: Not an http or https URL with a host, or with a user, a fragment, or other than printable ASCII.
    """
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > MAX_URL_CHARS:
        raise BadReceiver(ErrorCode.RECEIVER_URL_INVALID)
    try:
        parts = urlsplit(url)
        port = parts.port
        if "[" in parts.netloc:
            IPv6Address(parts.hostname or "")
    except ValueError:
        raise BadReceiver(ErrorCode.RECEIVER_URL_INVALID) from None
    host = parts.hostname or ""
    beside_brackets = "[" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc)
    unusual = "@" in parts.netloc or "\\" in url or "#" in url or "%" in parts.netloc or beside_brackets
    if parts.scheme not in _SCHEMES or not host or unusual or port == 0 or parts.netloc.endswith(":"):
        raise BadReceiver(ErrorCode.RECEIVER_URL_INVALID)
    port = port or _SCHEMES[parts.scheme]
    if not any_port and port < _UNPRIVILEGED_PORT and port not in _SCHEMES.values():
        raise BadReceiver(ErrorCode.RECEIVER_NOT_ALLOWED)
    return Receiver(url, parts.scheme, host, port, parts.path)


def check_is_other(receiver: Receiver, own_urls: tuple[str, ...]) -> None:
    """Refuse (`BadReceiver`) a receiver at one of this service's own addresses."""
    for own in own_urls:
        parts = urlsplit(own)
        own_port = parts.port or _SCHEMES.get(parts.scheme, 0)
        if receiver.host == (parts.hostname or "") and receiver.port == own_port:
            raise BadReceiver(ErrorCode.RECEIVER_NOT_ALLOWED)


def resolve(receiver: Receiver, *, allow_private: bool) -> list[Address]:
    """Resolve the host once and return its addresses, all of them allowed.

    One address that is not allowed among others refuses the host: which of them is used must not be chance.

    Args:
        receiver: Where to send.
        allow_private: Whether the operator allows every address.

    Raises:
        BadReceiver: The host has no address, or one that is not allowed.
    """
    try:
        lookup = _resolvers.submit(socket.getaddrinfo, receiver.host, receiver.port, type=socket.SOCK_STREAM)
        found = lookup.result(RESOLVE_SEC)
    except (OSError, UnicodeError, FutureTimeout):
        raise BadReceiver(ErrorCode.RECEIVER_HOST_UNKNOWN) from None
    addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
    if not addresses:
        raise BadReceiver(ErrorCode.RECEIVER_HOST_UNKNOWN)
    if not allow_private and not all(map(is_public, addresses)):
        raise BadReceiver(ErrorCode.RECEIVER_NOT_ALLOWED)
    return addresses


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet's.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64) is judged as that one.
    """
    if isinstance(address, IPv6Address):
        embedded = _embedded(address)
        if embedded is not None:
            return is_public(embedded)
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped
