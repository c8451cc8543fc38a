"""The headers every page carries: nothing but our own files may run, and no page is kept where others could see it."""

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
"""The blueprint of pages whose address opens them: it is told to no other site and no search engine."""

_UNTOLD: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


def add(response: Response) -> Response:
    """Add the headers to a response. Files carry their version in their address; pages are never stored."""
    response.headers.update(_HEADERS)
    if request.blueprint == SHARED:
        response.headers.update(_UNTOLD)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "private, no-store"
        response.vary.update(("Cookie", "Accept-Language"))
    return response
