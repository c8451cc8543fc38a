"""API tokens: what one looks like, what its scopes allow, and how it is kept out of logs and traces."""

import re
from enum import StrEnum
from typing import Final

PREFIX: Final = "faplog_"
"""Begins every API token, so that people and secret scanners recognise one."""

TOKEN: Final = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
"""The prefix and 256 random bits in base64url."""

MAX_NAME_CHARS: Final = 100


class Scope(StrEnum):
    """What an API token allows."""

    READ = "read"
    UPLOAD = "upload"


def is_meant_as_token(text: str) -> bool:
    """Return whether a credential is an API token, perhaps a damaged one, and not an access token (a JWT)."""
    return text.startswith(PREFIX)


def is_token(text: str) -> bool:
    """Return whether a text has the form of an API token. Only the API knows whether the token exists."""
    return TOKEN.fullmatch(text) is not None


def without_api_tokens(text: str) -> str:
    """Return the text with every API token replaced, so that a reader of logs cannot use one."""
    return TOKEN.sub(f"{PREFIX}…", text) if PREFIX in text else text
