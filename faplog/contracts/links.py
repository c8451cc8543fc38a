"""The link to one report: what its token looks like, and how it is kept out of logs and traces."""

import re
from typing import Final

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in base64url."""

_IN_AN_ADDRESS: Final = re.compile(r"(/shared/)[^<>/?#\s\"']+")


def path(token: str) -> str:
    """The address of the page the link leads to, below the site's own."""
    return f"/shared/{token}"


def is_token(text: str) -> bool:
    """Whether this can be a token at all; only the API knows whether it is one."""
    return TOKEN.fullmatch(text) is not None


def without_tokens(text: str) -> str:
    """The text with every link in it cut off before its token: who reads a log must not be able to follow it."""
    return _IN_AN_ADDRESS.sub(r"\1…", text) if "/shared/" in text else text
