"""Whether a request that changes something was meant by the page it came from: for sessions that live in cookies.

A browser sends cookies along with requests other sites start. Such a request can neither name our origin nor read the
session's CSRF cookie to repeat it in a header, so both are asked for. Bearer tokens are never sent by themselves and
need none of this.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from flask import Request

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from . import tokens

HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def check(request: Request, expected_digest: bytes, origins: frozenset[str], *, secure: bool) -> None:
    """Refuse (`Forbidden`) a state-changing cookie request without a matching Origin and its session's token.

    Args:
        request: the request; one with a safe method passes.
        expected_digest: `tokens.digest` of the session's CSRF token.
        origins: origins allowed besides the address the request itself was sent to.
        secure: the site is served over TLS, so its origin must be https.
    """
    if request.method in SAFE_METHODS:
        return
    check_origin(request, origins, secure=secure)
    given = request.headers.get(HEADER, "")
    if not hmac.compare_digest(tokens.digest(given), expected_digest):
        raise refused(ErrorCode.CSRF_TOKEN_INVALID, header=HEADER)


def check_origin(request: Request, origins: frozenset[str], *, secure: bool) -> None:
    """Refuse (`Forbidden`) a request whose Origin is missing or is neither this site nor one of `origins`."""
    origin = request.headers.get("Origin", "")
    if origin in origins:
        return
    parts = urlsplit(origin) if origin.isascii() else urlsplit("")
    schemes = {"https"} if secure else {"http", "https"}
    if parts.scheme not in schemes or parts.netloc.lower() not in _own_hosts(request):
        raise refused(ErrorCode.ORIGIN_NOT_ALLOWED)


def _own_hosts(request: Request) -> set[str]:
    """The host the browser asked for: a foreign page can set neither header."""
    forwarded = request.headers.get("X-Forwarded-Host", "").split(",")[0].strip()
    return {host.lower() for host in (request.headers.get("Host", ""), forwarded) if host}
