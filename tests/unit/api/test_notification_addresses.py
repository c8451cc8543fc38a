"""Which receivers may be used: the table of addresses that reach what a user must not reach."""

import socket
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.errors import ErrorCode
from functions.api.notifications import addresses
from functions.api.notifications.addresses import BadReceiver, check_is_other, is_public, parse, resolve


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "//example.org/hook",
        "file:///etc/passwd",
        "ftp://example.org/hook",
        "gopher://example.org/_x",
        "javascript:alert(1)",
        "unix:/var/run/docker.sock",
        "http:example.org",
        "http://",
        "http:///hook",
        "https://:443/hook",
        "https://user:password@example.org/hook",
        "https://user@example.org/hook",
        "https://example.org@127.0.0.1/hook",
        "https://example.org/hook#part",
        "https://example.org/ho ok",
        "https://example.org/hook\r\nX-Injected: 1",
        "https://example.org\r\nHost: other.example/hook",
        "https://example.org/hook\t",
        "https://example.org/\x00",
        "https://exämple.org/hook",
        "https://example.org/höök",
        "https://127.0.0.1\\@example.org/hook",
        "https://example.org%2f@127.0.0.1/",
        "https://%31%32%37.0.0.1/hook",
        "https://example.org:port/hook",
        "https://example.org:0/hook",
        "https://example.org:/hook",
        "https://example.org:65536/hook",
        "https://[::1/hook",
        "https://[v1.x]/hook",
        "https://9[2606:4700::1111]/hook",
        "https://[2606:4700::1111]x:443/hook",
        "https://[2606:4700::1111]x/hook",
        "https://[2606:4700::1111][2606:4700::1111]/hook",
        "https://example.org/" + "a" * addresses.MAX_URL_CHARS,
    ],
)
def test_what_is_no_address_of_a_receiver(url: str) -> None:
    with pytest.raises(BadReceiver) as refused:
        parse(url)
    assert refused.value.code is ErrorCode.RECEIVER_URL_INVALID


@pytest.mark.parametrize("port", [1, 22, 25, 53, 110, 143, 389, 445, 465, 587, 636, 993, 1023])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(BadReceiver) as refused:
        parse(f"https://example.org:{port}/hook")
    assert refused.value.code is ErrorCode.RECEIVER_NOT_ALLOWED
    assert parse(f"https://example.org:{port}/hook", any_port=True).port == port


def test_the_parts_of_an_address() -> None:
    receiver = parse("https://Example.org:8443/a/b?c=d")
    assert (receiver.scheme, receiver.host, receiver.port, receiver.path) == ("https", "example.org", 8443, "/a/b")
    assert parse("http://example.org").port == 80
    assert parse("https://example.org/").port == 443
    assert parse("http://[2606:4700::1111]/").host == "2606:4700::1111"


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"https?://[ -~]{0,40}", fullmatch=True),
        st.from_regex(
            r"https?://(\[[0-9a-f:.%]{0,20}\]|[0-9a-zA-Z.%@-]{1,20})(:[0-9]{0,6})?[/?#][ -~]{0,9}", fullmatch=True
        ),
    )
)
def test_any_text_is_a_receiver_or_is_refused(url: str) -> None:
    """What is accepted has nothing that could add a header or name another host to another parser."""
    try:
        receiver = parse(url, any_port=True)
    except BadReceiver:
        return
    assert receiver.scheme in ("http", "https")
    assert receiver.url.isascii()
    assert receiver.url.isprintable()
    assert not set(receiver.url) & set(" \\#\r\n")
    authority = receiver.url.split("/", 3)[2].split("?")[0]
    assert "@" not in authority
    assert receiver.host in authority.lower()
    assert 0 < receiver.port < 65536


PRIVATE = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd12:3456::1", "fc00::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%1"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "broadcast": ["255.255.255.255"],
    "reserved": ["240.0.0.1", "192.0.0.1", "100::1", "2001:db8::1", "3fff::1", "4000::1"],
    "documentation and benchmarks": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"],
    "site-local": ["fec0::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
    "IPv4-compatible": ["::127.0.0.1", "::10.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:72f:1::", "2002:808:808::", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::", "2001:0:808:808::"],
    "protocol assignments": ["192.0.0.8", "192.0.0.9", "192.0.0.100", "192.0.0.170", "2001:1::1", "2001:20::1"],
    "special in an IPv6 address": ["::ffff:192.88.99.1", "64:ff9b::192.0.0.9"],
}
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "192.0.1.1",
    "2606:4700::1111",
    "2001:200::1",
    "2003::1",
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", [one for kind in PRIVATE.values() for one in kind])
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[fe80::1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "2852039166",
        "10.0.0.1",
    ],
)
def test_a_host_that_leads_to_a_private_address(host: str) -> None:
    """In every way the system's own resolver understands a number: decimal, hexadecimal, octal, with parts left out."""
    with pytest.raises(BadReceiver) as refused:
        resolve(parse(f"http://{host}/hook"), allow_private=False)
    assert refused.value.code in (ErrorCode.RECEIVER_NOT_ALLOWED, ErrorCode.RECEIVER_HOST_UNKNOWN)


def test_the_operator_may_allow_private_addresses() -> None:
    assert ip_address("127.0.0.1") in resolve(parse("http://2130706433:8080/"), allow_private=True)


def answers(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[str]:
    """Let every host have these addresses. Returns the hosts that were asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("bad", ["127.0.0.1", "10.1.2.3", "::1", "169.254.169.254"])
def test_one_private_address_among_public_ones_refuses_the_host(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    answers(monkeypatch, "8.8.8.8", bad, "1.1.1.1")
    with pytest.raises(BadReceiver) as refused:
        resolve(parse("https://example.org/"), allow_private=False)
    assert refused.value.code is ErrorCode.RECEIVER_NOT_ALLOWED


def test_each_address_is_returned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, "8.8.8.8", "8.8.8.8", "1.1.1.1")
    found = resolve(parse("https://example.org/"), allow_private=False)
    assert [str(one) for one in found] == ["8.8.8.8", "1.1.1.1"]
    assert asked == ["example.org"]


def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    with pytest.raises(BadReceiver) as refused:
        resolve(parse("https://example.org/"), allow_private=False)
    assert refused.value.code is ErrorCode.RECEIVER_HOST_UNKNOWN


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://faplog.example/api/v1/analyses", "https://faplog.example"),
        ("https://FAPLOG.example:443/", "https://faplog.example/"),
        ("http://faplog.example:8080/x", "http://faplog.example:8080"),
    ],
)
def test_a_receiver_that_is_this_service(url: str, own: str) -> None:
    with pytest.raises(BadReceiver) as refused:
        check_is_other(parse(url), (own,))
    assert refused.value.code is ErrorCode.RECEIVER_NOT_ALLOWED
    check_is_other(parse("https://other.example/"), (own,))
