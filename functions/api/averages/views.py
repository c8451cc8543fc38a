"""The routes of averages of a car: over everything, a year or a month, and which of them there are."""

from typing import Final
from uuid import UUID

import orjson
from flask import g
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..db import Conn
from ..services import Services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from .schemas import Available, AvailablePeriod, AverageQuery, AverageView, CarQuery

TAG: Final = "averages"
blueprint = Routes("averages", __name__, url_prefix=PREFIX)

_AVERAGE: Final = """
    SELECT car_id AS "carId", status, message, error_code AS code, error_params AS params, average::text AS average
    FROM fap_average
    WHERE user_id = %s AND car_id = %s AND type = %s AND year IS NOT DISTINCT FROM %s
        AND month IS NOT DISTINCT FROM %s
"""
_AVAILABLE: Final = """
    SELECT type, year, month, status FROM fap_average WHERE user_id = %s AND car_id = %s
    ORDER BY year DESC NULLS FIRST, month DESC NULLS FIRST
"""


_IS_THERE: Final = "SELECT FROM car WHERE user_id = %s AND id = %s AND deleted_at IS NULL"
# Whatever state the log is in, so that an average does not disappear while a log is analysed again. A new car is taken
# when its first average is there, or if no other car has one.
_CAR_OF_NEWEST_LOG: Final = """
    SELECT car_id FROM fap_analysis AS log
    WHERE user_id = %(user_id)s AND deleted_at IS NULL AND EXISTS (
        SELECT FROM fap_average
        WHERE user_id = %(user_id)s AND car_id = log.car_id AND type = 'OVERALL'
            AND (NOT %(shown)s OR status <> 'CALCULATING' OR average IS NOT NULL))
    ORDER BY log_date DESC NULLS LAST, id DESC LIMIT 1
"""


@blueprint.get("/average")
@describe(
    summary="Get an average over my analyses",
    tag=TAG,
    description="The average is over the logs of one car. While it is being recalculated (CALCULATING), or if that "
    "failed, `average` is the previous result.",
    query=AverageQuery,
    responses={200: AverageView, 404: "There is no such car, or it has no analyses in this period."},
)
@authenticated
def show(services: Services) -> ResponseReturnValue:
    """Answer one average."""
    user: User = g.user
    query = inputs.query(AverageQuery)
    with services.database.api(user.id) as connection:
        car_id = _car(connection, user.id, query.car)
        row = connection.execute(_AVERAGE, [user.id, car_id, query.type, query.year, query.month]).fetchone()
    if row is None:
        raise refused(ErrorCode.AVERAGE_NOT_FOUND)
    return json_response(row | {"average": orjson.Fragment(row["average"] or b"null")})


@blueprint.get("/average/available")
@describe(
    summary="List the periods that have an average",
    tag=TAG,
    query=CarQuery,
    responses={200: Available, 404: "There is no such car."},
)
@authenticated
def available(services: Services) -> ResponseReturnValue:
    """Answer the periods that have an average."""
    user: User = g.user
    query = inputs.query(CarQuery)
    with services.database.api(user.id) as connection:
        rows = connection.execute(_AVAILABLE, [user.id, _car(connection, user.id, query.car)]).fetchall()
    return json_response(Available([AvailablePeriod.model_validate(row) for row in rows]))


def _car(connection: Conn, user_id: UUID, wanted: UUID | None) -> UUID | None:
    """Return the wanted car, by default that of the newest log; None if there is no log. Raises `NotFound`."""
    if wanted is None:
        for shown in (True, False):
            row = connection.execute(_CAR_OF_NEWEST_LOG, {"user_id": user_id, "shown": shown}).fetchone()
            if row is not None:
                car_id: UUID = row["car_id"]
                return car_id
        return None
    if connection.execute(_IS_THERE, [user_id, wanted]).fetchone() is None:
        raise refused(ErrorCode.CAR_NOT_FOUND)
    return wanted
