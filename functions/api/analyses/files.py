"""The routes of the stored objects of an analysis: its original CSV and its plot series."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from itertools import chain
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, PreconditionFailed, RequestedRangeNotSatisfiable

from faplog.blobs import Blobs
from faplog.contracts.keys import log_key, series_key

from ..accounts.authentication import authenticated
from ..services import services
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from .lookup import get_analysis

TAG: Final = "analyses"
blueprint = Blueprint("files", __name__, url_prefix=PREFIX)

SIGNED_SEC: Final = 300
"""How long a signed address of the bucket is valid."""

_CACHE: Final = "private, no-cache"
_CONDITIONS: Final = {
    "If-None-Match": "Answer 304 if the ETag is still this.",
    "If-Modified-Since": "Answer 304 if there is nothing newer.",
}


@blueprint.get("/analyses/<uuid:id>/file")
@describe(
    summary="The original CSV",
    tag=TAG,
    headers=_CONDITIONS
    | {
        "If-Match": "Answer 412 if the ETag is another.",
        "If-Unmodified-Since": "Answer 412 if there is something newer.",
        "Range": "A part of the file: bytes=0-1023",
        "If-Range": "Only if the ETag is still this.",
    },
    responses={
        200: Answer("The file.", media=("text/csv",), schema={"type": "string"}, headers={"ETag": "Of the content."}),
        206: Answer("A part of it.", media=("text/csv",), schema={"type": "string"}),
        302: Answer("Where to get it, for a short while.", headers={"Location": "A signed address."}),
        304: "Nothing new.",
        412: "The file is not the one that was meant.",
        416: "The file has no such part.",
    },
)
@authenticated
def file(id: UUID) -> ResponseReturnValue:
    """Answer the original CSV, or redirect to it."""
    row = get_analysis(id)
    public = services().settings.public_s3_endpoint
    if public and request.method != "HEAD":  # an address is signed for one method
        signed = redirect(_public_store(public).sign(log_key(row["id"]), SIGNED_SEC))
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
            held.enter_context(services().slots.downloads.hold())
            pieces = services().direct_blobs.read(log_key(row["id"]), (start, stop))
            if pieces is None:
                raise NotFound("The file of this analysis is not stored.")
            response.response = _fetch_first(pieces)
            response.call_on_close(held.pop_all().close)
    return response


@blueprint.get("/analyses/<uuid:id>/series")
@describe(
    summary="The plot series, compressed as stored",
    tag=TAG,
    headers={"If-None-Match": _CONDITIONS["If-None-Match"]},
    responses={200: Answer("The series.", schema={"type": "object"}), 304: "Nothing new."},
)
@authenticated
def series(id: UUID) -> ResponseReturnValue:
    """Answer the plot series."""
    response = stored_series(get_analysis(id))
    response.headers["Cache-Control"] = _CACHE
    response.add_etag()
    response.make_conditional(request)
    return response


def stored_series(row: Mapping[str, Any]) -> Response:
    """Return the series of an analysis, gzip-compressed as stored if the client accepts that. Raises `NotFound`."""
    content = services().blobs.get(series_key(row["id"])) if row["digest"] else None
    if content is None:
        raise NotFound("There is no series: the log is not analysed yet, or could not be.")
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
        raise PreconditionFailed("The file is not the one that was meant.")


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
        raise RequestedRangeNotSatisfiable(length=size, description="The file has no such part.")
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


def _public_store(endpoint: str) -> Blobs:
    settings = services().settings
    return Blobs(
        endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
    )
