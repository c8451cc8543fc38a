"""Security headers and CORS of every response: scripts of other sites may read none unless the operator allows it."""

from typing import Final

from flask import Flask, Response, request

from .names import CSRF_HEADER

_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS: Final = f"max-age={365 * 24 * 3600}; includeSubDomains"
_ALLOWED_HEADERS: Final = f"Authorization, Content-Type, Range, If-None-Match, {CSRF_HEADER}"
_EXPOSED_HEADERS: Final = "Content-Disposition, Content-Range, ETag, Location, Retry-After"


def register(app: Flask, *, origins: frozenset[str], secure: bool) -> None:
    """Add the headers to every response of the app.

    Args:
        app: The app.
        origins: Origins other than our own whose scripts may call the API (CORS), with the user's cookies or without.
        secure: Whether the site is served over TLS; browsers are told to use nothing else from then on.
    """

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        if origins:
            _add_cors(response, origins)
        else:
            response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


def _add_cors(response: Response, origins: frozenset[str]) -> None:
    """Add the CORS headers for the allowed origins, and `Vary`, because the response depends on the origin."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Credentials"] = "true"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "GET")
        response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "600"
