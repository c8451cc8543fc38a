"""What a user types in: the address that messages are sent to, and a maintenance note."""

import json
import re
from datetime import date, timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import httpcore
from pydantic import ValidationError

from faplog.contracts.notes import MOST_KM, MOST_TEXT, Kind, Note, is_done
from faplog.http_errors import Refused
from functions.api.cars import notes
from functions.api.cars.schemas import NewNote
from functions.api.notifications.addresses import BadReceiver, Receiver, parse, resolve

_NUMBER: Final = r"(0x[0-9a-f]+|[0-9]+)"
_LITERAL: Final = re.compile(rf"{_NUMBER}(\.{_NUMBER}){{0,3}}|[0-9a-f:.]*:[0-9a-f:.]*")
"""Hosts that no DNS is asked about."""

_PORTS: Final = {"http": 80, "https": 443}

ADDRESS_WORDS: Final = (
    *(b"http://", b"https://", b"HTTPS://", b"//", b"/", b"\\", b"@", b"#", b"?", b"%", b":", b":80", b":0", b":65536"),
    *(b"[", b"]", b"[::1]", b"[::ffff:127.0.0.1]", b"[64:ff9b::a00:1]", b"[2002:7f00:1::]", b"[fe80::1%25lo]", b"::"),
    *(b"127.0.0.1", b"0x7f.1", b"2130706433", b"017700000001", b"169.254.169.254", b"10.1", b"0", b"100.64.0.1"),
    *("。".encode(), "①".encode(), "ⓔ".encode(), b"xn--", b"\t", b"\n", b"\x00", b" ", b"user:password@", b"9" * 400),
)
NOTE_WORDS: Final = (
    *(b'"kind"', b'"onDate"', b'"km"', b'"text"', b'"done"', b"null", b"true", b"-1", b"1e3", b"1e999", b"NaN", b"7.0"),
    *(b"0001-01-01", b"9999-12-31", b"2025-02-30", b"\xd9\xa2025-01-01", b"\\u0000", b"\\ud800", b"\xff", b"9" * 5000),
    *(b"x" * (MOST_TEXT + 1), *(f'"{kind}"'.encode() for kind in Kind)),
)


def check_receiver(data: bytes) -> None:
    """Check that an address is refused, or that the connection goes to the host and port that were judged."""
    text = data.decode("utf-8", "replace")
    for any_port in (False, True):
        try:
            receiver = parse(text, any_port=any_port)
        except BadReceiver:
            continue
        _check_same_host(receiver)
        if _LITERAL.fullmatch(receiver.host):
            _check_public(receiver)


def _check_same_host(receiver: Receiver) -> None:
    """Check that the sender, which parses the address again, reads the same."""
    sent = httpcore.URL(receiver.url)
    assert sent.scheme.decode() == receiver.scheme
    assert sent.host.decode() == receiver.host
    assert (sent.port or _PORTS[receiver.scheme]) == receiver.port
    assert not {*b"\r\n\t \x00"} & {*sent.target}, sent.target


def _check_public(receiver: Receiver) -> None:
    try:
        addresses = resolve(receiver, allow_private=False)
    except BadReceiver:
        return
    for address in addresses:
        assert not _kinds(_embedded(address)), receiver.host


def _kinds(address: IPv4Address | IPv6Address) -> list[str]:
    """Return what keeps an address from being one of the public internet's."""
    kinds = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_reserved", "is_unspecified")
    return [kind for kind in kinds if getattr(address, kind)]


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address ends with, where it is one that stands for it."""
    stands_for = isinstance(address, IPv6Address) and address.packed[:12] in (
        ip_address("::ffff:0:0").packed[:12],
        ip_address("64:ff9b::").packed[:12],
    )
    return IPv4Address(address.packed[12:]) if stands_for else address


def check_note(data: bytes) -> None:
    """Check that a note is refused by name, or can be stored, shown and sent with a request for an average."""
    try:
        wanted = NewNote.model_validate_json(data)
        new = notes.new_content(wanted.kind, wanted.on_date, wanted.km, wanted.text, done=bool(wanted.done))
    except (ValidationError, Refused):
        return
    assert "\x00" not in new.text
    assert len(new.text.encode()) <= 4 * MOST_TEXT
    assert new.km is None or 0 <= new.km <= MOST_KM
    note = Note(kind=new.kind, on_date=new.on_date, km=new.km, text=new.text)
    assert Note.model_validate_json(note.model_dump_json(by_alias=True)) == note
    is_done(note, date(2025, 2, 3))


@cache
def receivers() -> list[bytes]:
    """Addresses that are taken: of hosts by name and by number, with a port, a path and a query."""
    return [
        b"https://ntfy.example/my-car",
        b"http://hooks.example:8080/a/b?c=d&e=%20f",
        b"https://8.8.8.8/x",
        b"https://[2606:4700::1111]:8443/",
    ]


@cache
def written_notes() -> list[bytes]:
    """Return notes that are taken, and one with everything that one may have."""
    day = date(2025, 2, 3)
    return [
        json.dumps({"kind": "filter_cleaned", "onDate": day.isoformat()}).encode(),
        json.dumps({"kind": "other", "km": 90_000, "text": "à vérifier"}).encode(),
        json.dumps(
            {"kind": "oil_changed", "onDate": (day + timedelta(400)).isoformat(), "km": 7.0, "text": "5W30 " * 200}
        ).encode(),
    ]
