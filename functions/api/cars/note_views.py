"""The routes of maintenance notes."""

from typing import Any, Final
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from faplog.contracts.notes import Kind

from ..accounts.authentication import User, authenticated
from ..averages.staleness import mark_stale_averages
from ..db import lock_user
from ..services import Services
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import json_response
from ..web.routes import Routes
from . import garage, notes
from .publishing import json_then_publish, then_publish
from .schemas import NewNote, NoteChange, NoteList, NoteView

TAG: Final = "cars"
blueprint = Routes("notes", __name__, url_prefix=PREFIX)


@blueprint.get("/cars/<uuid:id>/notes")
@describe(summary="List the maintenance notes of a car", tag=TAG, responses={200: NoteList})
@authenticated
def list_notes(services: Services, id: UUID) -> ResponseReturnValue:
    """Answer the notes of a car."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        garage.check_car(connection, user.id, id)
        rows = notes.list_notes(connection, user.id, id)
    return json_response(NoteList(data=[NoteView.model_validate(row) for row in rows]))


@blueprint.post("/cars/<uuid:id>/notes")
@describe(
    summary="Add a maintenance note or a reminder",
    tag=TAG,
    description="A note with a date in the future, or without a date, is a reminder. The averages are recalculated.",
    request=NewNote,
    responses={201: NoteView, 409: "The car has as many notes as it may have."},
)
@authenticated
def create(services: Services, id: UUID) -> ResponseReturnValue:
    """Add a note to a car."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        garage.check_car(connection, user.id, id)
    wanted = inputs.body(NewNote)
    content = notes.new_content(wanted.kind, wanted.on_date, wanted.km, wanted.text, done=bool(wanted.done))
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        garage.check_car(connection, user.id, id)
        notes.check_limit(connection, user.id, [id], added=1)
        note_id = notes.create(connection, user.id, id, content)
        requests = mark_stale_averages(connection, user.id)
        created = NoteView.model_validate(notes.get_note(connection, user.id, note_id))
    return json_then_publish(services, created, requests, 201)


@blueprint.patch("/notes/<uuid:id>")
@describe(
    summary="Change a maintenance note, or mark a reminder as done",
    tag=TAG,
    description="The averages are recalculated.",
    request=NoteChange,
    responses={200: NoteView},
)
@authenticated
def change(services: Services, id: UUID) -> ResponseReturnValue:
    """Change a note."""
    user: User = g.user
    with services.database.api(user.id) as connection:
        notes.get_note(connection, user.id, id)
    wanted = inputs.body(NoteChange)
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        old = _content(notes.get_note(connection, user.id, id))
        notes.change(connection, user.id, id, notes.changed_content(old, _changes(wanted)))
        requests = mark_stale_averages(connection, user.id)
        changed = NoteView.model_validate(notes.get_note(connection, user.id, id))
    return json_then_publish(services, changed, requests)


@blueprint.delete("/notes/<uuid:id>")
@describe(
    summary="Delete a maintenance note",
    tag=TAG,
    responses={204: "Deleted. The averages are recalculated."},
)
@authenticated
def delete(services: Services, id: UUID) -> ResponseReturnValue:
    """Delete a note."""
    user: User = g.user
    with services.database.worker() as connection:
        lock_user(connection, user.id)
        notes.get_note(connection, user.id, id)
        notes.delete(connection, user.id, id)
        requests = mark_stale_averages(connection, user.id)
    return then_publish(services, Response(status=204), requests)


def _content(row: dict[str, Any]) -> notes.Content:
    return notes.Content(Kind(row["kind"]), row["on_date"], row["km"], row["text"], row["done"])


def _changes(wanted: NoteChange) -> dict[str, Any]:
    """Return the fields that are to change. `kind` and `text` cannot be removed, so null leaves them as they are."""
    given = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    return {name: value for name, value in given.items() if value is not None or name in ("on_date", "km")}
