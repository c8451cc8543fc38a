"""The export of all data of a user, as a zip made while it is sent: the logs as CSV, the rest as JSON."""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
from flask import Response, g, request
from flask.typing import ResponseReturnValue

from faplog.blobs import Blobs
from faplog.contracts import keys

from ..db import Database
from ..services import Services
from ..web import client_address
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.routes import Routes
from . import audit
from .audit import Event
from .authentication import User, authenticated

if TYPE_CHECKING:
    from stream_zip import Method

blueprint = Routes("export", __name__, url_prefix=PREFIX)

Row = dict[str, Any]
Member = tuple[str, datetime, int, "Method", Iterable[bytes]]

BATCH: Final = 50
_LEVEL: Final = 1
"""The fastest level of zlib; logs still shrink to a fifth."""

_MODE: Final = 0o100644
_UNSAFE_CHARS: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)\s*(\.|$)", re.IGNORECASE)
"""A name that Windows keeps for a device, whatever its extension."""

MAX_NAME_BYTES: Final = 255
"""The longest name that Linux takes, in UTF-8; macOS and Windows take at least as much."""

_ACCOUNT: Final = "SELECT id, email, created_at FROM users WHERE id = %s"
_SESSIONS: Final = """
    SELECT id, created_at, last_used_at, expires_at, ended_at, browser, device FROM sessions
    WHERE user_id = %s ORDER BY created_at
"""
_EVENTS: Final = "SELECT at, event, session_id, address FROM audit_log WHERE user_id = %s ORDER BY id"
_TOKENS: Final = """
    SELECT id, name, scopes, created_at, expires_at, last_used_at FROM api_tokens
    WHERE user_id = %s ORDER BY created_at, id
"""
_LINKS: Final = """
    SELECT analysis_id, car_id, created_at, expires_at FROM fap_link AS link
    WHERE user_id = %s
        AND (EXISTS (SELECT FROM fap_analysis WHERE id = link.analysis_id AND deleted_at IS NULL)
            OR EXISTS (SELECT FROM car WHERE id = link.car_id AND deleted_at IS NULL))
    ORDER BY created_at
"""
_CHANNELS: Final = """
    SELECT kind, language, url, confirmed_email, created_at FROM notification_channel WHERE user_id = %s ORDER BY kind
"""
_NOTIFICATIONS: Final = """
    SELECT id, channel, event, created_at, status, tries, ended_at, error_code AS code FROM notification
    WHERE user_id = %s ORDER BY created_at, id
"""
_AVERAGES: Final = """
    SELECT car_id, type, year, month, status, message, error_code AS code, error_params AS params, average
    FROM fap_average
    WHERE user_id = %s ORDER BY car_id, year NULLS FIRST, month NULLS FIRST
"""
_CARS: Final = """
    SELECT id, name, profile, guessed, created_at,
        coalesce((
            SELECT json_agg(json_build_object('id', id, 'kind', kind, 'on_date', on_date, 'km', km, 'text', text,
                'done', done) ORDER BY on_date, created_at, id)
            FROM note WHERE note.user_id = car.user_id AND note.car_id = car.id
        ), '[]') AS notes
    FROM car WHERE user_id = %s AND deleted_at IS NULL ORDER BY created_at, id
"""
_ANALYSES: Final = """
    SELECT id, file_name, size, created_at, stage, status, message, error_code AS code, error_params AS params,
        log_date, fap_regen, distance, verdict, car_id, note, analysis
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
    description="Contains `account.json`, `cars.json` with the notes, `analyses.json`, `averages.json` and the "
    "uploaded logs in `logs/`. Deleted logs and cars are not included, even while they can be restored. The file is "
    "created while it is sent, so there is no Content-Length.",
    responses={200: Answer("The zip file.", media=("application/zip",), schema={"type": "string", "format": "binary"})},
)
@authenticated
def export(services: Services) -> ResponseReturnValue:
    """Stream all data of the user."""
    from stream_zip import stream_zip  # here, since it brings its ciphers, which each start would import

    user: User = g.user
    database, blobs = services.database, services.direct_blobs
    with database.worker() as connection:
        address = client_address.address(request)
        audit.record(connection, Event.EXPORTED, user_id=user.id, session_id=g.session_id, address=address)
    with ExitStack() as held:
        held.enter_context(services.slots.downloads.hold())
        blobs.get(keys.log_key(user.id))  # no such log: an object store that is away must be a 503, not half a zip
        members = _members(database, blobs, user.id)
        body = stream_zip(members, get_compressobj=lambda: zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS))
        name = f"faplog-{datetime.now(UTC):%Y-%m-%d}.zip"
        response = Response(body, mimetype="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.call_on_close(held.pop_all().close)
        return response


def _members(database: Database, blobs: Blobs, user_id: UUID) -> Iterator[Member]:
    """Yield the files of the zip. Raises `Unavailable`, which leaves the zip incomplete."""
    from stream_zip import ZIP_64, ZIP_AUTO

    now = datetime.now(UTC)
    account = {
        "account": _select(database, user_id, _ACCOUNT),
        "sessions": _select(database, user_id, _SESSIONS),
        "api_tokens": _select(database, user_id, _TOKENS),
        "links": _select(database, user_id, _LINKS),
        "events": _select(database, user_id, _EVENTS),
        "notification_channels": _select(database, user_id, _CHANNELS),
        "notifications": _select(database, user_id, _NOTIFICATIONS),
    }
    yield "account.json", now, _MODE, ZIP_64, [_json(account)]
    yield "cars.json", now, _MODE, ZIP_64, [_json(_select(database, user_id, _CARS))]
    yield "averages.json", now, _MODE, ZIP_64, [_json(_select(database, user_id, _AVERAGES))]
    yield "analyses.json", now, _MODE, ZIP_64, _json_array(_pages(database, user_id, _ANALYSES))
    taken: set[str] = set()
    for row in _pages(database, user_id, _LOGS):
        pieces = blobs.read(keys.log_key(row["id"]))
        if pieces is not None:  # an upload in progress has no object yet
            name = entry_name(row, taken)
            yield f"logs/{name}", row["created_at"], _MODE, ZIP_AUTO(row["size"], level=_LEVEL), pieces


def _select(database: Database, user_id: UUID, statement: str) -> list[Row]:
    with database.api(user_id) as connection:
        return connection.execute(statement.encode(), [user_id]).fetchall()


def _pages(database: Database, user_id: UUID, statement: str) -> Iterator[Row]:
    """Yield all rows, each batch from its own transaction: no connection is held while a client reads slowly."""
    after: tuple[datetime, UUID] = (datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))
    while True:
        with database.api(user_id) as connection:
            rows = connection.execute(statement.encode(), [user_id, *after, BATCH]).fetchall()
        yield from rows
        if len(rows) < BATCH:
            return
        after = (rows[-1]["created_at"], rows[-1]["id"])


def _json_array(rows: Iterator[Row]) -> Iterator[bytes]:
    """Yield a JSON array, element by element."""
    separator = b"[\n"
    for row in rows:
        yield separator + _json(row)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def entry_name(row: Row, taken: set[str]) -> str:
    """Return the name of the uploaded log, safe for every file system and made unique by the id where it repeats.

    Args:
        row: The log, with `id` and `file_name`.
        taken: The names used so far, as file systems compare them; the new name is added.
    """
    name = _UNSAFE_CHARS.sub("_", row["file_name"]).rstrip(" .") or "log.csv"
    stem, extension = _split_extension(name)
    stem = stem.lstrip(" .") or "log"
    if _DEVICE.match(stem):
        stem = f"_{stem}"
    name = _shortened(stem, extension)
    if _compared(name) in taken:
        name = _shortened(stem, f"-{row['id']}{extension}")
    taken.add(_compared(name))
    return name


def _split_extension(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if dot else (name, "")


def _shortened(stem: str, end: str) -> str:
    """Return a name of at most `MAX_NAME_BYTES` that keeps its end."""
    room = MAX_NAME_BYTES - len(end.encode())
    return stem.encode()[:room].decode(errors="ignore") + end


def _compared(name: str) -> str:
    """Return a name as macOS and Windows compare it: in composed form and without the case of its letters."""
    return unicodedata.normalize("NFC", name).casefold()
