"""The routes of averages: over everything, a year or a month, and which of them there are."""

from typing import Final

import orjson
from flask import Blueprint, g
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..services import services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from .schemas import Available, AvailablePeriod, AverageQuery, AverageView

TAG: Final = "averages"
blueprint = Blueprint("averages", __name__, url_prefix=PREFIX)

_AVERAGE: Final = """
    SELECT status, message, error_code AS code, error_params AS params, average::text AS average
    FROM fap_average
    WHERE user_id = %s AND type = %s AND year IS NOT DISTINCT FROM %s AND month IS NOT DISTINCT FROM %s
"""
_AVAILABLE: Final = """
    SELECT type, year, month, status FROM fap_average WHERE user_id = %s
    ORDER BY year DESC NULLS FIRST, month DESC NULLS FIRST
"""


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
    """Answer one average."""
    user: User = g.user
    query = inputs.query(AverageQuery)
    with services().database.api(user.id) as connection:
        row = connection.execute(_AVERAGE, [user.id, query.type, query.year, query.month]).fetchone()
    if row is None:
        raise refused(ErrorCode.AVERAGE_NOT_FOUND)
    return json_response(row | {"average": orjson.Fragment(row["average"] or b"null")})


@blueprint.get("/average/available")
@describe(summary="List the periods that have an average", tag=TAG, responses={200: Available})
@authenticated
def available() -> ResponseReturnValue:
    """Answer the periods that have an average."""
    user: User = g.user
    with services().database.api(user.id) as connection:
        rows = connection.execute(_AVAILABLE, [user.id]).fetchall()
    return json_response(Available([AvailablePeriod.model_validate(row) for row in rows]))
