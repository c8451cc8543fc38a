"""Messages in: results of analyses and averages, each applied once, however often and in whatever order they come."""

import logging
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from psycopg.types.json import Jsonb
from werkzeug.exceptions import BadRequest

from faplog import inbox
from faplog.blobs import Blobs
from faplog.contracts.keys import average_request_key, average_result_key, log_key, result_key, series_key
from faplog.contracts.limits import Severity
from faplog.contracts.messages import (
    HEADER_TOPIC,
    TOPIC_DELAYED,
    AnalysisRequest,
    AnalysisRequestData,
    AnalysisResult,
    AnalysisStatus,
    AverageResult,
    AverageStatus,
    Stage,
    Subject,
)
from faplog.errors import Unavailable

from .. import services
from ..db import Database, database
from ..delivery.average_requests import Asking, Due, lock, settle

log = logging.getLogger(__name__)
blueprint = Blueprint("results", __name__)

_VERDICTS: Final = frozenset(Severity)


@blueprint.post("/")
def receive() -> ResponseReturnValue:
    """A message of the connector: 200 once its effect is certain, also if it has none any more."""
    secret = services.settings().connector_secret.get_secret_value()
    topic = request.headers.get(HEADER_TOPIC)
    try:
        match topic:
            case Subject.ANALYSIS_RESULT:
                result = inbox.receive(request, AnalysisResult, secret)
                due = apply_analysis(database(), services.blobs(), result)
                Asking(database(), services.blobs(), services.publisher()).ask(due)
            case Subject.AVERAGE_RESULT:
                apply_average(database(), services.blobs(), inbox.receive(request, AverageResult, secret))
            case _ if topic == TOPIC_DELAYED:
                request_data = inbox.receive(request, AnalysisRequest, secret).data
                due = mark_delayed(database(), request_data)
                Asking(database(), services.blobs(), services.publisher()).ask(due)
            case _:
                inbox.check_sender(request, secret)
                raise BadRequest("This function takes analysis.result and average.result.")
    except (psycopg.DataError, orjson.JSONEncodeError) as error:  # the latter: integers of more than 64 bits
        current_app.logger.warning("result refused", extra={"reason": type(error).__name__})
        raise BadRequest("The result has a value that cannot be stored.") from None
    return {"status": "ok"}


def apply_analysis(database: Database, blobs: Blobs, result: AnalysisResult) -> list[Due]:
    """Store a result if its row waits for it; the averages now due.

    It does while Processing, or Failed by time-out, at the result's version. Anything else is dropped, and what was
    stored for a row that is gone is removed.

    Raises:
        Unavailable: try again; nothing was applied.
    """
    if result.analysis_ref not in (None, result_key(result.analysis_id)):
        raise BadRequest("The reference is not of this analysis.")
    owner = _waiting_owner(database, result)
    if owner is None:
        _drop(database, blobs, result)
        return []
    analysis = result.analysis
    if analysis is None and result.analysis_ref:
        stored = blobs.get(result.analysis_ref)
        if stored is None:
            log.warning("result lost its reference", extra={"analysis_id": result.analysis_id})
            return []
        analysis = _object(stored)
    if result.status == AnalysisStatus.SUCCESS and not analysis:
        raise BadRequest("A successful result must have an analysis.")
    with database.worker() as connection:
        lock(connection, owner)
        changed = connection.execute(_APPLY, _values(result, analysis)).fetchone()
        due = settle(connection, owner) if changed else []
    if changed is None:
        _drop(database, blobs, result)
    elif result.analysis_ref:
        blobs.delete(result.analysis_ref)
    log.info("result applied" if changed else "result dropped", extra={"analysis_id": result.analysis_id})
    return due


def mark_delayed(database: Database, failed: AnalysisRequestData) -> list[Due]:
    """Stop waiting for an analysis of which a try failed; the averages that are due without it.

    Raises:
        Unavailable: try again; nothing was marked.
    """
    with database.worker() as connection:
        values = {"id": failed.file_name, "attempt": failed.attempt}
        row = connection.execute(f"SELECT user_id FROM fap_analysis WHERE {_ON_THIS_TRY}", values).fetchone()  # noqa: S608
        if row is None:
            return []
        lock(connection, row["user_id"])
        changed = connection.execute(
            f"UPDATE fap_analysis SET delayed = true WHERE {_ON_THIS_TRY} RETURNING id",  # noqa: S608
            values,
        ).fetchone()
        due = settle(connection, row["user_id"]) if changed else []
    log.info("analysis delayed", extra={"analysis_id": failed.file_name})
    return due


_ON_THIS_TRY: Final = """
    id = %(id)s AND status = 'Processing' AND stage = 'analyse' AND NOT delayed
    AND attempt = coalesce(%(attempt)s, attempt)
"""


def _object(stored: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(stored)
    except orjson.JSONDecodeError:
        raise BadRequest("What the reference names is no JSON.") from None
    if not isinstance(found, dict):
        raise BadRequest("What the reference names is no JSON object.")
    return found


_ACCEPTS: Final = """
    id = %(id)s AND (status = 'Processing' OR timed_out) AND version = coalesce(%(version)s, version)
"""

_APPLY: Final = f"""
    UPDATE fap_analysis
    SET status = %(status)s, stage = %(stage)s, message = %(message)s, timed_out = false, delayed = false,
        analysis = %(analysis)s,
        digest = sha256(convert_to(
            concat_ws(' ', id, %(log_date)s::timestamptz, %(distance)s::float8, %(fap_regen)s::boolean,
                      %(analysis)s::jsonb::text), 'UTF8')),
        verdict = %(verdict)s, log_date = %(log_date)s, log_year = extract(year FROM %(log_date)s AT TIME ZONE 'UTC'),
        log_month = extract(month FROM %(log_date)s AT TIME ZONE 'UTC'), fap_regen = %(fap_regen)s,
        distance = %(distance)s
    WHERE {_ACCEPTS}
    RETURNING id
"""  # noqa: S608  (constants of this module)


def _values(result: AnalysisResult, analysis: dict[str, Any] | None) -> dict[str, Any]:
    succeeded = result.status == AnalysisStatus.SUCCESS
    health = (analysis or {}).get("health")
    verdict = health.get("verdict") if isinstance(health, dict) else None
    return {
        "id": result.analysis_id,
        "version": result.version,
        "status": result.status,
        "stage": Stage.ANALYSE,
        "message": result.message,
        "analysis": Jsonb(analysis, dumps=orjson.dumps) if succeeded else None,
        "verdict": verdict if succeeded and verdict in _VERDICTS else None,
        "log_date": result.log_date,
        "fap_regen": result.fap_regen,
        "distance": result.distance,
    }


def _waiting_owner(database: Database, result: AnalysisResult) -> UUID | None:
    with database.worker() as connection:
        row = connection.execute(
            f"SELECT user_id FROM fap_analysis WHERE {_ACCEPTS}",  # noqa: S608
            {"id": result.analysis_id, "version": result.version},
        ).fetchone()
    return row["user_id"] if row else None


def _drop(database: Database, blobs: Blobs, result: AnalysisResult) -> None:
    """Remove what a result nobody waits for has stored: all of it where the row is gone, else only its own reference.

    A row that is there has a series under the same key, which a double must not take with it.
    """
    with database.worker() as connection:
        row = connection.execute("SELECT status FROM fap_analysis WHERE id = %s", [result.analysis_id]).fetchone()
    if row is None:
        ids = result.analysis_id
        blobs.delete(log_key(ids), series_key(ids), result_key(ids))
    elif result.analysis_ref and row["status"] != AnalysisStatus.PROCESSING:
        blobs.delete(result.analysis_ref)
    log.info("result dropped", extra={"analysis_id": result.analysis_id, "gone": row is None})


def apply_average(database: Database, blobs: Blobs, result: AverageResult) -> bool:
    """Store an average if it is the one asked for; whether it was. An empty or failed one keeps the last good one.

    Raises:
        Unavailable: try again; nothing was applied.
    """
    if result.average_ref not in (None, average_result_key(result.user_id, result.analysis_sha)):
        raise BadRequest("The reference is not of this average.")
    average = result.average
    if average is None and result.average_ref:
        stored = blobs.get(result.average_ref)
        average = _object(stored) if stored is not None else None
    good = result.status == AverageStatus.SUCCESS and bool(average)
    empty = result.status == AverageStatus.SUCCESS and not average
    with database.worker() as connection:
        changed = connection.execute(
            """
            UPDATE fap_average
            SET status = %(status)s, message = %(message)s, timed_out = false,
                average = coalesce(%(average)s, average)
            WHERE user_id = %(user_id)s AND type = %(type)s AND year IS NOT DISTINCT FROM %(year)s
                AND month IS NOT DISTINCT FROM %(month)s AND sha256 = %(sha256)s
                AND generation = coalesce(%(generation)s, generation) AND (status = 'CALCULATING' OR timed_out)
            RETURNING user_id
            """,
            {
                "status": AverageStatus.SUCCESS if good else AverageStatus.FAILED,
                "message": "The average came out empty." if empty else result.message,
                "average": Jsonb(average, dumps=orjson.dumps) if good else None,
                "user_id": result.user_id,
                "type": result.type,
                "year": result.year,
                "month": result.month,
                "sha256": result.analysis_sha,
                "generation": result.generation,
            },
        ).fetchone()
    _remove_average_objects(database, blobs, result)
    log.info("average applied" if changed else "average dropped", extra={"type": result.type})
    return changed is not None


def _remove_average_objects(database: Database, blobs: Blobs, result: AverageResult) -> None:
    """Remove the list an average was made from, and the average's own object, unless another period waits for them.

    Periods with the same analyses share both. The locks are held until the objects are gone, so that no request for
    the same analyses, made meanwhile, loses its list. What cannot be removed now is left to `orphans`.
    """
    gone = [average_request_key(result.user_id, result.analysis_sha)]
    if result.average_ref:
        gone.append(result.average_ref)
    try:
        with database.worker() as connection:
            lock(connection, result.user_id)
            periods = connection.execute(
                """
                SELECT status = 'CALCULATING' AS waits FROM fap_average
                WHERE user_id = %s AND sha256 = %s FOR UPDATE
                """,
                [result.user_id, result.analysis_sha],
            ).fetchall()
            if not any(period["waits"] for period in periods):
                blobs.delete(*gone)
    except Unavailable as error:
        log.warning("objects of an average left to reconcile", extra={"reason": str(error)})
