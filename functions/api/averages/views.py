"""Averages shown: over everything, a year, a month; and which of them there are."""

from typing import Final

import orjson
from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from ..accounts.authentication import User, authenticated
from ..analyses.schemas import Available, AvailablePeriod, AverageQuery, AverageView
from ..db import api_transaction
from ..web import inputs
from ..web.operations import describe

TAG: Final = "averages"
blueprint = Blueprint("averages", __name__, url_prefix="/api/v1")


@blueprint.get("/average")
@describe(
    summary="Get an average over my analyses",
    tag=TAG,
    description="While the average is being recalculated (CALCULATING), or if that failed, `average` is the previous "
    "result.",
    query=AverageQuery,
    responses={200: AverageView, 404: "There are no analyses in this period."},
)
@authenticated
def show() -> ResponseReturnValue:
    user: User = g.user
    query = inputs.query(AverageQuery)
    with api_transaction(user.id) as connection:
        row = connection.execute(
            """
            SELECT status, message, average::text AS average FROM fap_average
            WHERE user_id = %s AND type = %s AND year IS NOT DISTINCT FROM %s AND month IS NOT DISTINCT FROM %s
            """,
            [user.id, query.type, query.year, query.month],
        ).fetchone()
    if row is None:
        raise NotFound("There is no average: no log of this period has been analysed yet.")
    return Response(
        orjson.dumps(row | {"average": orjson.Fragment(row["average"] or b"null")}), mimetype="application/json"
    )


@blueprint.get("/average/available")
@describe(summary="List the periods that have an average", tag=TAG, responses={200: Available})
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
    body = Available(data=[AvailablePeriod.model_validate(row) for row in rows])
    return Response(body.model_dump_json(by_alias=True), mimetype="application/json")
