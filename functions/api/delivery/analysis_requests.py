"""The requests for analyses, published to the stream."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from faplog import telemetry
from faplog.bus import message_id
from faplog.contracts.messages import AnalysisRequest, AnalysisRequestData, AnalysisStatus, Subject
from faplog.contracts.profiles import day_of, profile_of
from faplog.errors import Unavailable

from ..db import Database
from .publisher import Outgoing, Publisher

log = logging.getLogger(__name__)

_MARK_UNSENT: Final = "UPDATE fap_analysis SET sent = false WHERE id = ANY(%s) AND status = %s"


def publish_requests(database: Database, publisher: Publisher, queued: Sequence[Mapping[str, Any]]) -> int:
    """Publish the requests of committed rows. Those that the stream does not accept are marked as unsent.

    Args:
        database: Both roles.
        publisher: The connection to the stream.
        queued: The rows: id, attempt, version and file_name.

    Returns:
        How many the stream accepted. Reconcile publishes the others soon and does not take them for lost.
    """
    traceparent = telemetry.traceparent()
    messages = [
        Outgoing(
            Subject.ANALYSIS_REQUEST,
            _payload(row, traceparent),
            message_id(Subject.ANALYSIS_REQUEST, str(row["id"]), row["attempt"]),
            traceparent,
        )
        for row in queued
    ]
    try:
        stored = publisher.publish(messages)
    except Exception as error:  # noqa: BLE001  the logs are stored and accepted whatever happens to their messages
        log.warning("requests not published", extra={"analyses": len(queued), "reason": str(error)})
        stored = [False] * len(messages)
    if unsent := [row["id"] for row, done in zip(queued, stored, strict=True) if not done]:
        try:
            with database.worker() as connection:
                connection.execute(_MARK_UNSENT, [unsent, AnalysisStatus.PROCESSING])
            publisher.resend.set()
        except Unavailable as error:
            log.warning("unsent requests not marked", extra={"analyses": len(unsent), "reason": str(error)})
    return sum(stored)


def _payload(row: Mapping[str, Any], traceparent: str | None) -> bytes:
    """Return the message. It contains the profile and the day, because only the name of the uploaded file has them."""
    data = AnalysisRequestData(
        file_name=row["id"],
        attempt=row["attempt"],
        version=row["version"],
        profile=profile_of(row["file_name"]),
        day=day_of(row["file_name"]),
    )
    return AnalysisRequest(data=data, **({"traceparent": traceparent} if traceparent else {})).to_json()
