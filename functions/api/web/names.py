"""Names that clients see in requests and responses: the path prefix, the CSRF header and the access cookie."""

from typing import Final

PREFIX: Final = "/api/v1"
CSRF_HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing and so need no CSRF token."""

_ACCESS_COOKIE: Final = "faplog_access"


def access_cookie(*, secure: bool) -> str:
    """Return the name of the access cookie. Over TLS the prefix `__Host-` ties it to this host and to HTTPS."""
    return f"__Host-{_ACCESS_COOKIE}" if secure else _ACCESS_COOKIE
