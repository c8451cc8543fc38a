"""Incoming messages: results of analyses and averages, each applied once, however often and in whatever order."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from flask import request
from flask.typing import ResponseReturnValue
from psycopg.types.json import Jsonb

from faplog import inbox, telemetry
from faplog.blobs import Blobs
from faplog.contracts.errors import Cause, ErrorCode, cause
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
    Period,
    Stage,
    Subject,
)
from faplog.errors import Unavailable
from faplog.http_errors import refused

from ..averages.staleness import mark_stale_averages
from ..cars import membership
from ..db import Conn, Database, lock_user
from ..delivery.average_requests import AverageRequest
from ..notifications import outbox, worth_telling
from ..services import Services
from ..stored_values import member, value_at
from ..web.outputs import json_response
from ..web.routes import Routes
from .superseding import drive_columns, first_start, update_superseded

log = logging.getLogger(__name__)
blueprint = Routes("results", __name__)

_OWNERS: Final = """
    SELECT coalesce(array_agg(id), '{}') AS logs, coalesce(array_agg(user_id), '{}') AS owners
    FROM fap_analysis WHERE id = ANY(%s)
"""
# An analysis accepts a result while it is Processing or Failed by a time-out, at the version of the result.
_IS_AWAITED: Final = """
    SELECT FROM fap_analysis
    WHERE id = %(id)s AND (status = 'Processing' OR timed_out) AND version = coalesce(%(version)s, version)
"""
_LOCK_OWNER_IF_AWAITED: Final = """
    SELECT id FROM users WHERE id = (
        SELECT user_id FROM fap_analysis
        WHERE id = %(id)s AND (status = 'Processing' OR timed_out) AND version = coalesce(%(version)s, version)
    ) FOR UPDATE
"""
_APPLY_ANALYSIS: Final = """
    UPDATE fap_analysis
    SET status = %(status)s, stage = %(stage)s, message = %(message)s, error_code = %(code)s,
        error_params = %(params)s, timed_out = false, delayed = false, analysis = %(analysis)s,
        digest = sha256(convert_to(
            concat_ws(' ', id, %(log_date)s::timestamptz, %(distance)s::float8, %(fap_regen)s::boolean,
                      %(analysis)s::jsonb::text), 'UTF8')),
        verdict = %(verdict)s, log_date = %(log_date)s, log_year = extract(year FROM %(log_date)s AT TIME ZONE 'UTC'),
        log_month = extract(month FROM %(log_date)s AT TIME ZONE 'UTC'), fap_regen = %(fap_regen)s,
        distance = %(distance)s,
        drive_keys = %(drive_keys)s, drive_rows = %(drive_rows)s, drive_times = %(drive_times)s::tsmultirange,
        life_km = %(life_km)s, additive_ml = %(additive_ml)s, mean_regen_km = %(mean_regen_km)s,
        driven_at = %(driven_at)s
    WHERE id = %(id)s AND (status = 'Processing' OR timed_out) AND version = coalesce(%(version)s, version)
    RETURNING old.verdict AS verdict_before
"""
_LOCK_OWNER_IF_ON_FIRST_TRY: Final = """
    SELECT id FROM users WHERE id = (
        SELECT user_id FROM fap_analysis
        WHERE id = %(id)s AND status = 'Processing' AND stage = 'analyse' AND NOT delayed
            AND attempt = coalesce(%(attempt)s, attempt)
    ) FOR UPDATE
"""
_MARK_DELAYED: Final = """
    UPDATE fap_analysis SET delayed = true
    WHERE id = %(id)s AND status = 'Processing' AND stage = 'analyse' AND NOT delayed
        AND attempt = coalesce(%(attempt)s, attempt)
    RETURNING id
"""
_APPLY_AVERAGE: Final = """
    UPDATE fap_average
    SET status = %(status)s, message = %(message)s, error_code = %(code)s, error_params = %(params)s,
        timed_out = false, average = coalesce(%(average)s, average)
    WHERE user_id = %(user_id)s AND car_id = coalesce(%(car_id)s, car_id)
        AND type = %(type)s AND year IS NOT DISTINCT FROM %(year)s
        AND month IS NOT DISTINCT FROM %(month)s AND sha256 = %(sha256)s
        AND generation = coalesce(%(generation)s, generation) AND (status = 'CALCULATING' OR timed_out)
    RETURNING car_id, generation, jsonb_build_object('health', old.average->'health') AS average_before
"""
_LOCK_PERIODS_OF_SAME_ANALYSES: Final = """
    SELECT status = 'CALCULATING' AS waits FROM fap_average WHERE user_id = %s AND sha256 = %s FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a committed transaction leads to."""

    requests: Sequence[AverageRequest] = ()
    """The requests for the averages that changed, to be published."""
    told: int = 0
    """How many notifications were written."""


@dataclass(frozen=True, slots=True, eq=False)
class _Arrived:
    """A result and its analysis, which came with it or was read from the store."""

    result: AnalysisResult
    analysis: dict[str, Any] | None


@blueprint.post("/")
def receive(services: Services) -> ResponseReturnValue:
    """Apply the messages of the connector. A 200 means that their effect is committed, or that they have none any more.

    Any other status says nothing of a batch: the connector sends its messages again, one by one.
    """
    database, blobs = services.database, services.blobs
    secret = services.settings.connector_secret.get_secret_value()
    topic = request.headers.get(HEADER_TOPIC)
    applied: Iterable[Effect]
    try:
        match topic:
            case Subject.ANALYSIS_RESULT:
                applied = apply_analyses(database, blobs, inbox.receive_all(request, AnalysisResult, secret))
            case Subject.AVERAGE_RESULT:
                averages = inbox.receive_all(request, AverageResult, secret)
                applied = (apply_average(database, blobs, average) for average in averages)
            case _ if topic == TOPIC_DELAYED:
                applied = [mark_delayed(database, inbox.receive(request, AnalysisRequest, secret).data)]
            case _:
                inbox.check_sender(request, secret)
                raise refused(ErrorCode.TOPIC_UNKNOWN)
        for effect in applied:
            services.average_requests.publish(effect.requests)
            if effect.told:
                services.notifications_due.set()
    except (psycopg.DataError, orjson.JSONEncodeError) as error:  # the latter: integers of more than 64 bits
        log.warning("result refused", extra={"reason": type(error).__name__})
        raise refused(ErrorCode.RESULT_NOT_STORABLE) from None
    return json_response({"status": "ok"})


def apply_analyses(database: Database, blobs: Blobs, results: Iterable[AnalysisResult]) -> Iterator[Effect]:
    """Store those results whose rows wait for them; those of one user in one transaction.

    A row waits while it is Processing or Failed by a time-out, at the version of the result. Any other result is
    dropped, and the objects of an analysis whose row is gone are removed.

    Yields:
        The effect of each transaction after its commit.

    Raises:
        Unavailable: What was not yielded was not applied; its messages must be delivered again.
    """
    arrived = [found for result in results if (found := _arrived(database, blobs, result))]
    for owner, group in _by_owner(database, arrived):
        yield _apply_for_user(database, blobs, owner, group)


def _arrived(database: Database, blobs: Blobs, result: AnalysisResult) -> _Arrived | None:
    """Return a result with its analysis, or None if it refers to an object that is lost."""
    if result.analysis_ref not in (None, result_key(result.analysis_id)):
        raise refused(ErrorCode.REFERENCE_OF_OTHER_ANALYSIS)
    if result.analysis is not None or not result.analysis_ref or not _is_awaited(database, result):
        return _Arrived(result, result.analysis)
    stored = blobs.get(result.analysis_ref)
    if stored is None:
        log.warning("result lost its reference", extra={"analysis_id": result.analysis_id})
        return None
    return _Arrived(result, _parse_object(stored))


def _by_owner(database: Database, arrived: Sequence[_Arrived]) -> Iterable[tuple[UUID | None, Sequence[_Arrived]]]:
    """Return results by owner. A single one comes without an owner, who is found when he is locked."""
    if len(arrived) <= 1:
        return [(None, arrived)] if arrived else []
    row = database.worker_row(_OWNERS, [[one.result.analysis_id for one in arrived]])
    owners = dict(zip(row["logs"], row["owners"], strict=True)) if row else {}
    groups = defaultdict[UUID | None, list[_Arrived]](list)
    for one in arrived:
        groups[owners.get(one.result.analysis_id)].append(one)
    return groups.items()


def _apply_for_user(database: Database, blobs: Blobs, owner: UUID | None, arrived: Sequence[_Arrived]) -> Effect:
    """Apply the results of one user in one transaction; without an owner they are a single one, or of no row."""
    requests, told, applied = list[AverageRequest](), 0, list[_Arrived]()
    with database.worker() as connection:
        if owner is None:
            owner = _lock_waiting_owner(connection, arrived[0].result)
        else:
            lock_user(connection, owner)
        if owner is not None:
            for one in arrived:
                with telemetry.span("apply result", parent=one.result.traceparent):
                    written = _apply(connection, owner, one)
                if written is not None:
                    applied.append(one)
                    told += written
            if applied:
                requests = mark_stale_averages(connection, owner)
    for one in arrived:
        if one not in applied:
            _drop(database, blobs, one.result)
            continue
        if one.result.analysis_ref:
            blobs.delete(one.result.analysis_ref)
        log.info("result applied", extra={"analysis_id": one.result.analysis_id})
    return Effect(requests, told)


def _apply(connection: Conn, owner: UUID, arrived: _Arrived) -> int | None:
    """Apply a result. Return how many notifications were written, or None if its row does not wait for it."""
    result, analysis = arrived.result, arrived.analysis
    if result.status == AnalysisStatus.SUCCESS and not analysis:
        raise refused(ErrorCode.RESULT_WITHOUT_ANALYSIS)
    values = _analysis_values(result, analysis) | drive_columns(owner, analysis)
    values |= membership.counter_columns(result.log_date, first_start(analysis), analysis)
    changed = connection.execute(_APPLY_ANALYSIS, values).fetchone()
    if changed is None:
        return None
    update_superseded(connection, owner, [result.analysis_id])
    told = 0
    for event in worth_telling.of_log(result.analysis_id, changed["verdict_before"], analysis):
        told += outbox.enqueue(connection, owner, event)
    membership.assign(connection, owner, [result.analysis_id])
    return told


def mark_delayed(database: Database, failed: AnalysisRequestData) -> Effect:
    """Mark an analysis as delayed after a failed try, so that averages do not wait for it any more.

    Returns:
        With the requests for the averages that only waited for this analysis.

    Raises:
        Unavailable: Nothing was marked; the message must be delivered again.
    """
    with database.worker() as connection:
        values = {"id": failed.file_name, "attempt": failed.attempt}
        row = connection.execute(_LOCK_OWNER_IF_ON_FIRST_TRY, values).fetchone()
        if row is None:
            return Effect()
        changed = connection.execute(_MARK_DELAYED, values).fetchone()
        requests = mark_stale_averages(connection, row["id"]) if changed else []
    log.info("analysis delayed", extra={"analysis_id": failed.file_name})
    return Effect(requests)


def _parse_object(stored: bytes) -> dict[str, Any]:
    """Parse a stored JSON object. Raises `BadRequest` if it is none."""
    try:
        found = orjson.loads(stored)
    except orjson.JSONDecodeError:
        raise refused(ErrorCode.REFERENCE_NOT_JSON) from None
    if not isinstance(found, dict):
        raise refused(ErrorCode.REFERENCE_NOT_OBJECT)
    return found


def _analysis_values(result: AnalysisResult, analysis: dict[str, Any] | None) -> dict[str, Any]:
    """Return the parameters of `_APPLY_ANALYSIS`."""
    succeeded = result.status == AnalysisStatus.SUCCESS
    return {
        "id": result.analysis_id,
        "version": result.version,
        "status": result.status,
        "stage": Stage.ANALYSE,
        "message": result.message,
        **_error_columns(result, failed=not succeeded),
        "analysis": Jsonb(analysis, dumps=orjson.dumps) if succeeded else None,
        "verdict": member(Severity, value_at(analysis, "health", "verdict")) if succeeded else None,
        "log_date": result.log_date,
        "fap_regen": result.fap_regen,
        "distance": result.distance,
    }


def _error_columns(result: AnalysisResult | AverageResult, *, failed: bool) -> dict[str, Any]:
    """Return code and parameters of a failure for their columns; those of no failure, or without a code, are NULL."""
    known = failed and result.code is not None
    return {
        "code": result.code if known else None,
        "params": Jsonb(result.params or {}, dumps=orjson.dumps) if known else None,
    }


def failure_columns(why: Cause) -> dict[str, Any]:
    """Return the values of the columns that say why an analysis or average failed."""
    return {"message": why.message, "code": why.code, "params": Jsonb(why.params)}


def _lock_waiting_owner(connection: Conn, result: AnalysisResult) -> UUID | None:
    """Lock and return the owner of the analysis, as `db.lock_user` does, if it accepts the result."""
    values = {"id": result.analysis_id, "version": result.version}
    row = connection.execute(_LOCK_OWNER_IF_AWAITED, values).fetchone()
    return row["id"] if row else None


def _is_awaited(database: Database, result: AnalysisResult) -> bool:
    """Return whether the analysis accepts the result, before its object is read."""
    values = {"id": result.analysis_id, "version": result.version}
    with database.worker() as connection:
        return connection.execute(_IS_AWAITED, values).fetchone() is not None


def _drop(database: Database, blobs: Blobs, result: AnalysisResult) -> None:
    """Remove the objects of a result that no row waits for: all of them if the row is gone, else only its reference.

    An existing row has a series under the same key, which a duplicate must not remove.
    """
    with database.worker() as connection:
        row = connection.execute("SELECT status FROM fap_analysis WHERE id = %s", [result.analysis_id]).fetchone()
    if row is None:
        blobs.delete(*(key(result.analysis_id) for key in (log_key, series_key, result_key)))
    elif result.analysis_ref and row["status"] != AnalysisStatus.PROCESSING:
        blobs.delete(result.analysis_ref)
    log.info("result dropped", extra={"analysis_id": result.analysis_id, "gone": row is None})


def apply_average(database: Database, blobs: Blobs, result: AverageResult) -> Effect:
    """Store an average if it is the requested one.

    An empty or failed result keeps the last good average.

    Raises:
        Unavailable: Nothing was applied; the message must be delivered again.
    """
    if result.average_ref not in (None, average_result_key(result.user_id, result.analysis_sha)):
        raise refused(ErrorCode.REFERENCE_OF_OTHER_AVERAGE)
    average = result.average
    if average is None and result.average_ref:
        stored = blobs.get(result.average_ref)
        average = _parse_object(stored) if stored is not None else None
    good = result.status == AverageStatus.SUCCESS and bool(average)
    empty = cause(ErrorCode.AVERAGE_EMPTY) if result.status == AverageStatus.SUCCESS and not average else None
    told = 0
    with database.worker() as connection:
        lock_user(connection, result.user_id)  # before averages, as everywhere else, or two would wait for each other
        changed = connection.execute(
            _APPLY_AVERAGE,
            {
                "status": AverageStatus.SUCCESS if good else AverageStatus.FAILED,
                **_error_columns(result, failed=not good),
                **({"message": result.message} if empty is None else failure_columns(empty)),
                "average": Jsonb(average, dumps=orjson.dumps) if good else None,
                "user_id": result.user_id,
                "car_id": result.car_id,
                "type": result.type,
                "year": result.year,
                "month": result.month,
                "sha256": result.analysis_sha,
                "generation": result.generation,
            },
        ).fetchone()
        if changed and good and result.type == Period.OVERALL:
            before = changed["average_before"]
            for event in worth_telling.of_average(changed["generation"], before, average, changed["car_id"]):
                told += outbox.enqueue(connection, result.user_id, event)
    _remove_average_objects(database, blobs, result)
    log.info("average applied" if changed else "average dropped", extra={"type": result.type})
    return Effect(told=told)


def _remove_average_objects(database: Database, blobs: Blobs, result: AverageResult) -> None:
    """Remove the analyses stored for a request and the average's own object, unless another period waits for them.

    Periods with the same analyses share both. The locks are held until the objects are removed, so that a concurrent
    request for the same analyses does not lose its object; a store that hangs must not hold them, nor the connection.
    Reconcile removes later what cannot be removed now.
    """
    object_keys = [average_request_key(result.user_id, result.analysis_sha)]
    if result.average_ref:
        object_keys.append(result.average_ref)
    try:
        with database.worker() as connection:
            lock_user(connection, result.user_id)
            periods = connection.execute(
                _LOCK_PERIODS_OF_SAME_ANALYSES, [result.user_id, result.analysis_sha]
            ).fetchall()
            if not any(period["waits"] for period in periods):
                blobs.delete_hastily(*object_keys)
    except Unavailable as error:
        log.warning("objects of an average left to reconcile", extra={"reason": str(error)})
