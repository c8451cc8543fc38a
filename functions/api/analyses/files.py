"""The stored objects of an analysis, handed out: its original CSV, S3-style, and its plot series."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound, PreconditionFailed, RequestedRangeNotSatisfiable

from faplog.blobs import Blobs
from faplog.contracts.keys import log_key, series_key

from .. import services
from ..accounts.authentication import User, authenticated
from ..db import api_transaction
from ..web.operations import Answer, describe
from .views import missing

TAG: Final = "analyses"
blueprint = Blueprint("files", __name__, url_prefix="/api/v1")

SIGNED_SEC: Final = 300
"""How long a signed address of the bucket is good for."""

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
def file(id: UUID) -> ResponseReturnValue:
    row = _row(id)
    public = services.settings().public_s3_endpoint
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
    _check_meant(response, changed)
    if _not_modified(response, changed):
        return response
    start, stop = _range(response, row["size"], changed)
    response.content_length = stop - start
    if request.method != "HEAD":
        with ExitStack() as held:
            held.enter_context(services.slots().downloads.hold())
            pieces = services.direct_blobs().read(log_key(row["id"]), (start, stop))
            if pieces is None:
                raise NotFound("The file of this analysis is not stored.")
            response.response = _started(pieces)
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
def series(id: UUID) -> ResponseReturnValue:
    response = stored_series(_row(id))
    response.headers["Cache-Control"] = _CACHE
    response.add_etag()
    response.make_conditional(request)
    return response


def stored_series(row: Mapping[str, Any]) -> Response:
    """The series of an analysis, stored gzip-compressed and sent so to whoever takes it so. Raises `NotFound`."""
    content = services.blobs().get(series_key(row["id"])) if row["digest"] else None
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
    """A Content-Disposition that lets a browser save a file under its name, whatever its letters (RFC 6266)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%;' else "_" for c in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _row(wanted: UUID) -> dict[str, Any]:
    user: User = g.user
    with api_transaction(user.id) as connection:
        row = connection.execute(
            """
            SELECT id, file_name, size, sha256, created_at, digest
            FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL
            """,
            [wanted, user.id],
        ).fetchone()
    if row is None:
        raise missing()
    return row


def _check_meant(response: Response, changed: datetime) -> None:
    """Refuse (`PreconditionFailed`) to hand out another file than the one the client means."""
    if request.if_match:
        meant = request.if_match.contains(response.get_etag()[0] or "")
    else:
        meant = request.if_unmodified_since is None or changed <= request.if_unmodified_since
    if not meant:
        raise PreconditionFailed("The file is not the one that was meant.")


def _not_modified(response: Response, changed: datetime) -> bool:
    """Turn the response into a 304 where the client has this already."""
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
    """The bytes asked for; several parts at once get the whole. Raises `RequestedRangeNotSatisfiable`."""
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
    if start < 0:  # so many of the last bytes, or all if there are fewer
        start = max(start + size, 0)
    stop = min(stop or size, size)
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return start, stop


def _started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first one fetched: a store that is away must be a 503, not half an answer."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        yield first
        yield from pieces

    return rest()


def _public_store(endpoint: str) -> Blobs:
    settings = services.settings()
    return Blobs(
        endpoint,
        settings.s3_bucket,
        settings.s3_access_key.get_secret_value(),
        settings.s3_secret_key.get_secret_value(),
    )
