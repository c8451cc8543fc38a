"""The routes of the stored objects of an analysis: its original CSV and its plot series."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import chain
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from faplog.blobs import Blobs
from faplog.contracts.errors import ErrorCode
from faplog.contracts.keys import log_key, series_key
from faplog.http_errors import refused

from ..accounts.authentication import authenticated
from ..services import Services
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.routes import Routes
from .lookup import get_analysis

TAG: Final = "analyses"
blueprint = Routes("files", __name__, url_prefix=PREFIX)

SIGNED_SEC: Final = 300
"""How long a signed address of the bucket is valid."""

_CACHE: Final = "private, no-cache"
_CONDITIONS: Final = {
    "If-None-Match": "Respond with 304 if the ETag has not changed.",
    "If-Modified-Since": "Respond with 304 if the file has not changed since.",
}


@blueprint.get("/analyses/<uuid:id>/file")
@describe(
    summary="Download the original CSV file",
    tag=TAG,
    headers=_CONDITIONS
    | {
        "If-Match": "Respond with 412 if the ETag differs.",
        "If-Unmodified-Since": "Respond with 412 if the file has changed since.",
        "Range": "The part of the file to send, such as bytes=0-1023.",
        "If-Range": "Apply Range only if the ETag has not changed.",
    },
    responses={
        200: Answer(
            "The file.", media=("text/csv",), schema={"type": "string"}, headers={"ETag": "Identifies the content."}
        ),
        206: Answer("The requested part of the file.", media=("text/csv",), schema={"type": "string"}),
        302: Answer("Redirect to a short-lived download address.", headers={"Location": "The signed address."}),
        304: "Not modified.",
        412: "The file has changed.",
        416: "The requested range is outside the file.",
    },
)
@authenticated
def file(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer the original CSV, or redirect to it."""
    row = get_analysis(services.database, id)
    public = services.settings.public_s3_endpoint
    if public and request.method != "HEAD":  # an address is signed for one method
        signed = redirect(_public_store(services, public).sign(log_key(row["id"]), SIGNED_SEC))
        signed.headers["Cache-Control"] = "no-store"
        return signed
    response = Response(content_type="text/csv")
    response.headers["Content-Disposition"] = attachment(row["file_name"])
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = _CACHE
    response.set_etag(row["sha256"].hex())
    response.last_modified = changed = row["created_at"].replace(microsecond=0)
    _check_preconditions(response, changed)
    if _not_modified(response, changed):
        return response
    start, stop = _range(response, row["size"], changed)
    response.content_length = stop - start
    if request.method != "HEAD":
        with ExitStack() as held:
            held.enter_context(services.slots.downloads.hold())
            pieces = services.direct_blobs.read(log_key(row["id"]), (start, stop))
            if pieces is None:
                raise refused(ErrorCode.FILE_NOT_STORED)
            response.response = _fetch_first(pieces)
            response.call_on_close(held.pop_all().close)
    return response


@blueprint.get("/analyses/<uuid:id>/series")
@describe(
    summary="Get the plot series",
    tag=TAG,
    headers={"If-None-Match": _CONDITIONS["If-None-Match"]},
    responses={200: Answer("The series.", schema={"type": "object"}), 304: "Not modified."},
)
@authenticated
def series(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer the plot series."""
    response = stored_series(services, get_analysis(services.database, id))
    response.headers["Cache-Control"] = _CACHE
    response.add_etag()
    response.make_conditional(request)
    return response


def stored_series(services: Services, row: Mapping[str, Any]) -> Response:
    """Return the series of an analysis, gzip-compressed as stored if the client accepts that. Raises `NotFound`."""
    content = services.blobs.get(series_key(row["id"])) if row["digest"] else None
    if content is None:
        raise refused(ErrorCode.SERIES_NOT_FOUND)
    response = Response(mimetype="application/json")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
        response.set_data(content)
    else:
        response.set_data(gzip.decompress(content))
    return response


def attachment(file_name: str) -> str:
    """Return a Content-Disposition with which a browser saves a file under any Unicode name (RFC 6266)."""
    ascii_name = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in file_name)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _check_preconditions(response: Response, changed: datetime) -> None:
    """Raise `PreconditionFailed` if the file is not the one that the client's conditions name."""
    if request.if_match:
        meant = request.if_match.contains(response.get_etag()[0] or "")
    else:
        meant = request.if_unmodified_since is None or changed <= request.if_unmodified_since
    if not meant:
        raise refused(ErrorCode.FILE_CHANGED)


def _not_modified(response: Response, changed: datetime) -> bool:
    """Turn the response into a 304 if the client has this version already, and return whether it was."""
    if request.if_none_match:
        fresh = request.if_none_match.contains_weak(response.get_etag()[0] or "")
    else:
        since = request.if_modified_since
        fresh = since is not None and changed <= since
    if fresh:
        response.status_code = 304
        del response.headers["Content-Type"]
    return fresh


def _range(response: Response, size: int, changed: datetime) -> tuple[int, int]:
    """Return the requested range of bytes; the whole file for several ranges. Raises `RequestedRangeNotSatisfiable`."""
    wanted = request.range
    condition = request.if_range
    if condition.etag and response.get_etag()[0] != condition.etag:
        wanted = None
    if condition.date and changed > condition.date:
        wanted = None
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return 0, size
    start, stop = wanted.ranges[0]
    if start >= size:
        raise refused(ErrorCode.RANGE_NOT_SATISFIABLE).with_headers({"Content-Range": f"bytes */{size}"})
    if start < 0:  # this many of the last bytes, or all if there are fewer
        start = max(start + size, 0)
    stop = min(stop or size, size)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return start, stop


def _fetch_first(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Fetch the first piece and return all of them: a store that is away must be a 503, not an incomplete response."""
    first = next(pieces, b"")
    return chain([first], pieces)


def _public_store(services: Services, endpoint: str) -> Blobs:
    settings = services.settings
    return Blobs(
        endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
    )
