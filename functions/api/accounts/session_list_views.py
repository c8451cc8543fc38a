"""The routes of a user's list of sessions: show it, end one, end all others."""

from uuid import UUID

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from faplog.contracts.errors import ErrorCode
from faplog.http_errors import refused

from ..services import Services
from ..web import client_address
from ..web.names import PREFIX
from ..web.operations import describe
from ..web.outputs import Output, Timestamp, json_response
from ..web.routes import Routes
from . import audit, sessions
from .audit import Event
from .authentication import User, authenticated
from .session_views import TAG

blueprint = Routes("session_list", __name__, url_prefix=f"{PREFIX}/account/sessions")


class Session(Output):
    """An active session."""

    id: UUID
    created_at: Timestamp
    last_used_at: Timestamp = Field(description="Within half an hour.")
    browser: str | None = Field(description="Null for a program that is no browser we know.", examples=["Firefox"])
    device: str | None = Field(examples=["Android"])
    current: bool = Field(description="Whether this request belongs to it.")


class Sessions(Output):
    """All active sessions."""

    sessions: list[Session]


@blueprint.get("")
@describe(summary="List my sessions", tag=TAG, responses={200: Sessions})
@authenticated
def show(services: Services) -> ResponseReturnValue:
    """Answer the active sessions, the one used last first."""
    user: User = g.user
    listed = [
        Session(
            id=one.id,
            created_at=one.created_at,
            last_used_at=one.last_used_at,
            browser=one.browser,
            device=one.device,
            current=one.id == g.session_id,
        )
        for one in sessions.list_active(services.database, user.id)
    ]
    return json_response(Sessions(sessions=listed))


@blueprint.delete("")
@describe(summary="End all my other sessions", tag=TAG, responses={204: "Only the session of this request is left."})
@authenticated
def end_others(services: Services) -> ResponseReturnValue:
    """End all sessions of the user but this one."""
    user: User = g.user
    with services.database.worker() as connection:
        if sessions.end_all(connection, user.id, but=g.session_id):
            address = client_address.address(request)
            audit.record(connection, Event.SESSIONS_ENDED, user_id=user.id, session_id=g.session_id, address=address)
    return Response(status=204)


@blueprint.delete("/<uuid:id>")
@describe(
    summary="End one of my sessions",
    tag=TAG,
    responses={204: "Ended. Its tokens are no longer valid.", 404: "There is no active session with this id."},
)
@authenticated
def end(services: Services, id: UUID) -> ResponseReturnValue:
    """End one session of the user, which may be this one."""
    user: User = g.user
    with services.database.worker() as connection:
        if not sessions.end_one(connection, user.id, id):
            raise refused(ErrorCode.SESSION_NOT_FOUND)
        address = client_address.address(request)
        audit.record(connection, Event.SESSION_ENDED, user_id=user.id, session_id=id, address=address)
    return Response(status=204)
