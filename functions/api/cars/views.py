"""The routes of cars: listed, created, named, merged, and the question about a guessed one answered."""

from typing import Final
from uuid import UUID

from flask import g
from flask.typing import ResponseReturnValue

from faplog.contracts.errors import ErrorCode

from ..accounts.authentication import User, authenticated, unauthorized
from ..averages.staleness import mark_stale_averages
from ..db import Conn, lock_user
from ..services import Services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import garage, notes
from .publishing import json_then_publish
from .schemas import Answer, CarChange, CarList, CarView, Merge, NewCar, Reply

TAG: Final = "cars"
blueprint = Routes("cars", __name__, url_prefix=PREFIX)


@blueprint.get("/cars")
@describe(
    summary="List my cars",
    tag=TAG,
    description="The car of the newest log comes first. Cars are detected automatically: a log belongs to the car "
    "named at its upload, else to the car with the same profile whose counters fit, else to a new car, marked as "
    "`guessed`.",
    responses={200: CarList},
)
@authenticated
def list_cars(services: Services) -> ResponseReturnValue:
    """Answer the user's cars."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        rows = garage.list_cars(connection, user.id)
    return json_response(CarList(data=[CarView.model_validate(row) for row in rows]))


@blueprint.post("/cars")
@describe(
    summary="Create a car",
    tag=TAG,
    description="Not needed for the first car: it is created with its first log.",
    request=NewCar,
    responses={201: CarView, 409: "There are as many cars as one account may have."},
)
@authenticated
def create(services: Services) -> ResponseReturnValue:
    """Create a car without logs."""
    user: User = g.user
    wanted = inputs.body(NewCar)
    with services.database.worker() as connection:
        if not lock_user(connection, user.id):
            raise unauthorized(ErrorCode.ACCOUNT_DELETED)
        garage.check_limit(connection, user.id)
        car_id = garage.create(connection, user.id, name=wanted.name)
        return json_response(_view(connection, user.id, car_id), 201)


@blueprint.get("/cars/<uuid:id>")
@describe(summary="Get one car", tag=TAG, responses={200: CarView})
@authenticated
def show(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer one car."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        return json_response(_view(connection, user.id, id))


@blueprint.patch("/cars/<uuid:id>")
@describe(
    summary="Name a car, or confirm a guessed one",
    tag=TAG,
    description="A name confirms the car as well, but leaves its question open.",
    request=CarChange,
    responses={200: CarView},
)
@authenticated
def change(services: Services, id: UUID) -> ResponseReturnValue:
    """Change a car."""
    user: User = g.user
    _check_car(services, user.id, id)
    wanted = inputs.body(CarChange)
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        garage.check_car(connection, user.id, id)
        if "name" in wanted.model_fields_set:
            garage.rename(connection, user.id, id, wanted.name)
        if wanted.guessed is False:
            garage.confirm(connection, user.id, id)
        return json_response(_view(connection, user.id, id))


@blueprint.post("/cars/<uuid:id>/merge")
@describe(
    summary="Merge a car into another one",
    tag=TAG,
    description="All logs and notes of this car move to the car `into`, and this car is removed. This cannot be "
    "undone. The averages are recalculated.",
    request=Merge,
    responses={200: CarView, 409: "Together they have more notes than a car may have."},
)
@authenticated
def merge(services: Services, id: UUID) -> ResponseReturnValue:
    """Merge two cars."""
    user: User = g.user
    _check_car(services, user.id, id)
    wanted = inputs.body(Merge)
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        garage.check_car(connection, user.id, id)
        garage.check_car(connection, user.id, wanted.into)
        garage.merge(connection, user.id, id, wanted.into)
        requests = mark_stale_averages(connection, user.id)
        merged = _view(connection, user.id, wanted.into)
    return json_then_publish(services, merged, requests)


@blueprint.post("/cars/<uuid:id>/answer")
@describe(
    summary="Answer the question about a guessed car: another car, or maintenance of the same one?",
    tag=TAG,
    description="`another_car` keeps the car as it is. `maintenance` moves its logs to the car `otherCar` of the "
    "question, adds the note, and removes this car; the response is then that car. The averages are recalculated.",
    request=Answer,
    responses={200: CarView, 409: "There is no open question, or the car has as many notes as it may have."},
)
@authenticated
def answer(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer the question about a car."""
    user: User = g.user
    _check_car(services, user.id, id)
    said = inputs.body(Answer)
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        car = garage.get_car(connection, user.id, id)
        garage.open_question(car)
        answered = id
        if said.answer is Reply.ANOTHER_CAR:
            garage.confirm(connection, user.id, id)
        else:
            if said.on_date is not None:
                notes.check_date(said.on_date, past=True)
            answered = garage.answer_with_maintenance(connection, user.id, car, said.kind, said.on_date)
        requests = mark_stale_averages(connection, user.id)
        shown = _view(connection, user.id, answered)
    return json_then_publish(services, shown, requests)


def _check_car(services: Services, user_id: UUID, car_id: UUID) -> None:
    """Raise `NotFound` unless the user has this car: before the body is read, so that a wrong id is always a 404."""
    with services.database.api(user_id) as connection:
        garage.check_car(connection, user_id, car_id)


def _view(connection: Conn, user_id: UUID, car_id: UUID) -> CarView:
    return CarView.model_validate(garage.get_car(connection, user_id, car_id))
