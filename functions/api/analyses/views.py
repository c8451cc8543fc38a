"""The routes of the history: analyses listed, shown, deleted and restored."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Response, g
from flask.typing import ResponseReturnValue
from psycopg.sql import SQL, Composed

from faplog.contracts.analysis import Analysis
from faplog.contracts.errors import ErrorCode
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..averages.staleness import mark_stale_averages
from ..cars import garage, membership
from ..cars.publishing import json_then_publish
from ..db import Conn, lock_user
from ..delivery.average_requests import AverageRequest
from ..services import Services
from ..web import inputs
from ..web.after_response import run_after_response
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import json_response, timestamp
from ..web.routes import Routes
from . import deletion
from .last_regeneration import find_last_regeneration
from .lookup import find_analysis, get_analysis, missing
from .quota import QuotaExceeded
from .schemas import (
    AnalysisChange,
    AnalysisDetail,
    AnalysisItem,
    AnalysisList,
    ChangedAnalysis,
    DeletedItem,
    DeletedList,
    Failure,
    ListQuery,
    LogFilters,
    Order,
    PageQuery,
    Pagination,
    Progress,
    Selected,
    Selection,
    SortBy,
)
from .superseding import find_related

TAG: Final = "analyses"
blueprint = Routes("analyses", __name__, url_prefix=PREFIX)

_SET_NOTE: Final = "UPDATE fap_analysis SET note = %s WHERE id = %s AND user_id = %s"
_ORDERS: Final = {
    (SortBy.CREATED_AT, Order.DESC): SQL("created_at DESC, id DESC"),
    (SortBy.CREATED_AT, Order.ASC): SQL("created_at, id"),
    (SortBy.FILE_NAME, Order.DESC): SQL("file_name DESC, id DESC"),
    (SortBy.FILE_NAME, Order.ASC): SQL("file_name, id"),
    (SortBy.LOG_DATE, Order.DESC): SQL("log_date DESC NULLS LAST, id DESC"),
    (SortBy.LOG_DATE, Order.ASC): SQL("log_date NULLS FIRST, id"),
}
"""Each is an index of the table, read forwards or backwards."""

# For the rows of a page alone: an analysis is tens of kilobytes, and a page may skip thousands of rows.
_WORST_FINDINGS: Final = """
    SELECT log.id,
        json_build_object('code', finding.worst ->> 'code', 'text', finding.worst ->> 'text') AS worst_finding
    FROM fap_analysis AS log, LATERAL (
        SELECT jsonb_path_query_first(analysis, '$.health.findings[*] ? (@.severity == $verdict && exists (@.text))',
            jsonb_build_object('verdict', verdict)) AS worst
    ) AS finding
    WHERE log.id = ANY(%(ids)s) AND log.user_id = %(user_id)s AND finding.worst IS NOT NULL
"""


@blueprint.get("/analyses")
@describe(
    summary="List my analyses, page by page",
    tag=TAG,
    query=ListQuery,
    responses={200: AnalysisList, 404: "There is no such car."},
)
@authenticated
def list_analyses(services: Services) -> ResponseReturnValue:
    """Answer a page of the user's analyses."""
    user: User = g.user
    query = inputs.query(ListQuery)
    page, values = list_statement(user.id, query)
    where, _ = filter_conditions(user.id, query)
    with services.database.api(user.id) as connection:
        if query.car is not None:
            garage.check_car(connection, user.id, query.car)
        counted = connection.execute(SQL("SELECT count(*) AS n FROM fap_analysis WHERE {}").format(where), values)
        total = (counted.fetchone() or {"n": 0})["n"]
        rows = connection.execute(page, values).fetchall()
        alarming = [row["id"] for row in rows if row["verdict"] in (Severity.WATCH, Severity.ACT)]
        found = connection.execute(_WORST_FINDINGS, {"user_id": user.id, "ids": alarming}).fetchall()
        may_guess = _is_any_guess(connection, user.id, rows)
    worst = {row["id"]: row["worst_finding"] for row in found}
    more = [{"worst_finding": worst.get(row["id"]), "car_guessed": row["car_guessed"] and may_guess} for row in rows]
    data = [AnalysisItem.model_validate(row | other) for row, other in zip(rows, more, strict=True)]
    return json_response(AnalysisList(data=data, pagination=_pagination(total, query.page, query.limit)))


def _is_any_guess(connection: Conn, user_id: UUID, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a guessed car among the rows may as well be another one: not if the others were deleted."""
    return any(row["car_guessed"] for row in rows) and garage.count(connection, user_id) > 1


def _pagination(total: int, page: int, limit: int) -> Pagination:
    return Pagination(total_items=total, current_page=page, page_size=limit, total_pages=-(-total // limit))


def list_statement(user_id: UUID, query: ListQuery) -> tuple[Composed, dict[str, Any]]:
    """Return the statement of one page and its values. An index has the rows in order, so no other rows are read."""
    where, values = filter_conditions(user_id, query)
    order = _ORDERS[query.sort_by, query.order]
    statement = SQL(
        """
        SELECT id, file_name, created_at, log_date, status, stage, message, error_code, error_params,
            fap_regen, distance, verdict, car_id, car_guessed, note,
            (SELECT json_build_object('id', newer.id, 'fileName', newer.file_name,
                 'sameDrives', newer.drive_rows = log.drive_rows)
             FROM fap_analysis AS newer WHERE newer.id = log.superseded_by) AS superseded_by
        FROM fap_analysis AS log WHERE {where} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
        """
    ).format(where=where, order=order)
    return statement, values | {"limit": query.limit, "offset": (query.page - 1) * query.limit}


def filter_conditions(user_id: UUID, query: LogFilters) -> tuple[Composed, dict[str, Any]]:
    """Return the condition on the rows of `fap_analysis` that a query asks for, and its values."""
    conditions = [SQL("user_id = %(user_id)s AND deleted_at IS NULL")]
    values: dict[str, Any] = {"user_id": user_id}
    for column in ("status", "fap_regen", "verdict"):
        if (value := getattr(query, column)) is not None:
            conditions.append(SQL(f"{column} = %({column})s"))  # one of three names
            values[column] = value
    if query.car is not None:
        conditions.append(SQL("car_id = %(car)s"))
        values["car"] = query.car
    if query.car_guessed is not None:
        conditions.append(SQL("car_guessed = %(car_guessed)s"))
        values["car_guessed"] = query.car_guessed
    if query.superseded is not None:
        conditions.append(SQL("superseded_by IS NOT NULL" if query.superseded else "superseded_by IS NULL"))
    if query.date_from:
        conditions.append(SQL("log_date >= %(date_from)s::timestamp AT TIME ZONE 'UTC'"))
        values["date_from"] = query.date_from
    if query.date_to:
        conditions.append(SQL("log_date < (%(date_to)s::date + 1)::timestamp AT TIME ZONE 'UTC'"))
        values["date_to"] = query.date_to
    if query.q:
        conditions.append(
            SQL("""lower(file_name COLLATE "pg_c_utf8") LIKE lower(%(q)s::text COLLATE "pg_c_utf8") ESCAPE '!'""")
        )
        values["q"] = "%" + "".join(f"!{c}" if c in "!%_" else c for c in query.q.replace("\x00", "")) + "%"
    return SQL(" AND ").join(conditions), values


@blueprint.get("/analyses/<uuid:id>")
@describe(summary="Get one analysis", tag=TAG, responses={200: AnalysisDetail})
@authenticated
def show(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer one analysis."""
    user: User = g.user
    row = get_analysis(services.database, id)
    with services.database.api(user.id) as connection:
        related = find_related(connection, user.id, id)
        last = find_last_regeneration(connection, user.id, row)
        is_guess = _is_any_guess(connection, user.id, [row])
    own = {
        "id": row["id"],
        "fileName": row["file_name"],
        "carId": row["car_id"],
        "carGuessed": is_guess,
        "note": row["note"],
        "filterCourse": row["filter_course"],
    }
    return json_response({**own, **report(row), **related, "lastRegeneration": last})


@blueprint.patch("/analyses/<uuid:id>")
@describe(
    summary="Move an analysis to another car, or change its note",
    tag=TAG,
    description="Other versions of the same file move with it. The averages of both cars are recalculated. A guessed "
    "car that loses its last log disappears; for an hour the log can be moved back to it.",
    request=AnalysisChange,
    responses={200: ChangedAnalysis},
)
@authenticated
def change(services: Services, id: UUID) -> ResponseReturnValue:
    """Change the car and the note of an analysis."""
    user: User = g.user
    get_analysis(services.database, id)
    wanted = inputs.body(AnalysisChange)
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        if wanted.car is not None:
            garage.take_back(connection, user.id, wanted.car)
            garage.check_car(connection, user.id, wanted.car)
            membership.move(connection, user.id, [id], wanted.car)
        if "note" in wanted.model_fields_set:
            connection.execute(_SET_NOTE, [wanted.note or None, id, user.id])
        row = find_analysis(connection, user.id, id)
        if row is None:
            raise missing()
        requests = mark_stale_averages(connection, user.id)
    changed = ChangedAnalysis(id=id, file_name=row["file_name"], car_id=row["car_id"], note=row["note"])
    return json_then_publish(services, changed, requests)


@blueprint.get("/analyse/<uuid:id>")
@describe(
    summary="Get one analysis (short form)",
    tag=TAG,
    responses={
        200: Answer("The analysis.", Analysis),
        202: Progress,
        422: Answer("The log could not be analysed.", Failure),
    },
)
@authenticated
def show_short(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer one analysis, or how far it is, in the short form."""
    row = get_analysis(services.database, id)
    match row["status"]:
        case AnalysisStatus.SUCCESS:
            return Response(row["analysis"], mimetype="application/json")
        case AnalysisStatus.FAILED:
            failure = {"message": row["message"], "code": row["error_code"], "params": row["error_params"]}
            return json_response(Failure.model_validate({"stage": row["stage"], **failure}), 422)
        case _:
            return json_response(Progress(stage=row["stage"]), 202)


@blueprint.delete("/analyses/<uuid:id>")
@describe(
    summary="Delete an analysis with its log and series",
    tag=TAG,
    description="The analysis disappears immediately from lists, averages, the export and its shared link. It can be "
    "restored for one hour; after that it is permanently removed.",
    responses={204: "Deleted. The averages are recalculated."},
)
@authenticated
def delete(services: Services, id: UUID) -> ResponseReturnValue:
    """Delete one analysis."""
    user: User = g.user
    return _publish_after_response(services, deletion.delete_log(services.database, user.id, id))


@blueprint.post("/analyses/delete")
@describe(
    summary="Delete several analyses with their logs and series",
    tag=TAG,
    description="As `DELETE /analyses/{id}` for each: all of them at once, or none. Ids that are unknown or deleted "
    "already are left out of the response.",
    request=Selection,
    responses={200: Selected},
)
@authenticated
def delete_several(services: Services) -> ResponseReturnValue:
    """Delete several analyses."""
    user: User = g.user
    ids, requests = deletion.delete_logs(services.database, user.id, inputs.body(Selection).ids)
    return run_after_response(json_response(Selected(ids=ids)), partial(services.average_requests.publish, requests))


@blueprint.post("/analyses/restore")
@describe(
    summary="Restore several deleted analyses",
    tag=TAG,
    description="As `POST /analyses/{id}/restore` for each: all of them at once, or none. Ids that are unknown, or "
    "were deleted too long ago, are left out of the response.",
    request=Selection,
    responses={200: Selected, 409: "Restoring them would exceed the quota of logs."},
)
@authenticated
def restore_several(services: Services) -> ResponseReturnValue:
    """Restore several analyses."""
    user: User = g.user
    wanted = inputs.body(Selection).ids
    try:
        ids, requests = deletion.restore_logs(services.database, user.id, wanted, services.settings.quota_logs)
    except QuotaExceeded as error:
        raise refused(ErrorCode.RESTORE_QUOTA_EXCEEDED, **error.params) from None
    return run_after_response(json_response(Selected(ids=ids)), partial(services.average_requests.publish, requests))


@blueprint.post("/analyses/<uuid:id>/restore")
@describe(
    summary="Restore a deleted analysis",
    tag=TAG,
    description="Possible within one hour after the deletion; the shared link works again, too. An analysis that is "
    "not deleted does not change. Uploading the same content again also restores it.",
    responses={
        204: "Restored. The averages are recalculated.",
        409: "Restoring it would exceed the quota of logs.",
    },
)
@authenticated
def restore(services: Services, id: UUID) -> ResponseReturnValue:
    """Restore one analysis."""
    user: User = g.user
    try:
        requests = deletion.restore_log(services.database, user.id, id, services.settings.quota_logs)
    except QuotaExceeded as error:
        raise refused(ErrorCode.RESTORE_QUOTA_EXCEEDED, **error.params) from None
    return _publish_after_response(services, requests)


@blueprint.get("/analyses/deleted")
@describe(
    summary="List my deleted analyses that can be restored, most recently deleted first",
    tag=TAG,
    query=PageQuery,
    responses={200: DeletedList},
)
@authenticated
def list_deleted(services: Services) -> ResponseReturnValue:
    """Answer a page of the user's deleted analyses."""
    user: User = g.user
    query = inputs.query(PageQuery)
    with services.database.api(user.id) as connection:
        total, rows = deletion.list_deleted(connection, user.id, query.limit, (query.page - 1) * query.limit)
    data = [DeletedItem.model_validate(row) for row in rows]
    return json_response(DeletedList(data=data, pagination=_pagination(total, query.page, query.limit)))


def _publish_after_response(services: Services, requests: list[AverageRequest] | None) -> Response:
    """Return a 204 after which the requests for averages are published. Raises `NotFound` if `requests` is None."""
    if requests is None:
        raise missing()
    # With thousands of logs it takes seconds to write the lists for the averages, so the response is sent first.
    return run_after_response(Response(status=204), partial(services.average_requests.publish, requests))


def report(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `Report` of an analysis as JSON values: nothing that names its owner or its file."""
    return {
        "status": row["status"],
        "stage": row["stage"],
        "message": row["message"],
        "code": row["error_code"],
        "params": row["error_params"],
        "logDate": timestamp(row["log_date"]) if row["log_date"] else None,
        "fapRegen": row["fap_regen"],
        "distance": row["distance"],
        "analysis": orjson.Fragment(row["analysis"] or b"null"),
    }
