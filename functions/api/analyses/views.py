"""The history: analyses listed, shown, deleted and restored, and the short form's look at one."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from psycopg.sql import SQL, Composed
from pydantic import BaseModel
from werkzeug.exceptions import Conflict, NotFound

from faplog.contracts.analysis import Analysis
from faplog.contracts.messages import AnalysisStatus

from .. import services
from ..accounts.authentication import User, authenticated
from ..db import api_transaction, database
from ..delivery.average_requests import Asking, Due
from ..web import inputs
from ..web.after_response import afterwards
from ..web.operations import Answer, describe
from . import deletion
from .quota import QuotaExceeded
from .schemas import (
    AnalysisDetail,
    AnalysisItem,
    AnalysisList,
    DeletedItem,
    DeletedList,
    Failure,
    ListQuery,
    Order,
    PageQuery,
    Pagination,
    Progress,
    SortBy,
    timestamp,
)

TAG: Final = "analyses"
blueprint = Blueprint("analyses", __name__, url_prefix="/api/v1")

_MISSING: Final = "There is no analysis with this id."

_ORDERS: Final = {
    (SortBy.CREATED_AT, Order.DESC): SQL("created_at DESC, id DESC"),
    (SortBy.CREATED_AT, Order.ASC): SQL("created_at, id"),
    (SortBy.FILE_NAME, Order.DESC): SQL("file_name DESC, id DESC"),
    (SortBy.FILE_NAME, Order.ASC): SQL("file_name, id"),
    (SortBy.LOG_DATE, Order.DESC): SQL("log_date DESC NULLS LAST, id DESC"),
    (SortBy.LOG_DATE, Order.ASC): SQL("log_date NULLS FIRST, id"),
}
"""Each is an index of the table, read forwards or backwards."""


def missing() -> NotFound:
    """The 404 of an id that is unknown or another user's."""
    return NotFound(_MISSING)


@blueprint.get("/analyses")
@describe(summary="My analyses, a page at a time", tag=TAG, query=ListQuery, responses={200: AnalysisList})
@authenticated
def list_analyses() -> ResponseReturnValue:
    user: User = g.user
    query = inputs.query(ListQuery)
    page, values = list_statement(user.id, query)
    where, _ = _filters(user.id, query)
    with api_transaction(user.id) as connection:
        counted = connection.execute(SQL("SELECT count(*) AS n FROM fap_analysis WHERE {}").format(where), values)
        total = (counted.fetchone() or {"n": 0})["n"]
        rows = connection.execute(page, values).fetchall()
    data = [AnalysisItem.model_validate(row) for row in rows]
    return _json(AnalysisList(data=data, pagination=_pagination(total, query.page, query.limit)))


def _pagination(total: int, page: int, limit: int) -> Pagination:
    return Pagination(total_items=total, current_page=page, page_size=limit, total_pages=-(-total // limit))


def list_statement(user_id: UUID, query: ListQuery) -> tuple[Composed, dict[str, Any]]:
    """The statement of one page and its values. An index has the rows in order: none of others is read."""
    where, values = _filters(user_id, query)
    order = _ORDERS[query.sort_by, query.order]
    statement = SQL(
        """
        SELECT id, file_name, created_at, log_date, status, stage, message, fap_regen, distance, verdict
        FROM fap_analysis WHERE {where} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s
        """
    ).format(where=where, order=order)
    return statement, values | {"limit": query.limit, "offset": (query.page - 1) * query.limit}


def _filters(user_id: UUID, query: ListQuery) -> tuple[Composed, dict[str, Any]]:
    conditions = [SQL("user_id = %(user_id)s AND deleted_at IS NULL")]
    values: dict[str, Any] = {"user_id": user_id}
    for column in ("status", "fap_regen", "verdict"):
        if (value := getattr(query, column)) is not None:
            conditions.append(SQL(f"{column} = %({column})s"))  # one of three names
            values[column] = value
    if query.q:
        conditions.append(
            SQL("""lower(file_name COLLATE "pg_c_utf8") LIKE lower(%(q)s::text COLLATE "pg_c_utf8") ESCAPE '!'""")
        )
        values["q"] = "%" + "".join(f"!{c}" if c in "!%_" else c for c in query.q.replace("\x00", "")) + "%"
    return SQL(" AND ").join(conditions), values


@blueprint.get("/analyses/<uuid:id>")
@describe(summary="One analysis", tag=TAG, responses={200: AnalysisDetail})
@authenticated
def show(id: UUID) -> ResponseReturnValue:
    row = _row(id)
    detail = {"id": row["id"], "fileName": row["file_name"], **report(row)}
    return Response(orjson.dumps(detail), mimetype="application/json")


@blueprint.get("/analyse/<uuid:id>")
@describe(
    summary="One analysis (short form)",
    tag=TAG,
    responses={
        200: Answer("The analysis.", Analysis),
        202: Progress,
        422: Answer("The log could not be analysed.", Failure),
    },
)
@authenticated
def show_short(id: UUID) -> ResponseReturnValue:
    row = _row(id)
    match row["status"]:
        case AnalysisStatus.SUCCESS:
            return Response(row["analysis"], mimetype="application/json")
        case AnalysisStatus.FAILED:
            return _json(Failure(stage=row["stage"], message=row["message"]), 422)
        case _:
            return _json(Progress(stage=row["stage"]), 202)


@blueprint.delete("/analyses/<uuid:id>")
@describe(
    summary="Delete an analysis with its log and series",
    tag=TAG,
    description="It disappears at once from lists, averages, the export and its shared link. For an hour it can be "
    "restored; then it is removed for good.",
    responses={204: "Nobody sees it any more, and the averages are recalculated."},
)
@authenticated
def delete(id: UUID) -> ResponseReturnValue:
    user: User = g.user
    return _no_content(deletion.delete(database(), user.id, id))


@blueprint.post("/analyses/<uuid:id>/restore")
@describe(
    summary="Restore a deleted analysis",
    tag=TAG,
    description="Within an hour after the deletion, with its shared link. An analysis that is not deleted stays as it "
    "is. Uploading the same content again restores it, too.",
    responses={
        204: "It is there, and the averages are recalculated.",
        409: "There is no room: other logs were uploaded in its place, up to the quota.",
    },
)
@authenticated
def restore(id: UUID) -> ResponseReturnValue:
    user: User = g.user
    try:
        due = deletion.restore(database(), user.id, id, services.settings().quota_logs)
    except QuotaExceeded as error:
        raise Conflict(str(error)) from None
    return _no_content(due)


@blueprint.get("/analyses/deleted")
@describe(
    summary="My deleted analyses that can be restored, the last deleted first",
    tag=TAG,
    query=PageQuery,
    responses={200: DeletedList},
)
@authenticated
def list_deleted() -> ResponseReturnValue:
    user: User = g.user
    query = inputs.query(PageQuery)
    with api_transaction(user.id) as connection:
        total, rows = deletion.page(connection, user.id, query.limit, (query.page - 1) * query.limit)
    data = [DeletedItem.model_validate(row) for row in rows]
    return _json(DeletedList(data=data, pagination=_pagination(total, query.page, query.limit)))


def _no_content(due: list[Due] | None) -> Response:
    """Answer 204 and then request the averages that changed. Raises `NotFound` where `due` is None."""
    if due is None:
        raise missing()
    # With thousands of logs it takes seconds to write the lists for the averages, so the answer is sent first.
    asking = Asking(database(), services.blobs(), services.publisher())
    return afterwards(Response(status=204), partial(asking.ask, due))


def report(row: Mapping[str, Any]) -> dict[str, Any]:
    """What whoever may read an analysis is told of it, whose it is and what its file is called left out."""
    return {
        "status": row["status"],
        "stage": row["stage"],
        "message": row["message"],
        "logDate": timestamp(row["log_date"]) if row["log_date"] else None,
        "fapRegen": row["fap_regen"],
        "distance": row["distance"],
        "analysis": orjson.Fragment(row["analysis"] or b"null"),
    }


def _row(wanted: UUID) -> dict[str, Any]:
    """The row of the user's analysis, its JSON as text. Raises `NotFound`, also for another user's."""
    user: User = g.user
    with api_transaction(user.id) as connection:
        row = connection.execute(
            """
            SELECT id, file_name, status, stage, message, log_date, fap_regen, distance, analysis::text AS analysis
            FROM fap_analysis WHERE id = %s AND user_id = %s AND deleted_at IS NULL
            """,
            [wanted, user.id],
        ).fetchone()
    if row is None:
        raise missing()
    return row


def _json(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(by_alias=True), status, mimetype="application/json")
