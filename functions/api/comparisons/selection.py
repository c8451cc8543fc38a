"""The logs of a comparison, written as the body of a direct call of `average`."""

from collections.abc import Mapping
from typing import IO, Any, Final
from uuid import UUID

import orjson

from faplog.contracts.comparison import MAX_CALL_BYTES, MOST_LOGS
from faplog.errors import Unavailable

from ..db import Conn

OTHER_LOGS: Final = 60
"""Other logs of the car at most that show how much its figures usually scatter."""

_PAGE_ROWS: Final = 50

# Without what no comparison reads, which is more than half of an analysis.
_AROUND_NOTE: Final = """
    WITH chosen AS (
        (SELECT id FROM fap_analysis
         WHERE user_id = %(user_id)s AND car_id = %(car_id)s AND status = 'Success' AND deleted_at IS NULL
            AND superseded_by IS NULL AND log_date < (%(on_date)s::date + 1)::timestamp AT TIME ZONE 'UTC'
         ORDER BY log_date DESC, id DESC LIMIT %(most)s)
        UNION
        (SELECT id FROM fap_analysis
         WHERE user_id = %(user_id)s AND car_id = %(car_id)s AND status = 'Success' AND deleted_at IS NULL
            AND superseded_by IS NULL AND log_date >= %(on_date)s::timestamp AT TIME ZONE 'UTC'
         ORDER BY log_date, id LIMIT %(most)s)
    )
    SELECT convert_to(json_build_object(
        'analysisId', id, 'logDate', to_char(log_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'analysis', analysis - '{health,drives}'::text[])::text, 'UTF8') AS item
    FROM fap_analysis JOIN chosen USING (id)
    WHERE user_id = %(user_id)s
    ORDER BY log_date, id
"""
_TWO_LOGS: Final = """
    WITH chosen AS (
        (SELECT id FROM fap_analysis
         WHERE user_id = %(user_id)s AND id = ANY(%(ids)s) AND status = 'Success' AND deleted_at IS NULL)
        UNION ALL
        (SELECT id FROM fap_analysis
         WHERE user_id = %(user_id)s AND car_id = %(car_id)s AND status = 'Success' AND deleted_at IS NULL
            AND superseded_by IS NULL AND id <> ALL(%(ids)s)
         ORDER BY log_date DESC NULLS LAST, id DESC LIMIT %(most)s)
    )
    SELECT convert_to(json_build_object(
        'analysisId', id, 'logDate', to_char(log_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'analysis', analysis - '{health,drives}'::text[])::text, 'UTF8') AS item
    FROM fap_analysis JOIN chosen USING (id)
    WHERE user_id = %(user_id)s
    ORDER BY log_date, id
"""


def write_around_note(
    connection: Conn, user_id: UUID, note: Mapping[str, Any], done: list[dict[str, Any]], file: IO[bytes]
) -> int:
    """Write the call that compares a car before and after the work of a note, and return its size in bytes.

    Args:
        connection: A transaction of the user.
        user_id: The user.
        note: The note, of work that is done.
        done: All notes of the car that are done.
        file: Where it is written.

    Raises:
        Unavailable: The analyses are too large together.
    """
    values = {"user_id": user_id, "car_id": note["car_id"], "on_date": note["on_date"], "most": MOST_LOGS}
    parts = {"note": _to_json(note), "notes": [_to_json(one) for one in done]}
    return _write(connection, _AROUND_NOTE, values, parts, file)


def write_two_logs(
    connection: Conn, user_id: UUID, before: UUID, after: UUID, car_id: UUID | None, file: IO[bytes]
) -> int:
    """Write the call that compares two logs, and return its size in bytes.

    Args:
        connection: A transaction of the user.
        user_id: The user.
        before: The first log.
        after: The second one.
        car_id: The car of both, whose other logs show the usual scatter; None if they are of two cars.
        file: Where it is written.

    Raises:
        Unavailable: The analyses are too large together.
    """
    values = {"user_id": user_id, "ids": [before, after], "car_id": car_id, "most": OTHER_LOGS}
    return _write(connection, _TWO_LOGS, values, {"before": str(before), "after": str(after)}, file)


def _write(
    connection: Conn, statement: str, values: Mapping[str, Any], parts: Mapping[str, Any], file: IO[bytes]
) -> int:
    size = file.write(orjson.dumps(parts)[:-1] + b',"analysis":[')
    with connection.cursor(name="compared") as rows:
        rows.itersize = _PAGE_ROWS
        rows.execute(statement, values)
        for number, row in enumerate(rows):
            size += file.write((b",\n" if number else b"") + row["item"])
            if size > MAX_CALL_BYTES - 2:
                raise Unavailable("the analyses of a comparison are too large")
    return size + file.write(b"]}")


def _to_json(note: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": note["kind"], "onDate": note["on_date"].isoformat(), "km": note["km"]}
