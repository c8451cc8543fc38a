"""Where a request comes from, as the edge in front of us saw it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import Request

UNKNOWN: Final = "unknown"
_IPV6_PREFIX: Final = 64


def address(request: Request) -> str:
    """The client's address; of an IPv6 one its /64, which is what one household or one machine is given.

    The edge writes the peer it saw into X-Real-Ip, over whatever the client sent, and no proxy between it and us (a
    gateway, the watchdog) touches that. They append themselves to X-Forwarded-For, so of that only the last entry is
    anybody's word, and only without an edge. Without both headers it is the peer itself.
    """
    last = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
    parsed = (
        _parsed(request.headers.get("X-Real-Ip", "").strip()) or _parsed(last) or _parsed(request.remote_addr or "")
    )
    if parsed is None:
        return UNKNOWN
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, _IPV6_PREFIX), strict=False))
    return str(parsed)


def is_this_machine(seen: str) -> bool:
    """Whether an address of `address()` is the machine itself: on a laptop everyone is, in a cluster nobody."""
    parsed = _parsed(seen.partition("/")[0])
    return parsed is not None and (parsed.is_loopback or seen == "::/64")


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
