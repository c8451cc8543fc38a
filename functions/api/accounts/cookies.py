"""The cookies of a browser session: access and refresh tokens out of scripts' reach, the CSRF token within it."""

from typing import Final

from flask import Response

from . import sessions, tokens
from .authentication import Auth

REFRESH: Final = "faplog_refresh"
REFRESH_PATH: Final = "/api/v1/auth"
CSRF: Final = "faplog_csrf"


def give(response: Response, auth: Auth, *, access_token: str, refresh_token: str, csrf_token: str) -> None:
    """Set the three cookies of a session: the access cookie goes with its token, the others with the session."""
    lasting, secure = int(sessions.IDLE.total_seconds()), auth.cookie_secure
    response.set_cookie(
        auth.access_cookie, access_token, tokens.ACCESS_SEC, secure=secure, httponly=True, samesite="Lax"
    )
    response.set_cookie(
        REFRESH, refresh_token, lasting, path=REFRESH_PATH, secure=secure, httponly=True, samesite="Strict"
    )
    response.set_cookie(CSRF, csrf_token, lasting, secure=secure, samesite="Strict")


def take(response: Response, auth: Auth) -> None:
    """Remove the three cookies."""
    secure = auth.cookie_secure
    response.delete_cookie(auth.access_cookie, secure=secure, httponly=True, samesite="Lax")
    response.delete_cookie(REFRESH, path=REFRESH_PATH, secure=secure, httponly=True, samesite="Strict")
    response.delete_cookie(CSRF, secure=secure, samesite="Strict")
