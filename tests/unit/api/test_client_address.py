"""Where a request comes from: only the edge is believed."""

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from functions.api.web import client_address


def seen(forwarded: str | None, peer: str | None = "10.42.0.7", real: str | None = None) -> str:
    """Return the address of a request with this X-Forwarded-For and X-Real-Ip from this peer."""
    named = {"X-Forwarded-For": forwarded, "X-Real-Ip": real}
    headers = {name: value for name, value in named.items() if value is not None}
    environ = EnvironBuilder(headers=Headers(headers)).get_environ()
    environ["REMOTE_ADDR"] = peer
    return client_address.address(Request(environ))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("made up, 1.1.1.1,203.0.113.9 ", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (None, "10.42.0.7"),
        ("", "10.42.0.7"),
        ("not an address", "10.42.0.7"),
    ],
)
def test_the_last_entry_counts(forwarded: str | None, address: str) -> None:
    assert seen(forwarded) == address


def test_the_edges_word_counts_whatever_proxies_lie_behind_it() -> None:
    assert seen("203.0.113.9, 10.42.0.3, 127.0.0.1", real="203.0.113.9") == "203.0.113.9"
    assert seen("203.0.113.9", real="not an address") == "203.0.113.9"


def test_a_peer_without_an_address() -> None:
    assert seen(None, peer=None) == client_address.UNKNOWN


@pytest.mark.parametrize("forwarded", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine(forwarded: str) -> None:
    assert client_address.is_this_machine(seen(forwarded))


@pytest.mark.parametrize("forwarded", ["203.0.113.9", "2001:db8::1", "10.42.0.7"])
def test_another_machine(forwarded: str) -> None:
    assert not client_address.is_this_machine(seen(forwarded))
    assert not client_address.is_this_machine(client_address.UNKNOWN)
