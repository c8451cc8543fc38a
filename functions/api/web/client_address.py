"""The address a request comes from, as the edge proxy in front of the API saw it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import Request

UNKNOWN: Final = "unknown"
_IPV6_PREFIX: Final = 64


def address(request: Request) -> str:
    """Return the client's address; of an IPv6 address its /64, which is what one household or one machine is given.

    The edge overwrites X-Real-Ip with the peer it saw, and no proxy behind it (a gateway, the watchdog) changes that.
    Those append themselves to X-Forwarded-For, so of that header only the last entry can be trusted, and only without
    an edge. Without either header it is the peer itself.
    """
    last = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    parsed = (
        _parse_address(request.headers.get("X-Real-Ip", "").strip())
        or _parse_address(last)
        or _parse_address(request.remote_addr or "")
    )
    if parsed is None:
        return UNKNOWN
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _IPV6_PREFIX), strict=False))
    return str(parsed)


def is_this_machine(seen: str) -> bool:
    """Return whether an address from `address()` is this machine: on a laptop every client is, in a cluster none."""
    parsed = _parse_address(seen.partition("/")[0])
    return parsed is not None and (parsed.is_loopback or seen == "::/64")


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
