"""Security headers of all pages: only our own scripts run, and no page is stored in shared caches."""

from typing import Final

from flask import Response, request

CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # data: icons inside Bootstrap's stylesheet
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

SHARED: Final = "shared"
"""Name of the blueprint of shared links, which must not reach other sites or search engines."""

_SECRET_ADDRESS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def add(response: Response) -> Response:
    """Add the headers to a response. Static files have versioned addresses; pages are never stored."""
    response.headers.update(_HEADERS)
    if request.blueprint == SHARED:
        response.headers.update(_SECRET_ADDRESS)
        response.vary.add("Authorization")
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "private, no-store"
        response.vary.update(("Cookie", "Accept-Language"))
    return response
