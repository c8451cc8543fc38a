"""A link to a report or a car: what its token looks like, and how it is kept out of logs and traces."""

import re
from typing import Final

from .api_tokens import without_api_tokens

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in base64url."""

_IN_AN_ADDRESS: Final = re.compile(r"(/shared[/#])(?!series(?![^<>/?#\s\"']))[^<>/?#\s\"']+")
"""A link of this release (`#`) or an earlier one (`/`). `/shared/series` is a route without a token."""


def address(token: str) -> str:
    """Return the address that the link opens, on the site: browsers send what follows `#` to no server."""
    return f"/shared#{token}"


def is_token(text: str) -> bool:
    """Return whether a text has the form of a token. Only the API knows whether the token exists."""
    return TOKEN.fullmatch(text) is not None


def without_tokens(text: str) -> str:
    """Return the text without the tokens of links and API tokens, so that a reader of logs can use none of them."""
    return without_api_tokens(_IN_AN_ADDRESS.sub(r"\1…", text) if "/shared" in text else text)
