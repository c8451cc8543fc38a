"""Uploads: a log or a zip of logs in, ids out."""

from collections.abc import Iterator
from typing import IO, Any, Final
from uuid import UUID

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from .. import services
from ..accounts.authentication import User, authenticated
from ..analyses.schemas import Accepted, AcceptedShort, Refused
from ..db import database
from ..web.operations import describe
from . import contents, zip_archive
from .receive import Spooled, uploaded
from .service import Store

TAG: Final = "analyses"
blueprint = Blueprint("uploads", __name__, url_prefix="/api/v1")

BATCH_LOGS: Final = 10
BATCH_BYTES: Final = 8 * 1024 * 1024
"""A batch is stored and queued when it has this many logs or bytes, so the first are analysed while the rest unpack."""

_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": ["file"],
    "additionalProperties": False,
}


@blueprint.post("/analyses")
@describe(
    summary="Upload a log or a zip file of logs",
    tag=TAG,
    description="One .csv or .zip file of at most 20 MB. Every .csv file in a zip is analysed: at most 1,000 entries, "
    "20 MB each and 200 MB in total. Uploading the same content again returns the same id and repeats a failed "
    "analysis. After a 400 or 413, retrying with the same file does not help, unless the message says that the "
    "upload broke off.",
    form=_FORM,
    responses={202: Accepted},
)
@authenticated
def upload() -> ResponseReturnValue:
    user: User = g.user
    with services.slots().uploads.hold(), uploaded(request) as spooled:
        name = spooled.file_name.lower()
        if name.endswith(".csv"):
            return _answer(Accepted(ids=_store().keep(user.id, [_log(spooled)])))
        if name.endswith(".zip"):
            return _answer(_unzip(user, spooled))
    raise BadRequest("The file must be a .csv or a .zip.")


@blueprint.post("/analyse")
@describe(summary="Upload one log (short form)", tag=TAG, form=_FORM, responses={202: AcceptedShort})
@authenticated
def upload_short() -> ResponseReturnValue:
    user: User = g.user
    with services.slots().uploads.hold(), uploaded(request) as spooled:
        if not spooled.file_name.lower().endswith(".csv"):
            raise BadRequest("The file must be a .csv.")
        return _answer(AcceptedShort(id=_store().keep(user.id, [_log(spooled)])[0]))


def _unzip(user: User, spooled: Spooled) -> Accepted:
    """Store the logs of a zip, batch by batch."""
    store = _store()
    accepted: list[UUID] = []
    refused: list[Refused] = []
    with zip_archive.open_zip(spooled.file) as opened:
        listing = zip_archive.listing(opened)
        for batch in batches(opened, listing, refused):
            try:
                accepted += store.keep(user.id, batch)
            except RequestEntityTooLarge as error:
                kept = f" {len(accepted)} logs of the zip were stored." if accepted else ""
                raise RequestEntityTooLarge(f"{error.description}{kept}") from None
            finally:
                _close(batch)
    if not accepted:
        raise BadRequest(f"No log in the zip: {refused[0].file_name}: {refused[0].message}")
    return Accepted(ids=list(dict.fromkeys(accepted)), skipped=list(listing.skipped), refused=refused)


def batches(opened: Any, listing: zip_archive.Listing, refused: list[Refused]) -> Iterator[list[Spooled]]:
    """The logs of a zip in batches of bearable size; what is no log is added to `refused` on the way."""
    batch: list[Spooled] = []
    for entry in listing.logs:
        spooled = zip_archive.unpack(opened, entry)
        reason = contents.refusal(spooled.head) if spooled else "The file is damaged in the zip."
        if spooled is None or reason:
            refused.append(Refused(file_name=zip_archive.shown_name(entry), message=reason or ""))
            _close([spooled] if spooled else [])
            continue
        batch.append(spooled)
        if len(batch) >= BATCH_LOGS or sum(log.size for log in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _log(spooled: Spooled) -> Spooled:
    if reason := contents.refusal(spooled.head):
        raise BadRequest(reason)
    return spooled


def _close(logs: "list[Spooled]") -> None:
    files: list[IO[bytes]] = [log.file for log in logs]
    for file in files:
        file.close()


def _store() -> Store:
    return Store(
        database(), services.direct_blobs(), services.publisher(), services.puts(), services.settings().quota_logs
    )


def _answer(accepted: BaseModel) -> Response:
    return Response(accepted.model_dump_json(by_alias=True, exclude_none=True), 202, mimetype="application/json")
