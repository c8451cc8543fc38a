"""The routes about a car and its logs: its regenerations, and what deletes and restores both."""

from typing import Final
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..cars import garage
from ..cars.publishing import then_publish
from ..cars.schemas import DeletedCar, DeletedCarList
from ..services import Services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import deletion
from .quota import QuotaExceeded
from .regenerations import list_regenerations
from .schemas import RegenerationItem, RegenerationList, RegenerationQuery

TAG: Final = "cars"
blueprint = Routes("car_deletion", __name__, url_prefix=PREFIX)


@blueprint.get("/cars/deleted")
@describe(
    summary="List my deleted cars that can be restored, most recently deleted first",
    tag=TAG,
    responses={200: DeletedCarList},
)
@authenticated
def list_deleted(services: Services) -> ResponseReturnValue:
    """Answer the user's deleted cars."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        rows = deletion.list_deleted_cars(connection, user.id)
    return json_response(DeletedCarList(data=[DeletedCar.model_validate(row) for row in rows]))


@blueprint.get("/cars/<uuid:id>/regenerations")
@describe(
    summary="List the regenerations of a car, newest first",
    tag=TAG,
    description="Taken from the analyses of its logs. One that a log begins and the next log ends is listed once, with "
    "both logs.",
    query=RegenerationQuery,
    responses={200: RegenerationList},
)
@authenticated
def regenerations(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer the regenerations of a car."""
    user: User = g.user
    query = inputs.query(RegenerationQuery)
    with services.database.api(user.id) as connection:
        garage.check_car(connection, user.id, id)
        found = list_regenerations(connection, user.id, id, query.limit, query.date_from, query.date_to)
    data = [RegenerationItem.model_validate(one, from_attributes=True) for one in found]
    return json_response(RegenerationList(data=data))


@blueprint.delete("/cars/<uuid:id>")
@describe(
    summary="Delete a car with its logs and notes",
    tag=TAG,
    description="The car and its logs disappear immediately. They can be restored for one hour; after that they are "
    "permanently removed. The only car cannot be deleted.",
    responses={204: "Deleted.", 409: "It is the only car."},
)
@authenticated
def delete(services: Services, id: UUID) -> ResponseReturnValue:
    """Delete a car."""
    user: User = g.user
    return then_publish(services, Response(status=204), deletion.delete_car(services.database, user.id, id))


@blueprint.post("/cars/<uuid:id>/restore")
@describe(
    summary="Restore a deleted car",
    tag=TAG,
    description="Possible within one hour after the deletion. The logs that were deleted with the car are restored, "
    "too. A car that is not deleted does not change.",
    responses={
        204: "Restored. The averages are recalculated.",
        409: "Restoring it would exceed the quota of logs or cars.",
    },
)
@authenticated
def restore(services: Services, id: UUID) -> ResponseReturnValue:
    """Restore a car."""
    user: User = g.user
    try:
        requests = deletion.restore_car(services.database, user.id, id, services.settings.quota_logs)
    except QuotaExceeded as error:
        raise refused(ErrorCode.RESTORE_QUOTA_EXCEEDED, **error.params) from None
    return then_publish(services, Response(status=204), requests)
