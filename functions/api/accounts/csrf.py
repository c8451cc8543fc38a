"""Protection against cross-site request forgery, for sessions whose tokens are in cookies.

A browser sends cookies along with requests that other sites start. Such a request can neither carry our origin nor
read the session's CSRF cookie to repeat it in a header, so both are required. Browsers never send Bearer tokens on
their own, so requests with one are not checked.
"""

import hmac
from urllib.parse import urlsplit

from flask import Request

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..web.names import CSRF_HEADER, SAFE_METHODS
from . import tokens


def check(request: Request, expected_digest: bytes, origins: frozenset[str], *, secure: bool) -> None:
    """Refuse (`Forbidden`) a state-changing cookie request without a matching Origin and its session's token.

    Args:
        request: The request; one with a safe method passes.
        expected_digest: `tokens.digest` of the session's CSRF token.
        origins: Origins allowed besides the address the request itself was sent to.
        secure: Whether the site is served over TLS, so that its origin must be https.
    """
    if request.method in SAFE_METHODS:
        return
    check_origin(request, origins, secure=secure)
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(tokens.digest(given), expected_digest):
        raise refused(ErrorCode.CSRF_TOKEN_INVALID, header=CSRF_HEADER)


def check_origin(request: Request, origins: frozenset[str], *, secure: bool) -> None:
    """Refuse (`Forbidden`) a request whose Origin is missing or is neither this site nor one of `origins`."""
    origin = request.headers.get("Origin", "")
    if origin in origins:
        return
    scheme, host = _scheme_and_host(origin)
    schemes = {"https"} if secure else {"http", "https"}
    if scheme not in schemes or host not in _own_hosts(request):
        raise refused(ErrorCode.ORIGIN_NOT_ALLOWED)


def _scheme_and_host(origin: str) -> tuple[str, str]:
    """Return the scheme of an origin and its host with the port, in lower case; both empty if it is malformed."""
    try:
        parts = urlsplit(origin if origin.isascii() else "")
    except ValueError:  # a bracket that is not closed, or around something else than an IPv6 address
        return "", ""
    return parts.scheme, parts.netloc.lower()


def _own_hosts(request: Request) -> set[str]:
    """Return the host that the browser requested; a page of another site can set neither header."""
    forwarded = request.headers.get("X-Forwarded-Host", "").split(",")[0].strip()
    return {host.lower() for host in (request.headers.get("Host", ""), forwarded) if host}
