"""Error codes: a stable name for each refusal and failure, with its English sentence and its parameters.

Clients and translations match on the code, never on the sentence. A code is added as a member of `ErrorCode` and a
row of `TEMPLATES`; `docs/errors.md` is generated from them (`python -m faplog.contracts.schema`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Param = str | int
"""The value of a parameter: a name or a count."""


class ErrorCode(StrEnum):
    """Why something was refused or failed. One flat list for the analysis and the API."""

    FILE_MISSING = "FILE_MISSING"
    EMPTY_FILE = "EMPTY_FILE"
    LOG_TOO_LARGE = "LOG_TOO_LARGE"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    LINE_TOO_LONG = "LINE_TOO_LONG"
    TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"
    TOO_MANY_COLUMN_CHANGES = "TOO_MANY_COLUMN_CHANGES"
    OTHER_APP = "OTHER_APP"
    NO_HEADER = "NO_HEADER"
    COLUMN_MISSING = "COLUMN_MISSING"
    DATE_AND_TIME_MISSING = "DATE_AND_TIME_MISSING"
    NO_KNOWN_COLUMN = "NO_KNOWN_COLUMN"
    NO_ROWS = "NO_ROWS"
    NO_VALID_TIME = "NO_VALID_TIME"
    HOURS_MISSING = "HOURS_MISSING"
    SECONDS_MISSING = "SECONDS_MISSING"
    TOO_DAMAGED = "TOO_DAMAGED"
    TWO_CARS = "TWO_CARS"
    CLOCK_UNUSABLE = "CLOCK_UNUSABLE"


BAD_LOG: Final = "Failed to read csv file: "
"""Begins the message of a file that cannot be read as a log."""

BAD_DATA: Final = "Failed to process data: "
"""Begins the message of a log whose rows cannot be used."""


@dataclass(frozen=True, slots=True)
class Template:
    """The English sentence of a code, with `{name}` placeholders, and the type of each parameter.

    `lead` stands before the sentence in a message, but not in a reason (see `reason`).
    """

    text: str
    params: Mapping[str, type[str] | type[int]] = field(default_factory=dict)
    lead: str = ""


def _bad_log(text: str, **params: type[str] | type[int]) -> Template:
    return Template(text, params, BAD_LOG)


def _bad_data(text: str, **params: type[str] | type[int]) -> Template:
    return Template(text, params, BAD_DATA)


TEMPLATES: Final[Mapping[ErrorCode, Template]] = {
    ErrorCode.FILE_MISSING: _bad_log("the file is no longer there"),
    ErrorCode.EMPTY_FILE: _bad_log("the file is empty"),
    ErrorCode.LOG_TOO_LARGE: _bad_log("it is larger than {max_mb} MB", max_mb=int),
    ErrorCode.TOO_MANY_LINES: _bad_log("it has more than {max_lines} lines, a log of one day cannot", max_lines=int),
    ErrorCode.TOO_MANY_ROWS: _bad_log("it has {rows} rows, a log of one day cannot", rows=int),
    ErrorCode.LINE_TOO_LONG: _bad_log("it has a line longer than {max_kb} kB", max_kb=int),
    ErrorCode.TOO_MANY_COLUMNS: _bad_log("it has more than {max_columns} columns", max_columns=int),
    ErrorCode.TOO_MANY_COLUMN_CHANGES: _bad_log("its columns change more than {max_changes} times", max_changes=int),
    ErrorCode.OTHER_APP: Template(
        "This looks like a {app} log. faplog reads the CSV files of the Android app FAP.", {"app": str}
    ),
    ErrorCode.NO_HEADER: _bad_log("it has no header line with the columns 'Date' and 'Time'"),
    ErrorCode.COLUMN_MISSING: _bad_log("the column '{column}' is missing", column=str),
    ErrorCode.DATE_AND_TIME_MISSING: _bad_log("the columns 'Date' and 'Time' are missing"),
    ErrorCode.NO_KNOWN_COLUMN: _bad_log("besides 'Date' and 'Time' it has no column of a FAP log"),
    ErrorCode.NO_ROWS: _bad_log("there are no rows under the header"),
    ErrorCode.NO_VALID_TIME: _bad_data("no row has a valid date and time"),
    ErrorCode.HOURS_MISSING: _bad_data(
        "its times have no hours ('{example}'), a spreadsheet removed them: upload the file as the app wrote it",
        example=str,
    ),
    ErrorCode.SECONDS_MISSING: _bad_data(
        "its times have no seconds ('{example}') and cannot be restored: upload the file as the app wrote it",
        example=str,
    ),
    ErrorCode.TOO_DAMAGED: _bad_data("{damaged} of its {rows} rows are damaged", damaged=int, rows=int),
    ErrorCode.TWO_CARS: _bad_data(
        "it mixes the rows of two cars: 'FAP life' is {low_km} km in some and {high_km} km in others",
        low_km=int,
        high_km=int,
    ),
    ErrorCode.CLOCK_UNUSABLE: _bad_data("its clock jumps {jumps} times", jumps=int),
}


def reason(code: ErrorCode, params: Mapping[str, Param] | None = None) -> str:
    """Return the sentence of a code without its lead.

    Raises:
        ValueError: The parameters are not those of the code's template.
    """
    given, template = params or {}, TEMPLATES[code]
    wrong = [name for name, kind in template.params.items() if type(given.get(name)) is not kind]
    if wrong or given.keys() - template.params.keys():
        raise ValueError(f"{code} takes {dict(template.params)}, not {dict(given)}")
    return template.text.format_map(given)


def message(code: ErrorCode, params: Mapping[str, Param] | None = None) -> str:
    """Return the whole English message of a code, as clients see it beside `code` and `params`.

    Raises:
        ValueError: The parameters are not those of the code's template.
    """
    return TEMPLATES[code].lead + reason(code, params)
