"""The session of the browser: which cookies to forward to the API, and where to return after login."""

from typing import Final

from flask import request

ACCESS_COOKIES: Final = ("__Host-faplog_access", "faplog_access")
HINT_COOKIES: Final = ("__Host-faplog_csrf", "faplog_csrf")
"""Readable by scripts and as long-lived as the session. If it is present, the session may be refreshed."""


def api_cookies() -> dict[str, str]:
    """Return the cookies that identify the user to the API; no others are forwarded."""
    return {name: request.cookies[name] for name in ACCESS_COOKIES if name in request.cookies}


def perhaps_signed_in() -> bool:
    """Return whether the browser has, or had, a session. This only decides which links a page shows."""
    return any(name in request.cookies for name in (*ACCESS_COOKIES, *HINT_COOKIES))


def local_path(target: str | None, default: str) -> str:
    """Return `target` if it is a path on this site, else `default`, to prevent redirects to other sites."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    return default if any(ord(char) < 32 or char == "\\" for char in target) else target


def here() -> str:
    """Return the path and query of this page."""
    return request.full_path.rstrip("?")
