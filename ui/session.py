"""The browser's session, as far as the pages know it: which cookies to hand on, and where to go back to."""

from typing import Final

from flask import request

ACCESS_COOKIES: Final = ("__Host-faplog_access", "faplog_access")
HINT_COOKIES: Final = ("__Host-faplog_csrf", "faplog_csrf")
"""Readable by scripts and living as long as the session: its presence says that a session may be refreshed."""


def api_cookies() -> dict[str, str]:
    """The cookies the API knows the user by; no other cookie leaves the browser's request."""
    return {name: request.cookies[name] for name in ACCESS_COOKIES if name in request.cookies}


def perhaps_signed_in() -> bool:
    """Whether the browser has, or had, a session. Only the API knows; this decides which links a page shows."""
    return any(name in request.cookies for name in (*ACCESS_COOKIES, *HINT_COOKIES))


def local_path(target: str | None, default: str) -> str:
    """`target` if it is a path on this site, else `default`: a link must not send a user to another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    return default if any(ord(char) < 32 or char == "\\" for char in target) else target


def here() -> str:
    """The path and query of this page, for coming back to it."""
    return request.full_path.rstrip("?")
