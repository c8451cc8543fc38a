"""Averages shown: over everything, a year, a month; and which of them there are."""

from typing import Final

import orjson
from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..analyses.schemas import Available, AvailablePeriod, AverageQuery, AverageView
from ..db import api_transaction
from ..web import inputs
from ..web.operations import describe

TAG: Final = "averages"
blueprint = Blueprint("averages", __name__, url_prefix="/api/v1")


@blueprint.get("/average")
@describe(
    summary="An average over my analyses",
    tag=TAG,
    description="While it is being made anew (CALCULATING), or if that failed, `average` is the last good one.",
    query=AverageQuery,
    responses={200: AverageView, 404: "There is no analysis in this period."},
)
@authenticated
def show() -> ResponseReturnValue:
    user: User = g.user
    query = inputs.query(AverageQuery)
    with api_transaction(user.id) as connection:
        row = connection.execute(
            """
            SELECT status, message, error_code AS code, error_params AS params, average::text AS average
            FROM fap_average
            WHERE user_id = %s AND type = %s AND year IS NOT DISTINCT FROM %s AND month IS NOT DISTINCT FROM %s
            """,
            [user.id, query.type, query.year, query.month],
        ).fetchone()
    if row is None:
        raise refused(ErrorCode.AVERAGE_NOT_FOUND)
    return Response(
        orjson.dumps(row | {"average": orjson.Fragment(row["average"] or b"null")}), mimetype="application/json"
    )


@blueprint.get("/average/available")
@describe(summary="The periods there are averages of", tag=TAG, responses={200: Available})
@authenticated
def available() -> ResponseReturnValue:
    user: User = g.user
    with api_transaction(user.id) as connection:
        rows = connection.execute(
            """
            SELECT type, year, month, status FROM fap_average WHERE user_id = %s
            ORDER BY year DESC NULLS FIRST, month DESC NULLS FIRST
            """,
            [user.id],
        ).fetchall()
    body = Available([AvailablePeriod.model_validate(row) for row in rows])
    return Response(body.model_dump_json(by_alias=True), mimetype="application/json")
