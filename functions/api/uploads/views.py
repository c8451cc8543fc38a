"""The routes of uploads: they take a log or a zip of logs and answer ids."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID
from zipfile import ZipFile

from flask import g, request
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode, cause
from faplog.contracts.log_rules import MAX_LOG_MB
from faplog.http_errors import Refused as RefusedRequest
from faplog.http_errors import refused as refused_request

from ..accounts.authentication import User, authenticated
from ..analyses import quota
from ..services import Services
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import contents, zip_archive
from .receive import Spooled, uploaded
from .schemas import Accepted, AcceptedShort, Refused
from .service import UploadService
from .waking import Waker

TAG: Final = "analyses"

BATCH_LOGS: Final = 10
BATCH_BYTES: Final = 8 * 1024 * 1024
"""A batch is stored and queued when it has this many logs or bytes, so the first are analysed while the rest unpack."""

_NO_CAR: Final = "There is no car with the id in the field `car`."
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
        "car": {
            "type": "string",
            "format": "uuid",
            "description": "The car of the logs; detected automatically if left out.",
        },
    },
    "required": ["file"],
    "additionalProperties": False,
}


def blueprint(service: UploadService, analyse: Waker) -> Routes:
    """Return the routes of uploads, which add logs through this service and wake the function that analyses them."""
    routes = Routes("uploads", __name__, url_prefix=PREFIX)

    @routes.post("/analyses")
    @describe(
        summary="Upload a log or a zip file of logs",
        tag=TAG,
        description=f"One .csv or .zip file of at most {MAX_LOG_MB} MB. Every .csv file in a zip is analysed: at most "
        f"{zip_archive.MAX_ENTRIES:,} entries, {MAX_LOG_MB} MB each and {zip_archive.MAX_TOTAL_BYTES >> 20} MB in "
        "total. Uploading the same content again returns the same id and repeats a failed analysis. After a 400 or "
        "413, retrying with the same file does not help, unless the code says that the upload was interrupted or that "
        "the quota was used up.",
        form=_FORM,
        responses={202: Accepted, 404: _NO_CAR},
    )
    @authenticated
    def upload(services: Services) -> ResponseReturnValue:
        user: User = g.user
        analyse.wake()
        with services.slots.uploads.hold(), uploaded(request) as spooled:
            name = spooled.file_name.lower()
            if name.endswith(".csv"):
                added = service.add_logs(user.id, [_check_log(spooled)], _car(spooled))
                accepted = Accepted(ids=added.ids, known=added.known or None)
                return json_response(accepted, 202, exclude_none=True)
            if name.endswith(".zip"):
                return json_response(_add_zip(service, user, spooled), 202, exclude_none=True)
        raise refused_request(ErrorCode.FILE_TYPE_UNKNOWN)

    @routes.post("/analyse")
    @describe(
        summary="Upload one log (short form)",
        tag=TAG,
        form=_FORM,
        responses={202: AcceptedShort, 404: _NO_CAR},
    )
    @authenticated
    def upload_short(services: Services) -> ResponseReturnValue:
        user: User = g.user
        analyse.wake()
        with services.slots.uploads.hold(), uploaded(request) as spooled:
            if not spooled.file_name.lower().endswith(".csv"):
                raise refused_request(ErrorCode.CSV_EXPECTED)
            (analysis_id,) = service.add_logs(user.id, [_check_log(spooled)], _car(spooled)).ids
            return json_response(AcceptedShort(id=analysis_id), 202)

    return routes


def _add_zip(service: UploadService, user: User, spooled: Spooled) -> Accepted:
    """Add the logs of a zip, batch by batch."""
    accepted: list[UUID] = []
    known: list[UUID] = []
    refused: list[Refused] = []
    car_id = _car(spooled)
    with zip_archive.open_zip(spooled.file) as opened:
        listing = zip_archive.listing(opened)
        for batch in batches(opened, listing, refused):
            try:
                added = service.add_logs(user.id, batch, car_id)
                known += [one for one in added.known if one not in accepted]
                accepted += added.ids
            except RefusedRequest as error:
                if not accepted or error.error_code not in quota.CODES:
                    raise
                stored = len(accepted)
                raise refused_request(ErrorCode.ZIP_PARTLY_STORED, reason=error.cause(), stored=stored) from None
            finally:
                _close(batch)
    if not accepted:
        first = refused[0]
        raise refused_request(ErrorCode.ZIP_WITHOUT_LOGS, file_name=first.file_name, reason=first.cause())
    return Accepted(
        ids=list(dict.fromkeys(accepted)),
        known=known or None,
        skipped=list(listing.skipped),
        skipped_reason=cause(ErrorCode.ZIP_ENTRY_NOT_CSV) if listing.skipped else None,
        refused=refused,
    )


def batches(opened: ZipFile, listing: zip_archive.Listing, refused: list[Refused]) -> Iterator[list[Spooled]]:
    """Unpack the logs of a zip and yield them in batches of limited size.

    Args:
        opened: The zip.
        listing: Its contents.
        refused: The entries that are no logs are added to it.
    """
    batch: list[Spooled] = []
    for entry in listing.logs:
        spooled = zip_archive.unpack(opened, entry)
        reason = contents.refusal(spooled.head) if spooled else cause(ErrorCode.ZIP_ENTRY_DAMAGED)
        if spooled is None or reason:
            name = zip_archive.shown_name(entry)
            refused += [Refused(file_name=name, **asdict(reason))] if reason else []
            _close([spooled] if spooled else [])
            continue
        batch.append(spooled)
        if len(batch) >= BATCH_LOGS or sum(log.size for log in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _check_log(spooled: Spooled) -> Spooled:
    """Return the file if it may be a log. Raises `BadRequest`."""
    if reason := contents.refusal(spooled.head):
        raise refused_request(reason.code, **reason.params)
    return spooled


def _car(spooled: Spooled) -> UUID | None:
    """Return the car that the form names. Raises `NotFound` if it is no id."""
    try:
        return UUID(spooled.car) if spooled.car else None
    except ValueError:
        raise refused_request(ErrorCode.CAR_NOT_FOUND) from None


def _close(logs: Sequence[Spooled]) -> None:
    for log in logs:
        log.file.close()
