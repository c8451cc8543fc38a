"""The requests for averages, published to the stream with the analyses that each is made from."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from uuid import UUID

import orjson

from faplog import telemetry
from faplog.blobs import Blobs
from faplog.bus import message_id
from faplog.contracts.keys import average_request_key
from faplog.contracts.messages import MAX_INLINE_BYTES, AverageStatus, Period, Subject
from faplog.errors import Unavailable

from ..db import Database
from .publisher import Outgoing, Publisher

log = logging.getLogger(__name__)

_PAGE_ROWS: Final = 200
"""Analyses fetched at once: some 5 kB each."""

NOTES_BY_CAR: Final = """
    SELECT car_id, convert_to(json_agg(json_build_object('kind', kind, 'onDate', on_date, 'km', km)
        ORDER BY on_date, created_at, id)::text, 'UTF8') AS notes
    FROM note WHERE user_id = %(user_id)s AND done GROUP BY car_id
"""
"""The notes of each car as a request carries them. `averages.staleness` takes its digest of them from the same query,
because a request is recognised by it."""
_ANALYSES: Final = """
    SELECT digest, convert_to(json_build_object(
        'analysisId', id,
        'logDate', to_char(log_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'distance', distance, 'fapRegen', fap_regen, 'analysis', analysis)::text, 'UTF8') AS item
    FROM fap_analysis
    WHERE user_id = %(user_id)s AND car_id = %(car_id)s AND status = 'Success' AND deleted_at IS NULL
        AND superseded_by IS NULL
        AND (%(year)s::int IS NULL OR log_year = %(year)s) AND (%(month)s::int IS NULL OR log_month = %(month)s)
    ORDER BY log_date, id
"""
_MARK_UNSENT: Final = "UPDATE fap_average SET sent = false WHERE generation = ANY(%s) AND status = %s"


@dataclass(frozen=True, slots=True)
class AverageRequest:
    """A request for an average: its user, car and period, and the digest of its analyses and the car's notes."""

    user_id: UUID
    car_id: UUID
    type: Period
    year: int | None
    month: int | None
    sha256: str
    generation: int
    attempt: int = 1

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "AverageRequest":
        """Return the request of a row of `fap_average`."""
        return cls(
            row["user_id"],
            row["car_id"],
            Period(row["type"]),
            row["year"],
            row["month"],
            row["sha256"],
            row["generation"],
            row["attempt"],
        )

    @property
    def message_id(self) -> str:
        """The id by which the stream recognises duplicates of this request."""
        key = f"{self.user_id}:{self.type}:{self.year}:{self.month}:{self.generation}"
        return message_id(Subject.AVERAGE_REQUEST, key, self.attempt)


@dataclass(frozen=True, slots=True)
class AverageRequests:
    """Publishes requests for averages."""

    database: Database
    blobs: Blobs
    publisher: Publisher

    def publish(self, requests: Sequence[AverageRequest]) -> int:
        """Publish the requests. Those that cannot be published, for whatever reason, are marked for reconcile.

        Returns:
            How many the stream accepted.
        """
        published, unsent = 0, []
        for request in requests:
            if self._publish_one(request):
                published += 1
            else:
                unsent.append(request)
        if unsent:
            self._mark_unsent(unsent)
        return published

    def _publish_one(self, request: AverageRequest) -> bool:
        if not self.publisher.connected():
            log.warning("average not requested", extra={"reason": "not connected to the broker"})
            return False
        try:
            payload = self._payload(request)
        except Unavailable as error:
            log.warning("average not requested", extra={"reason": str(error)})
            return False
        if payload is None:  # the analyses have changed meanwhile, and the change causes a request of its own
            return True
        message = Outgoing(Subject.AVERAGE_REQUEST, payload, request.message_id, telemetry.traceparent())
        return all(self.publisher.publish([message]))

    def _payload(self, request: AverageRequest) -> bytes | None:
        """Return the message, or None if the analyses have changed since the request. Raises `Unavailable`."""
        with SpooledTemporaryFile(MAX_INLINE_BYTES) as file:
            size, notes, sha256 = self._write_analyses(request, file)
            if sha256 != request.sha256:
                return None
            file.seek(0)
            if size <= MAX_INLINE_BYTES:
                return _message(request, notes, inline=file.read())
            reference = average_request_key(request.user_id, request.sha256)
            self.blobs.put(reference, file, content_type="application/json")
            return _message(request, notes, reference=reference)

    def _write_analyses(self, request: AverageRequest, file: IO[bytes]) -> tuple[int, bytes | None, str]:
        """Write the analyses as a JSON array, one a line so that `average` can read them one by one.

        Returns:
            The size in bytes, the notes of the car as JSON, and the digest of both.
        """
        seen = hashlib.sha256()
        values = {name: getattr(request, name) for name in ("user_id", "car_id", "year", "month")}
        with self.database.worker() as connection, connection.cursor(name="analyses") as rows:
            rows.itersize = _PAGE_ROWS
            cars = connection.execute(NOTES_BY_CAR, values).fetchall()
            notes: bytes | None = next((car["notes"] for car in cars if car["car_id"] == request.car_id), None)
            rows.execute(_ANALYSES, values)
            size = file.write(b"[")
            for number, row in enumerate(rows):
                seen.update(row["digest"])
                size += file.write((b",\n" if number else b"") + row["item"])
            size += file.write(b"]")
        seen.update(notes or b"")
        return size, notes, seen.hexdigest()

    def _mark_unsent(self, requests: Sequence[AverageRequest]) -> None:
        try:
            with self.database.worker() as connection:
                generations = [request.generation for request in requests]
                connection.execute(_MARK_UNSENT, [generations, AverageStatus.CALCULATING])
            self.publisher.resend.set()
        except Unavailable as error:
            log.warning("unsent averages not marked", extra={"reason": str(error)})


def _message(
    request: AverageRequest, notes: bytes | None, *, inline: bytes | None = None, reference: str | None = None
) -> bytes:
    """Return the message `average.request`.

    Args:
        request: The request.
        notes: The notes of the car as JSON.
        inline: The analyses as JSON.
        reference: The key of the object that contains the analyses, if they are too large for a message.
    """
    data: dict[str, Any] = {"userId": request.user_id, "carId": request.car_id, "analysisSha": request.sha256}
    if inline is not None:
        data["analysis"] = orjson.Fragment(inline)
    if reference is not None:
        data["analysisRef"] = reference
    data["type"] = request.type
    data |= {key: value for key, value in (("year", request.year), ("month", request.month)) if value is not None}
    data["generation"] = request.generation
    if notes is not None:
        data["notes"] = orjson.Fragment(notes)
    message: dict[str, Any] = {"pattern": Subject.AVERAGE_REQUEST, "data": data}
    if traceparent := telemetry.traceparent():
        message["traceparent"] = traceparent
    return orjson.dumps(message)
