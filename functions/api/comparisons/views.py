"""The routes of comparisons: two logs, or a car before and after work on it, compared by the function `average`."""

import logging
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from time import perf_counter
from typing import IO, Any, Final, cast
from uuid import UUID

from flask import Response, g
from flask.typing import ResponseReturnValue

from faplog.contracts.comparison import MIN_LOGS, MOST_LOGS, Comparison
from faplog.contracts.errors import ErrorCode
from faplog.contracts.messages import MAX_INLINE_BYTES, AnalysisStatus
from faplog.http_errors import refused

from ..accounts.authentication import User, authenticated
from ..analyses.lookup import find_analysis, missing
from ..cars import garage, notes
from ..db import Conn
from ..services import Services
from ..store_slots import Slots
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.routes import Routes
from .comparer import Comparer
from .schemas import LogsQuery, NoteQuery
from .selection import write_around_note, write_two_logs

TAG: Final = "averages"
AT_ONCE: Final = 1
"""Comparisons of one process at once: each holds one of few threads while `average` starts and calculates."""

WAIT_SEC: Final = 5.0

_NOT_OFFERED: Final = "This server does not compare."
_JUDGED: Final = (
    "What changed most comes first: the change is measured by the usual scatter from log to log, else by the gauge of "
    "its limits. `judgement` says better or worse only where a direction is better and the change is more than chance."
)

log = logging.getLogger(__name__)


def blueprint(comparer: Comparer | None) -> Routes:
    """Return the routes of comparisons.

    Args:
        comparer: The function `average`; None if this server cannot reach it.
    """
    routes = Routes("comparisons", __name__, url_prefix=PREFIX)
    slots = Slots("comparisons", AT_ONCE, wait_sec=WAIT_SEC)

    def answer(services: Services, write: Callable[[Conn, IO[bytes]], int]) -> Response:
        """Return the comparison of what `write` selects, in a transaction of the user."""
        if comparer is None:
            raise refused(ErrorCode.COMPARISON_NOT_OFFERED)
        user: User = g.user
        with slots.hold(), SpooledTemporaryFile(MAX_INLINE_BYTES) as spooled:
            file = cast("IO[bytes]", spooled)
            with services.database.api(user.id) as connection:
                size = write(connection, file)
            began = perf_counter()
            content = comparer.compare(file, size)
        log.info("compared", extra={"bytes": size, "ms": round((perf_counter() - began) * 1000, 1)})
        return Response(content, mimetype="application/json")

    @routes.get("/cars/<uuid:id>/comparison")
    @describe(
        summary="Compare a car before and after work on it",
        tag=TAG,
        description=f"The averages over the logs before a maintenance note and over those after it, {MOST_LOGS} of "
        "each at most. A period ends at the next note of the same kind; logs without a date and earlier versions of a "
        f"log do not count. With fewer than {MIN_LOGS} logs in a period nothing is judged. {_JUDGED}",
        query=NoteQuery,
        responses={
            200: Answer("The comparison.", Comparison),
            404: f"There is no such car, or it has no such note. Or: {_NOT_OFFERED}",
            409: "The work of the note is not done.",
        },
    )
    @authenticated
    def around_note(services: Services, id: UUID) -> ResponseReturnValue:
        user: User = g.user
        with services.database.api(user.id) as checking:  # before the query, so that a wrong id is always a 404
            garage.check_car(checking, user.id, id)
        wanted = inputs.query(NoteQuery)

        def write(connection: Conn, file: IO[bytes]) -> int:
            done = [note for note in notes.list_notes(connection, user.id, id) if _is_done(note)]
            note = notes.get_note(connection, user.id, wanted.note)
            if note["car_id"] != id:
                raise refused(ErrorCode.NOTE_NOT_FOUND)
            if not _is_done(note):
                raise refused(ErrorCode.COMPARISON_NOTE_NOT_DONE)
            return write_around_note(connection, user.id, note, done, file)

        return answer(services, write)

    @routes.get("/comparison")
    @describe(
        summary="Compare two logs",
        tag=TAG,
        description=f"Other logs of the same car show the usual scatter. {_JUDGED}",
        query=LogsQuery,
        responses={
            200: Answer("The comparison.", Comparison),
            404: f"One of the ids is unknown. Or: {_NOT_OFFERED}",
            409: "One of the logs has no result.",
        },
    )
    @authenticated
    def two_logs(services: Services) -> ResponseReturnValue:
        user: User = g.user
        wanted = inputs.query(LogsQuery)
        if wanted.before == wanted.after:
            raise refused(ErrorCode.COMPARISON_SAME_LOG)

        def write(connection: Conn, file: IO[bytes]) -> int:
            cars = {_car_of(connection, user.id, one) for one in (wanted.before, wanted.after)}
            car_id = cars.pop() if len(cars) == 1 else None
            return write_two_logs(connection, user.id, wanted.before, wanted.after, car_id, file)

        return answer(services, write)

    return routes


def _is_done(note: dict[str, Any]) -> bool:
    return bool(note["done"]) and note["on_date"] is not None


def _car_of(connection: Conn, user_id: UUID, log_id: UUID) -> UUID | None:
    """Return the car of an analysed log.

    Raises:
        NotFound: The user has no such log.
        Conflict: It has no result.
    """
    row = find_analysis(connection, user_id, log_id)
    if row is None:
        raise missing()
    if row["status"] != AnalysisStatus.SUCCESS or row["analysis"] is None:
        raise refused(ErrorCode.COMPARISON_LOG_WITHOUT_RESULT)
    car_id: UUID | None = row["car_id"]
    return car_id
