"""The table of all figures as CSV: one row a log, one column a figure, sent while it is read."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from io import StringIO
from itertools import chain
from types import UnionType
from typing import Any, Final, get_args, get_origin
from uuid import UUID

import orjson
from flask import Response, g
from flask.typing import ResponseReturnValue
from psycopg.sql import SQL
from pydantic import BaseModel

from faplog.contracts.analysis import Analysis
from faplog.contracts.speed_ranges import RANGES

from ..accounts.authentication import User, authenticated
from ..cars import garage
from ..db import Database
from ..services import Services
from ..stored_values import value_at
from ..web import inputs
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.outputs import timestamp
from ..web.routes import Routes
from .schemas import LogFilters
from .views import TAG, filter_conditions

blueprint = Routes("table", __name__, url_prefix=PREFIX)

BATCH: Final = 50
FORMULA: Final = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[=+\-@\t\r\n])")
"""Where a formula begins to a spreadsheet: at the start of a text, and behind what the spreadsheet of a country
with commas in its numbers takes for the end of a cell or of a line."""

_LOG_COLUMNS: Final = (
    "id",
    "fileName",
    "createdAt",
    "logDate",
    "status",
    "message",
    "supersededBy",
    "carId",
    "worstFinding",
)
_SELECT: Final = """
    SELECT id, file_name, created_at, log_date, status, message, superseded_by, car_id, analysis::text AS analysis,
        jsonb_path_query_first(analysis, '$.health.findings[*] ? (@.severity == $verdict).text',
            jsonb_build_object('verdict', verdict)) AS worst_finding
    FROM fap_analysis WHERE id = ANY(%(ids)s) AND user_id = %(user_id)s AND deleted_at IS NULL
"""


def figure_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the path of each single value of a model, such as `fap.soot.end_gl`; lists are left out."""
    for name, field in model.model_fields.items():
        path = prefix + name
        annotation = field.annotation
        for kind in get_args(annotation) if isinstance(annotation, UnionType) else (annotation,):
            if path == "fuelConsumption.bySpeedRange":
                yield from (f"{path}.{key}" for speeds in RANGES for key in (f"{speeds}_l100km", f"_{speeds}_km"))
            elif isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
                yield from figure_paths(kind, f"{path}.")
            elif kind in (int, float, str, bool) or (isinstance(kind, type) and issubclass(kind, Enum)):
                yield path


FIGURES: Final = tuple(dict.fromkeys(figure_paths(Analysis)))
COLUMNS: Final = (*_LOG_COLUMNS, *FIGURES)


@blueprint.get("/analyses.csv")
@describe(
    summary="Download the figures of my logs as a CSV table",
    tag=TAG,
    description="One row for each log, oldest first, and one column for each figure, named by its path in the "
    "analysis. UTF-8, separated by commas; figures that are not known are empty. A text that a spreadsheet would "
    "take for a formula begins with an apostrophe. The table is created while it is sent, so there is no "
    "Content-Length.",
    query=LogFilters,
    responses={
        200: Answer("The table.", media=("text/csv",), schema={"type": "string"}),
        404: "There is no such car.",
    },
)
@authenticated
def figures_table(services: Services) -> ResponseReturnValue:
    """Stream the table of the user's logs."""
    user: User = g.user
    database = services.database
    ids = _select_ids(database, user.id, inputs.query(LogFilters))
    response = Response(csv_lines(_select_rows(database, user.id, ids)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="faplog-{datetime.now(UTC):%Y-%m-%d}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _select_ids(database: Database, user_id: UUID, query: LogFilters) -> list[UUID]:
    """Return the ids of the logs that a query asks for, in the order of the table. Raises `Unavailable`."""
    where, values = filter_conditions(user_id, query)
    statement = SQL("SELECT id FROM fap_analysis WHERE {} ORDER BY log_date NULLS LAST, id").format(where)
    with database.api(user_id) as connection:
        if query.car is not None:
            garage.check_car(connection, user_id, query.car)
        return [row["id"] for row in connection.execute(statement, values).fetchall()]


def _select_rows(database: Database, user_id: UUID, ids: list[UUID]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows, each batch from its own transaction: no connection is held while a client reads slowly."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with database.api(user_id) as connection:
            rows = connection.execute(_SELECT, {"ids": batch, "user_id": user_id}).fetchall()
        found = {row["id"]: row for row in rows}
        yield from (found[analysis_id] for analysis_id in batch if analysis_id in found)


def csv_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the table line by line, beginning with the names of the columns."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for cells in chain([COLUMNS], (_cells(row) for row in rows)):
        writer.writerow([_cell(cell) for cell in cells])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _cells(row: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values of a row in the order of the columns."""
    yield row["id"]
    yield row["file_name"]
    yield timestamp(row["created_at"])
    yield timestamp(row["log_date"]) if row["log_date"] else None
    yield row["status"]
    yield row["message"]
    yield row["superseded_by"]
    yield row["car_id"]
    yield row["worst_finding"]
    analysis = orjson.loads(row["analysis"]) if row["analysis"] else {}
    for path in FIGURES:
        yield value_at(analysis, *path.split("."))


def _cell(value: Any) -> str:
    """Return a value as it stands in the table. Only texts can be formulas: a negative number is a number."""
    if value is None or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return FORMULA.sub("'", str(value))
