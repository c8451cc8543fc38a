"""The certificate by which the parts of one server authenticate each other, new at each start."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from Crypto.Hash import SHA256
from Crypto.IO import PEM
from Crypto.PublicKey import ECC
from Crypto.Random.random import getrandbits
from Crypto.Signature import DSS
from Crypto.Util.asn1 import (
    DerBitString,
    DerBoolean,
    DerInteger,
    DerObject,
    DerObjectId,
    DerOctetString,
    DerSequence,
    DerSetOf,
)

from standalone.ports import HOST
from standalone.state import write_private

_ECDSA_SHA256: Final = "1.2.840.10045.4.3.2"
_COMMON_NAME: Final = "2.5.4.3"
_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_ALTERNATIVE_NAME: Final = "2.5.29.17"
_EXTENDED_USAGE: Final = "2.5.29.37"
_SERVER_AND_CLIENT: Final = ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2")
_UTF8_STRING, _UTC_TIME, _GENERALIZED_TIME, _IP_ADDRESS = 0x0C, 0x17, 0x18, 7
_NOT_BEFORE: Final = DerObject(_UTC_TIME, b"000101000000Z").encode()
_NOT_AFTER: Final = DerObject(_GENERALIZED_TIME, b"99991231235959Z").encode()
"""RFC 5280: no expiry date. The next start replaces it, and a changed clock must not end a running system."""


@dataclass(frozen=True)
class Files:
    """Paths of a certificate and its private key (PEM, mode 0600)."""

    certificate: Path
    key: Path


def make(folder: Path) -> Files:
    """Write a new key and its self-signed certificate, for server and client on loopback.

    The certificate is its own authority: a peer that trusts it accepts no other, and refuses a peer without its key.
    """
    key = ECC.generate(curve="P-256")
    body = _body(key.public_key().export_key(format="DER"))
    signature = DSS.new(key, "fips-186-3", encoding="der").sign(SHA256.new(body))
    certificate = DerSequence([body, _algorithm(), DerBitString(signature).encode()]).encode()
    files = Files(folder / "certificate.pem", folder / "key.pem")
    write_private(files.key, key.export_key(format="PEM"))
    write_private(files.certificate, PEM.encode(certificate, "CERTIFICATE"))
    return files


def _body(public_key: bytes) -> bytes:
    """Return the signed part: the TBSCertificate of RFC 5280, section 4.1."""
    common_name = DerSequence([_id(_COMMON_NAME), DerObject(_UTF8_STRING, b"faplog").encode()]).encode()
    name = DerSequence([DerSetOf([common_name]).encode()]).encode()
    address = DerOctetString(socket.inet_aton(HOST), implicit=_IP_ADDRESS).encode()
    extensions = [
        _extension(_BASIC_CONSTRAINTS, [DerBoolean(True).encode(), DerInteger(0).encode()], critical=True),
        _extension(_EXTENDED_USAGE, [_id(usage) for usage in _SERVER_AND_CLIENT]),
        _extension(_ALTERNATIVE_NAME, [address]),
    ]
    version_3 = DerInteger(2, explicit=0).encode()
    validity = DerSequence([_NOT_BEFORE, _NOT_AFTER]).encode()
    fields = [version_3, DerInteger(getrandbits(127)).encode(), _algorithm(), name, validity, name, public_key]
    return DerSequence([*fields, DerSequence(extensions, explicit=3).encode()]).encode()


def _extension(identifier: str, value: list[bytes], *, critical: bool = False) -> bytes:
    flag = [DerBoolean(True).encode()] if critical else []
    return DerSequence([_id(identifier), *flag, DerOctetString(DerSequence(value).encode()).encode()]).encode()


def _algorithm() -> bytes:
    return DerSequence([_id(_ECDSA_SHA256)]).encode()


def _id(identifier: str) -> bytes:
    return DerObjectId(identifier).encode()
