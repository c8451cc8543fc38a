"""Everything we know of a user, as a zip made while it is sent: their logs as CSV, the rest as JSON."""

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from stream_zip import ZIP_64, ZIP_AUTO, Method, stream_zip

from faplog.blobs import Blobs
from faplog.contracts import keys

from .. import db, services
from ..db import Database
from ..web import client_address, openapi
from ..web.operations import Answer, describe
from . import audit
from .audit import Event
from .authentication import User, authenticated

blueprint = Blueprint("export", __name__, url_prefix=openapi.PREFIX)

Row = dict[str, Any]
Member = tuple[str, datetime, int, Method, Iterable[bytes]]

BATCH: Final = 50
_LEVEL: Final = 1
"""Logs shrink to a fifth even so, at several times the speed."""

_MODE: Final = 0o100644
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_ACCOUNT: Final = "SELECT id, email, created_at FROM users WHERE id = %s"
_SESSIONS: Final = "SELECT id, created_at, expires_at, ended_at FROM sessions WHERE user_id = %s ORDER BY created_at"
_EVENTS: Final = "SELECT at, event, session_id, address FROM audit_log WHERE user_id = %s ORDER BY id"
_LINKS: Final = """
    SELECT analysis_id, created_at, expires_at FROM fap_link AS link
    WHERE user_id = %s AND EXISTS (SELECT FROM fap_analysis WHERE id = link.analysis_id AND deleted_at IS NULL)
    ORDER BY created_at
"""
_AVERAGES: Final = """
    SELECT type, year, month, status, message, average FROM fap_average
    WHERE user_id = %s ORDER BY year NULLS FIRST, month NULLS FIRST
"""
_ANALYSES: Final = """
    SELECT id, file_name, size, created_at, stage, status, message, log_date, fap_regen, distance, verdict, analysis
    FROM fap_analysis
    WHERE user_id = %s AND deleted_at IS NULL AND (created_at, id) > (%s, %s) ORDER BY created_at, id LIMIT %s
"""
_LOGS: Final = """
    SELECT id, file_name, size, created_at FROM fap_analysis
    WHERE user_id = %s AND deleted_at IS NULL AND (created_at, id) > (%s, %s) ORDER BY created_at, id LIMIT %s
"""


@blueprint.get("/account/export")
@describe(
    summary="Download all my data as a zip file",
    tag="account",
    description="Contains `account.json`, `analyses.json`, `averages.json` and the uploaded logs in `logs/`. Deleted "
    "logs are not included, even while they can be restored. The file is created while it is sent, so there is no "
    "Content-Length.",
    responses={200: Answer("The zip file.", media=("application/zip",), schema={"type": "string", "format": "binary"})},
)
@authenticated
def export() -> ResponseReturnValue:
    user: User = g.user
    with db.worker_transaction() as connection:
        where = client_address.address(request)
        audit.record(connection, Event.EXPORTED, user_id=user.id, session_id=g.session_id, address=where)
    with ExitStack() as held:
        held.enter_context(services.slots().downloads.hold())
        blobs = services.direct_blobs()
        blobs.get(keys.log_key(user.id))  # no such log: an object store that is away must be a 503, not half a zip
        members = _members(db.database(), blobs, user.id)
        body = stream_zip(members, get_compressobj=lambda: zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS))
        name = f"faplog-{datetime.now(UTC):%Y-%m-%d}.zip"
        response = Response(body, mimetype="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.call_on_close(held.pop_all().close)
        return response


def _members(database: Database, blobs: Blobs, user_id: UUID) -> Iterator[Member]:
    """The files of the zip, one after the other. Raises `Unavailable`, which ends the zip before its end."""
    now = datetime.now(UTC)
    account = {
        "account": _select(database, user_id, _ACCOUNT),
        "sessions": _select(database, user_id, _SESSIONS),
        "links": _select(database, user_id, _LINKS),
        "events": _select(database, user_id, _EVENTS),
    }
    yield "account.json", now, _MODE, ZIP_64, [_json(account)]
    yield "averages.json", now, _MODE, ZIP_64, [_json(_select(database, user_id, _AVERAGES))]
    yield "analyses.json", now, _MODE, ZIP_64, _list(_pages(database, user_id, _ANALYSES))
    taken: set[str] = set()
    for row in _pages(database, user_id, _LOGS):
        pieces = blobs.read(keys.log_key(row["id"]))
        if pieces is not None:  # an upload on its way has no object yet
            name = entry_name(row, taken)
            yield f"logs/{name}", row["created_at"], _MODE, ZIP_AUTO(row["size"], level=_LEVEL), pieces


def _select(database: Database, user_id: UUID, statement: str) -> list[Row]:
    with database.api(user_id) as connection:
        return connection.execute(statement.encode(), [user_id]).fetchall()


def _pages(database: Database, user_id: UUID, statement: str) -> Iterator[Row]:
    """All rows in batches, each in a transaction of its own: no connection is held while a client reads slowly."""
    after: tuple[datetime, UUID] = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
    while True:
        with database.api(user_id) as connection:
            rows = connection.execute(statement.encode(), [user_id, *after, BATCH]).fetchall()
        yield from rows
        if len(rows) < BATCH:
            return
        after = (rows[-1]["created_at"], rows[-1]["id"])


def _list(rows: Iterator[Row]) -> Iterator[bytes]:
    """A JSON list, element by element."""
    separator = b"[\n"
    for row in rows:
        yield separator + _json(row)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def entry_name(row: Row, taken: set[str]) -> str:
    """The name the log was uploaded under, made safe for every file system, and told apart where it repeats."""
    name = _UNSAFE.sub("_", row["file_name"]).strip(" .") or "log.csv"
    if name.casefold() in taken:
        stem, dot, suffix = name.rpartition(".")
        name = f"{stem or name}-{row['id']}{dot}{suffix if dot else ''}"
    taken.add(name.casefold())
    return name
