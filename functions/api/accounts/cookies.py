"""The cookies of a browser session: scripts can read the CSRF token, but not the access and refresh tokens."""

from typing import Final

from flask import Response

from ..web.names import PREFIX, access_cookie
from . import sessions, tokens

REFRESH: Final = "faplog_refresh"
REFRESH_PATH: Final = f"{PREFIX}/auth"
CSRF: Final = "faplog_csrf"


def set_session_cookies(
    response: Response, *, access_token: str, refresh_token: str, csrf_token: str, secure: bool
) -> None:
    """Set the three cookies of a session.

    Args:
        response: The response that sets them.
        access_token: Its cookie expires with the token.
        refresh_token: Its cookie expires with the session.
        csrf_token: Its cookie expires with the session.
        secure: Whether the site is served over TLS.
    """
    max_age = int(sessions.IDLE.total_seconds())
    response.set_cookie(
        access_cookie(secure=secure), access_token, tokens.ACCESS_SEC, secure=secure, httponly=True, samesite="Lax"
    )
    response.set_cookie(
        REFRESH, refresh_token, max_age, path=REFRESH_PATH, secure=secure, httponly=True, samesite="Strict"
    )
    response.set_cookie(CSRF, csrf_token, max_age, secure=secure, samesite="Strict")


def clear_session_cookies(response: Response, *, secure: bool) -> None:
    """Remove the three cookies."""
    response.delete_cookie(access_cookie(secure=secure), secure=secure, httponly=True, samesite="Lax")
    response.delete_cookie(REFRESH, path=REFRESH_PATH, secure=secure, httponly=True, samesite="Strict")
    response.delete_cookie(CSRF, secure=secure, samesite="Strict")
