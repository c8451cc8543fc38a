"""Error codes: a stable name for each refusal and failure, with its English sentence and its parameters.

Clients and translations match on the code, never on the sentence. A code is added as a member of `ErrorCode` and a
row of `TEMPLATES`; `docs/errors.md` is generated from them (`python -m faplog.contracts.schema`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
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

    # failures the API states itself
    ANALYSIS_TIMED_OUT = "ANALYSIS_TIMED_OUT"
    UPLOAD_NOT_FINISHED = "UPLOAD_NOT_FINISHED"

    # the form of an upload
    UPLOAD_TOO_LARGE = "UPLOAD_TOO_LARGE"
    UPLOAD_TIMEOUT = "UPLOAD_TIMEOUT"
    UPLOAD_INCOMPLETE = "UPLOAD_INCOMPLETE"
    FORM_EXPECTED = "FORM_EXPECTED"
    FORM_MALFORMED = "FORM_MALFORMED"
    FORM_BOUNDARY_INVALID = "FORM_BOUNDARY_INVALID"
    FORM_FILE_MISSING = "FORM_FILE_MISSING"
    FORM_FIELD_UNKNOWN = "FORM_FIELD_UNKNOWN"
    FORM_FILE_REPEATED = "FORM_FILE_REPEATED"
    FORM_FILE_EXPECTED = "FORM_FILE_EXPECTED"
    FILE_NAME_MISSING = "FILE_NAME_MISSING"
    FILE_NAME_TOO_LONG = "FILE_NAME_TOO_LONG"
    FILE_TYPE_UNKNOWN = "FILE_TYPE_UNKNOWN"
    CSV_EXPECTED = "CSV_EXPECTED"

    # the content of an upload
    UPLOAD_EMPTY = "UPLOAD_EMPTY"
    NOT_TEXT = "NOT_TEXT"
    HEADER_EXPECTED = "HEADER_EXPECTED"

    # zips
    ZIP_INVALID = "ZIP_INVALID"
    ZIP_TOO_LARGE = "ZIP_TOO_LARGE"
    ZIP_TABLE_TOO_LONG = "ZIP_TABLE_TOO_LONG"
    ZIP_ENCRYPTED = "ZIP_ENCRYPTED"
    ZIP_METHOD_UNKNOWN = "ZIP_METHOD_UNKNOWN"
    ZIP_RATIO_TOO_HIGH = "ZIP_RATIO_TOO_HIGH"
    ZIP_WITHOUT_CSV = "ZIP_WITHOUT_CSV"
    ZIP_WITHOUT_LOGS = "ZIP_WITHOUT_LOGS"
    ZIP_ENTRY_DAMAGED = "ZIP_ENTRY_DAMAGED"
    ZIP_ENTRY_NOT_CSV = "ZIP_ENTRY_NOT_CSV"
    ZIP_PARTLY_STORED = "ZIP_PARTLY_STORED"

    # trials without an account
    TRIAL_NOT_OFFERED = "TRIAL_NOT_OFFERED"
    TRIAL_RUNNING = "TRIAL_RUNNING"

    # quotas
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    DELETED_QUOTA_EXCEEDED = "DELETED_QUOTA_EXCEEDED"
    RESTORE_QUOTA_EXCEEDED = "RESTORE_QUOTA_EXCEEDED"

    # analyses, links, averages
    ANALYSIS_NOT_FOUND = "ANALYSIS_NOT_FOUND"
    FILE_NOT_STORED = "FILE_NOT_STORED"
    FILE_CHANGED = "FILE_CHANGED"
    RANGE_NOT_SATISFIABLE = "RANGE_NOT_SATISFIABLE"
    SERIES_NOT_FOUND = "SERIES_NOT_FOUND"
    LINK_NOT_FOUND = "LINK_NOT_FOUND"
    LINK_NOT_VALID = "LINK_NOT_VALID"
    AVERAGE_NOT_FOUND = "AVERAGE_NOT_FOUND"

    # comparisons
    COMPARISON_NOT_OFFERED = "COMPARISON_NOT_OFFERED"
    COMPARISON_SAME_LOG = "COMPARISON_SAME_LOG"
    COMPARISON_LOG_WITHOUT_RESULT = "COMPARISON_LOG_WITHOUT_RESULT"
    COMPARISON_NOTE_NOT_DONE = "COMPARISON_NOTE_NOT_DONE"

    # cars and their notes
    CAR_NOT_FOUND = "CAR_NOT_FOUND"
    CAR_LIMIT_REACHED = "CAR_LIMIT_REACHED"
    CAR_IS_LAST = "CAR_IS_LAST"
    CAR_MERGED_WITH_ITSELF = "CAR_MERGED_WITH_ITSELF"
    CAR_WITHOUT_QUESTION = "CAR_WITHOUT_QUESTION"
    NOTE_NOT_FOUND = "NOTE_NOT_FOUND"
    NOTE_LIMIT_REACHED = "NOTE_LIMIT_REACHED"
    NOTE_NOT_PLACED = "NOTE_NOT_PLACED"
    NOTE_DATE_OUT_OF_RANGE = "NOTE_DATE_OUT_OF_RANGE"
    NOTE_KM_OUT_OF_RANGE = "NOTE_KM_OUT_OF_RANGE"

    # failed averages
    AVERAGE_TIMED_OUT = "AVERAGE_TIMED_OUT"
    AVERAGE_EMPTY = "AVERAGE_EMPTY"
    AVERAGE_WITHOUT_LIST = "AVERAGE_WITHOUT_LIST"
    AVERAGE_LIST_MISSING = "AVERAGE_LIST_MISSING"
    AVERAGE_LIST_MALFORMED = "AVERAGE_LIST_MALFORMED"
    AVERAGE_LIST_EXPECTED = "AVERAGE_LIST_EXPECTED"
    AVERAGE_LIST_UNUSABLE = "AVERAGE_LIST_UNUSABLE"

    # accounts and sessions
    EMAIL_INVALID = "EMAIL_INVALID"
    EMAIL_TOO_LONG = "EMAIL_TOO_LONG"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    PASSWORD_LENGTH = "PASSWORD_LENGTH"
    PASSWORD_REPETITIVE = "PASSWORD_REPETITIVE"
    PASSWORD_IS_EMAIL = "PASSWORD_IS_EMAIL"
    PASSWORD_COMMON = "PASSWORD_COMMON"
    PASSWORD_REQUIRED = "PASSWORD_REQUIRED"
    PASSWORD_WRONG = "PASSWORD_WRONG"
    CREDENTIALS_WRONG = "CREDENTIALS_WRONG"
    REGISTRATION_CLOSED = "REGISTRATION_CLOSED"
    INVITE_REQUIRED = "INVITE_REQUIRED"
    INVITE_INVALID = "INVITE_INVALID"
    RESET_LINK_INVALID = "RESET_LINK_INVALID"
    RESET_NOT_BY_MAIL = "RESET_NOT_BY_MAIL"
    SESSION_NOT_FOUND = "SESSION_NOT_FOUND"
    RATE_LIMITED = "RATE_LIMITED"
    LOGIN_REQUIRED = "LOGIN_REQUIRED"
    ACCESS_TOKEN_INVALID = "ACCESS_TOKEN_INVALID"
    SESSION_ENDED = "SESSION_ENDED"
    ACCOUNT_DELETED = "ACCOUNT_DELETED"
    REFRESH_TOKEN_MISSING = "REFRESH_TOKEN_MISSING"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"
    REFRESH_TOKEN_INVALID = "REFRESH_TOKEN_INVALID"
    CSRF_TOKEN_INVALID = "CSRF_TOKEN_INVALID"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"

    # API tokens
    API_TOKEN_INVALID = "API_TOKEN_INVALID"
    API_TOKEN_NOT_ALLOWED = "API_TOKEN_NOT_ALLOWED"
    API_TOKEN_SCOPE_MISSING = "API_TOKEN_SCOPE_MISSING"
    API_TOKEN_RATE_LIMITED = "API_TOKEN_RATE_LIMITED"
    API_TOKEN_NOT_FOUND = "API_TOKEN_NOT_FOUND"
    API_TOKENS_EXCEEDED = "API_TOKENS_EXCEEDED"

    # notifications
    CHANNEL_NOT_OFFERED = "CHANNEL_NOT_OFFERED"
    CHANNEL_OFF = "CHANNEL_OFF"
    EMAIL_CODE_WRONG = "EMAIL_CODE_WRONG"
    RECEIVER_URL_INVALID = "RECEIVER_URL_INVALID"
    NTFY_URL_INVALID = "NTFY_URL_INVALID"
    RECEIVER_NOT_ALLOWED = "RECEIVER_NOT_ALLOWED"
    RECEIVER_HOST_UNKNOWN = "RECEIVER_HOST_UNKNOWN"
    RECEIVER_UNREACHABLE = "RECEIVER_UNREACHABLE"
    RECEIVER_TLS_FAILED = "RECEIVER_TLS_FAILED"
    RECEIVER_TIMED_OUT = "RECEIVER_TIMED_OUT"
    RECEIVER_ANSWER_INVALID = "RECEIVER_ANSWER_INVALID"
    RECEIVER_REDIRECTS = "RECEIVER_REDIRECTS"
    RECEIVER_REFUSED = "RECEIVER_REFUSED"
    MAIL_REFUSED = "MAIL_REFUSED"
    MAIL_UNAVAILABLE = "MAIL_UNAVAILABLE"

    # any request
    INVALID_INPUT = "INVALID_INPUT"
    PARAMETER_REPEATED = "PARAMETER_REPEATED"
    JSON_EXPECTED = "JSON_EXPECTED"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    REQUEST_INCOMPLETE = "REQUEST_INCOMPLETE"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    REQUEST_REFUSED = "REQUEST_REFUSED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    ADDRESS_INVALID = "ADDRESS_INVALID"
    EDGE_REQUEST_TOO_LARGE = "EDGE_REQUEST_TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    UNAVAILABLE = "UNAVAILABLE"
    BUSY = "BUSY"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"

    # messages of the connector, and logs sent to the function analyse
    SENDER_NOT_ALLOWED = "SENDER_NOT_ALLOWED"
    MESSAGE_INVALID = "MESSAGE_INVALID"
    TOPIC_UNKNOWN = "TOPIC_UNKNOWN"
    RESULT_NOT_STORABLE = "RESULT_NOT_STORABLE"
    RESULT_WITHOUT_ANALYSIS = "RESULT_WITHOUT_ANALYSIS"
    REFERENCE_OF_OTHER_ANALYSIS = "REFERENCE_OF_OTHER_ANALYSIS"
    REFERENCE_OF_OTHER_AVERAGE = "REFERENCE_OF_OTHER_AVERAGE"
    REFERENCE_NOT_JSON = "REFERENCE_NOT_JSON"
    REFERENCE_NOT_OBJECT = "REFERENCE_NOT_OBJECT"
    LOG_BODY_TOO_LARGE = "LOG_BODY_TOO_LARGE"


BAD_LOG: Final = "Failed to read csv file: "
"""Begins the message of a file that cannot be read as a log."""

BAD_DATA: Final = "Failed to process data: "
"""Begins the message of a log whose rows cannot be used."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An error as a part of another one, or of an answer that is no error as a whole."""

    # A dataclass, because the analysis imports this module, and importing pydantic would be a fifth of its start.
    message: str = field(metadata={"description": "The English sentence."})
    code: ErrorCode
    params: dict[str, Param] = field(default_factory=dict, metadata={"description": "The parameters of the code."})

    def __str__(self) -> str:
        """Return the sentence."""
        return self.message


AnyParam = Param | Cause
Kind = type[str] | type[int] | type[Cause]


@dataclass(frozen=True, slots=True)
class Template:
    """The English sentence of a code, with `{name}` placeholders, and the type of each parameter.

    `lead` stands before the sentence in a message, but not in a reason (see `reason`). `status` is the HTTP status of
    a refusal; None where the code only tells why a stored analysis or average failed. `may_help_to_repeat` is true
    where the cause is not the content of the request: the same request may be accepted later.
    """

    text: str
    params: Mapping[str, Kind] = field(default_factory=dict)
    lead: str = ""
    status: HTTPStatus | None = None
    may_help_to_repeat: bool = False

    @property
    def plain_text(self) -> str:
        """The whole sentence, its placeholders without the format of the number."""
        return _NUMBER_FORMAT.sub("}", self.lead + self.text)


_NUMBER_FORMAT: Final = re.compile(r":,\}")


def _bad_log(text: str, **params: Kind) -> Template:
    return Template(text, params, BAD_LOG)


def _bad_data(text: str, **params: Kind) -> Template:
    return Template(text, params, BAD_DATA)


def _refusal(status: HTTPStatus, text: str, **params: Kind) -> Template:
    return Template(text, params, status=status)


def _refusal_for_now(status: HTTPStatus, text: str, **params: Kind) -> Template:
    return Template(text, params, status=status, may_help_to_repeat=True)


TEMPLATES: Final[Mapping[ErrorCode, Template]] = {
    ErrorCode.FILE_MISSING: _bad_log("the file is no longer there"),
    ErrorCode.EMPTY_FILE: _bad_log("the file is empty"),
    ErrorCode.LOG_TOO_LARGE: _bad_log("it is larger than {max_mb} MB", max_mb=int),
    ErrorCode.TOO_MANY_LINES: _bad_log(
        "it has more than {max_lines} lines, too many for the log of one day", max_lines=int
    ),
    ErrorCode.TOO_MANY_ROWS: _bad_log("it has {rows} rows, too many for the log of one day", rows=int),
    ErrorCode.LINE_TOO_LONG: _bad_log("it has a line longer than {max_kb} kB", max_kb=int),
    ErrorCode.TOO_MANY_COLUMNS: _bad_log("it has more than {max_columns} columns", max_columns=int),
    ErrorCode.TOO_MANY_COLUMN_CHANGES: _bad_log("its columns change more than {max_changes} times", max_changes=int),
    ErrorCode.OTHER_APP: Template(
        "This looks like a log of {app}. faplog reads the CSV files of the Android app FAP.",
        {"app": str},
        status=HTTPStatus.BAD_REQUEST,
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
    # failures the API states itself
    ErrorCode.ANALYSIS_TIMED_OUT: Template(
        "The analysis did not finish, although it was tried {tries} times. Upload the log again to retry.",
        {"tries": int},
    ),
    ErrorCode.UPLOAD_NOT_FINISHED: Template("The upload did not finish. Please upload the log again."),
    # the form of an upload
    ErrorCode.UPLOAD_TOO_LARGE: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The file is larger than {max_mb} MB.", max_mb=int
    ),
    ErrorCode.UPLOAD_TIMEOUT: _refusal_for_now(HTTPStatus.REQUEST_TIMEOUT, "The upload took too long."),
    ErrorCode.UPLOAD_INCOMPLETE: _refusal_for_now(HTTPStatus.BAD_REQUEST, "The upload was interrupted before its end."),
    ErrorCode.FORM_EXPECTED: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "Send the file as multipart/form-data, in the field `file`."
    ),
    ErrorCode.FORM_MALFORMED: _refusal_for_now(HTTPStatus.BAD_REQUEST, "The multipart form cannot be read."),
    ErrorCode.FORM_BOUNDARY_INVALID: _refusal_for_now(HTTPStatus.BAD_REQUEST, "The multipart boundary is not ASCII."),
    ErrorCode.FORM_FILE_MISSING: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "There is no file in the form: send one in the field `file`."
    ),
    ErrorCode.FORM_FIELD_UNKNOWN: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "The form may have the fields `file` and `car` only."
    ),
    ErrorCode.FORM_FILE_REPEATED: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "Send one file at a time; several logs can go in one zip."
    ),
    ErrorCode.FORM_FILE_EXPECTED: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "The field `file` must be a file with a name."
    ),
    ErrorCode.FILE_NAME_MISSING: _refusal(HTTPStatus.BAD_REQUEST, "The file has no name."),
    ErrorCode.FILE_NAME_TOO_LONG: _refusal(
        HTTPStatus.BAD_REQUEST, "The name of the file is too long. Please give it a shorter one."
    ),
    ErrorCode.FILE_TYPE_UNKNOWN: _refusal(HTTPStatus.BAD_REQUEST, "The file must be a .csv or a .zip."),
    ErrorCode.CSV_EXPECTED: _refusal(HTTPStatus.BAD_REQUEST, "The file must be a .csv."),
    # the content of an upload
    ErrorCode.UPLOAD_EMPTY: _refusal(HTTPStatus.BAD_REQUEST, "The file is empty."),
    ErrorCode.NOT_TEXT: _refusal(
        HTTPStatus.BAD_REQUEST, "The file is not a text file: expected the CSV the FAP app writes."
    ),
    ErrorCode.HEADER_EXPECTED: _refusal(
        HTTPStatus.BAD_REQUEST,
        "The file has no header line: expected the CSV the FAP app writes, with columns like Date and Time.",
    ),
    # zips
    ErrorCode.ZIP_INVALID: _refusal(HTTPStatus.BAD_REQUEST, "The file is not a zip, or is damaged."),
    ErrorCode.ZIP_TOO_LARGE: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The zip unpacks to more than is allowed: {max_entries:,} entries, {max_entry_mb} MB each, "
        "{max_total_mb} MB in total.",
        max_entries=int,
        max_entry_mb=int,
        max_total_mb=int,
    ),
    ErrorCode.ZIP_TABLE_TOO_LONG: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The zip has more than {max_entries:,} entries, or names that are too long.",
        max_entries=int,
    ),
    ErrorCode.ZIP_ENCRYPTED: _refusal(
        HTTPStatus.BAD_REQUEST, "The zip is encrypted: please create it without a password."
    ),
    ErrorCode.ZIP_METHOD_UNKNOWN: _refusal(
        HTTPStatus.BAD_REQUEST,
        "The zip uses an unusual compression method: please create it with the usual one (deflate).",
    ),
    ErrorCode.ZIP_RATIO_TOO_HIGH: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The zip is compressed more than any log can be."
    ),
    ErrorCode.ZIP_WITHOUT_CSV: _refusal(HTTPStatus.BAD_REQUEST, "There is no .csv file in the zip."),
    ErrorCode.ZIP_WITHOUT_LOGS: _refusal(
        HTTPStatus.BAD_REQUEST, "No log in the zip: {file_name}: {reason}", file_name=str, reason=Cause
    ),
    ErrorCode.ZIP_ENTRY_DAMAGED: _refusal(HTTPStatus.BAD_REQUEST, "The file is damaged in the zip."),
    ErrorCode.ZIP_ENTRY_NOT_CSV: _refusal(HTTPStatus.BAD_REQUEST, "This is not a .csv file."),
    ErrorCode.ZIP_PARTLY_STORED: _refusal_for_now(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "{reason} {stored} logs of the zip were stored.", reason=Cause, stored=int
    ),
    # trials without an account
    ErrorCode.TRIAL_NOT_OFFERED: _refusal(
        HTTPStatus.NOT_FOUND, "This server does not analyse logs without an account."
    ),
    ErrorCode.TRIAL_RUNNING: _refusal_for_now(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Another log from your network is being analysed. Please try again in {retry_after_sec} seconds.",
        retry_after_sec=int,
    ),
    # quotas
    ErrorCode.QUOTA_EXCEEDED: _refusal_for_now(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "You keep {kept:,} logs and may keep {quota:,}: delete some that you no longer need.",
        kept=int,
        quota=int,
    ),
    ErrorCode.DELETED_QUOTA_EXCEEDED: _refusal_for_now(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "You have deleted {deleted:,} logs that can still be restored: try again in an hour.",
        deleted=int,
    ),
    ErrorCode.RESTORE_QUOTA_EXCEEDED: _refusal_for_now(
        HTTPStatus.CONFLICT,
        "You keep {kept:,} logs and may keep {quota:,}: delete some that you no longer need.",
        kept=int,
        quota=int,
    ),
    # analyses, links, averages
    ErrorCode.ANALYSIS_NOT_FOUND: _refusal(HTTPStatus.NOT_FOUND, "There is no analysis with this id."),
    ErrorCode.FILE_NOT_STORED: _refusal(HTTPStatus.NOT_FOUND, "The file of this analysis is not stored."),
    ErrorCode.FILE_CHANGED: _refusal(
        HTTPStatus.PRECONDITION_FAILED, "The file has changed: it no longer matches the condition of the request."
    ),
    ErrorCode.RANGE_NOT_SATISFIABLE: _refusal(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The requested range is not in the file."
    ),
    ErrorCode.SERIES_NOT_FOUND: _refusal(
        HTTPStatus.NOT_FOUND, "There is no series: the log is not analysed yet, or could not be."
    ),
    ErrorCode.LINK_NOT_FOUND: _refusal(
        HTTPStatus.NOT_FOUND, "There is no open link to an analysis or a car with this id."
    ),
    ErrorCode.LINK_NOT_VALID: _refusal(
        HTTPStatus.NOT_FOUND,
        "This link does not work: it has expired, was ended, or is incomplete. Ask the sender for a new one.",
    ),
    ErrorCode.AVERAGE_NOT_FOUND: _refusal(
        HTTPStatus.NOT_FOUND, "There is no average: no log of this period has been analysed yet."
    ),
    # comparisons
    ErrorCode.COMPARISON_NOT_OFFERED: _refusal(
        HTTPStatus.NOT_FOUND, "This server does not compare logs: it has no address of the function average."
    ),
    ErrorCode.COMPARISON_SAME_LOG: _refusal(HTTPStatus.BAD_REQUEST, "A log cannot be compared with itself."),
    ErrorCode.COMPARISON_LOG_WITHOUT_RESULT: _refusal_for_now(
        HTTPStatus.CONFLICT, "One of these logs has no result: it is still being analysed, or could not be."
    ),
    ErrorCode.COMPARISON_NOTE_NOT_DONE: _refusal_for_now(
        HTTPStatus.CONFLICT, "The work of this note is not done yet, so there is nothing to compare."
    ),
    # cars and their notes
    ErrorCode.CAR_NOT_FOUND: _refusal(
        HTTPStatus.NOT_FOUND, "There is no car with this id. It may have been deleted or merged with another car."
    ),
    ErrorCode.CAR_LIMIT_REACHED: _refusal_for_now(
        HTTPStatus.CONFLICT, "You may have {max_cars} cars at most: merge or delete some first.", max_cars=int
    ),
    ErrorCode.CAR_IS_LAST: _refusal_for_now(
        HTTPStatus.CONFLICT, "This is your only car, so it cannot be deleted. You can delete its logs."
    ),
    ErrorCode.CAR_MERGED_WITH_ITSELF: _refusal(HTTPStatus.BAD_REQUEST, "A car cannot be merged with itself."),
    ErrorCode.CAR_WITHOUT_QUESTION: _refusal(
        HTTPStatus.CONFLICT, "There is no open question about this car. It may have been answered already."
    ),
    ErrorCode.NOTE_NOT_FOUND: _refusal(HTTPStatus.NOT_FOUND, "There is no note with this id."),
    ErrorCode.NOTE_LIMIT_REACHED: _refusal_for_now(
        HTTPStatus.CONFLICT, "A car may have {max_notes} notes at most: delete some first.", max_notes=int
    ),
    ErrorCode.NOTE_NOT_PLACED: _refusal(HTTPStatus.BAD_REQUEST, "A note needs a date or a number of kilometres."),
    ErrorCode.NOTE_DATE_OUT_OF_RANGE: _refusal(
        HTTPStatus.BAD_REQUEST, "The date of a note must be between {first} and {last}.", first=str, last=str
    ),
    ErrorCode.NOTE_KM_OUT_OF_RANGE: _refusal(
        HTTPStatus.BAD_REQUEST, "The kilometres of a note must be between 0 and {max_km}.", max_km=int
    ),
    # failed averages
    ErrorCode.AVERAGE_TIMED_OUT: Template(
        "The average was not finished, although it was tried {tries} times.", {"tries": int}
    ),
    ErrorCode.AVERAGE_EMPTY: Template("The average is empty."),
    ErrorCode.AVERAGE_WITHOUT_LIST: _bad_data("The request does not name any analyses."),
    ErrorCode.AVERAGE_LIST_MISSING: _bad_data("The list of analyses is no longer there."),
    ErrorCode.AVERAGE_LIST_MALFORMED: _bad_data("The list of analyses cannot be read."),
    ErrorCode.AVERAGE_LIST_EXPECTED: _bad_data("The list of analyses is not a list."),
    ErrorCode.AVERAGE_LIST_UNUSABLE: _bad_data("None of the analyses can be read."),
    # accounts and sessions
    ErrorCode.EMAIL_INVALID: _refusal(HTTPStatus.BAD_REQUEST, "This is not an e-mail address: {reason}", reason=str),
    ErrorCode.EMAIL_TOO_LONG: _refusal(
        HTTPStatus.BAD_REQUEST, "An e-mail address has at most {max_chars} characters.", max_chars=int
    ),
    ErrorCode.EMAIL_TAKEN: _refusal(HTTPStatus.CONFLICT, "There is already an account with this e-mail address."),
    ErrorCode.PASSWORD_LENGTH: _refusal(
        HTTPStatus.BAD_REQUEST,
        "A password must have {min_chars} to {max_chars} characters.",
        min_chars=int,
        max_chars=int,
    ),
    ErrorCode.PASSWORD_REPETITIVE: _refusal(HTTPStatus.BAD_REQUEST, "This password has too few different characters."),
    ErrorCode.PASSWORD_IS_EMAIL: _refusal(HTTPStatus.BAD_REQUEST, "The password must not be your e-mail address."),
    ErrorCode.PASSWORD_COMMON: _refusal(
        HTTPStatus.BAD_REQUEST, "This password is one of the most common ones. Please choose another."
    ),
    ErrorCode.PASSWORD_REQUIRED: _refusal(HTTPStatus.FORBIDDEN, "Please repeat your password to delete the account."),
    ErrorCode.PASSWORD_WRONG: _refusal(HTTPStatus.FORBIDDEN, "The password is wrong."),
    ErrorCode.CREDENTIALS_WRONG: _refusal(HTTPStatus.UNAUTHORIZED, "E-mail address or password is wrong."),
    ErrorCode.REGISTRATION_CLOSED: _refusal(
        HTTPStatus.FORBIDDEN, "Registration is closed on this instance: only an invite lets you create an account."
    ),
    ErrorCode.INVITE_REQUIRED: _refusal(
        HTTPStatus.FORBIDDEN, "You need an invite to create an account on this instance. Ask its operator for one."
    ),
    ErrorCode.INVITE_INVALID: _refusal(
        HTTPStatus.FORBIDDEN,
        "This invite does not work: it was used, has expired, or is incomplete. Ask the sender for a new one.",
    ),
    ErrorCode.RESET_LINK_INVALID: _refusal(
        HTTPStatus.NOT_FOUND,
        "This link does not work: it was used, has expired, or is incomplete. Ask for a new one.",
    ),
    ErrorCode.RESET_NOT_BY_MAIL: _refusal(
        HTTPStatus.CONFLICT,
        "This instance sends no e-mail: ask its operator for a link to set a new password.",
    ),
    ErrorCode.SESSION_NOT_FOUND: _refusal(HTTPStatus.NOT_FOUND, "There is no active session with this id."),
    ErrorCode.RATE_LIMITED: _refusal_for_now(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many attempts. Please wait {retry_after_sec} seconds and try again.",
        retry_after_sec=int,
    ),
    ErrorCode.LOGIN_REQUIRED: _refusal(HTTPStatus.UNAUTHORIZED, "Please log in first."),
    ErrorCode.ACCESS_TOKEN_INVALID: _refusal(
        HTTPStatus.UNAUTHORIZED, "The access token is not valid or has expired. Please log in again."
    ),
    ErrorCode.SESSION_ENDED: _refusal(HTTPStatus.UNAUTHORIZED, "This session has ended. Please log in again."),
    ErrorCode.ACCOUNT_DELETED: _refusal(HTTPStatus.UNAUTHORIZED, "This account has been deleted."),
    ErrorCode.REFRESH_TOKEN_MISSING: _refusal(
        HTTPStatus.UNAUTHORIZED,
        "There is no refresh token in this request: send it in the body as `refresh_token`, or in its cookie.",
    ),
    ErrorCode.REFRESH_TOKEN_REUSED: _refusal(
        HTTPStatus.UNAUTHORIZED,
        "This refresh token was used before, so its session has been ended. Please log in again.",
    ),
    ErrorCode.REFRESH_TOKEN_INVALID: _refusal(
        HTTPStatus.UNAUTHORIZED, "This refresh token is unknown, or its session has ended. Please log in again."
    ),
    ErrorCode.CSRF_TOKEN_INVALID: _refusal(
        HTTPStatus.FORBIDDEN,
        "The {header} header does not belong to this session. Reload the page and try again.",
        header=str,
    ),
    ErrorCode.ORIGIN_NOT_ALLOWED: _refusal(HTTPStatus.FORBIDDEN, "This request must come from the site itself."),
    # API tokens
    ErrorCode.API_TOKEN_INVALID: _refusal(
        HTTPStatus.UNAUTHORIZED, "This API token does not exist, has expired or was revoked."
    ),
    ErrorCode.API_TOKEN_NOT_ALLOWED: _refusal(
        HTTPStatus.FORBIDDEN, "API tokens cannot be used for this. Log in instead."
    ),
    ErrorCode.API_TOKEN_SCOPE_MISSING: _refusal(
        HTTPStatus.FORBIDDEN, "This API token does not have the scope {scope}.", scope=str
    ),
    ErrorCode.API_TOKEN_RATE_LIMITED: _refusal_for_now(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This API token sends too many requests. Please wait {retry_after_sec} seconds and try again.",
        retry_after_sec=int,
    ),
    ErrorCode.API_TOKEN_NOT_FOUND: _refusal(HTTPStatus.NOT_FOUND, "There is no API token with this id."),
    ErrorCode.API_TOKENS_EXCEEDED: _refusal_for_now(
        HTTPStatus.CONFLICT,
        "You have {max_tokens} API tokens, which is the maximum. Revoke some that you no longer need.",
        max_tokens=int,
    ),
    # notifications
    ErrorCode.CHANNEL_NOT_OFFERED: _refusal(
        HTTPStatus.CONFLICT, "The operator of this instance does not offer notifications by {channel}.", channel=str
    ),
    ErrorCode.CHANNEL_OFF: _refusal(HTTPStatus.NOT_FOUND, "Notifications by {channel} are off.", channel=str),
    ErrorCode.EMAIL_CODE_WRONG: _refusal(
        HTTPStatus.FORBIDDEN, "The code is wrong or has expired. After five wrong codes ask for a new one."
    ),
    ErrorCode.RECEIVER_URL_INVALID: _refusal(
        HTTPStatus.BAD_REQUEST,
        "This is not an address that messages can be sent to: it must begin with https:// or http:// and name a host, "
        "without a user name, a # or spaces.",
    ),
    ErrorCode.NTFY_URL_INVALID: _refusal(
        HTTPStatus.BAD_REQUEST, "The address must end with a topic of ntfy, such as https://ntfy.sh/my-topic."
    ),
    ErrorCode.RECEIVER_NOT_ALLOWED: _refusal(
        HTTPStatus.BAD_REQUEST,
        "Messages may not be sent to this address: it is in a private network, uses an unusual port, or belongs to "
        "this service.",
    ),
    ErrorCode.RECEIVER_HOST_UNKNOWN: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The host of this address cannot be found."
    ),
    ErrorCode.RECEIVER_UNREACHABLE: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver cannot be reached."
    ),
    ErrorCode.RECEIVER_TLS_FAILED: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver has no valid certificate for this address."
    ),
    ErrorCode.RECEIVER_TIMED_OUT: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver did not answer in time."
    ),
    ErrorCode.RECEIVER_ANSWER_INVALID: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver's response is too large or not valid HTTP."
    ),
    ErrorCode.RECEIVER_REDIRECTS: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver redirects to another address, which is not followed."
    ),
    ErrorCode.RECEIVER_REFUSED: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The receiver refused the message with status {http_status}.", http_status=int
    ),
    ErrorCode.MAIL_REFUSED: _refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The mail server refuses messages to this address."
    ),
    ErrorCode.MAIL_UNAVAILABLE: _refusal_for_now(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The mail server is not available at the moment. Please try again later."
    ),
    # any request
    ErrorCode.INVALID_INPUT: _refusal(HTTPStatus.BAD_REQUEST, "{field}: {reason}.", field=str, reason=str),
    ErrorCode.PARAMETER_REPEATED: _refusal(HTTPStatus.BAD_REQUEST, "{field} is given more than once.", field=str),
    ErrorCode.JSON_EXPECTED: _refusal(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON and say so: Content-Type: application/json."
    ),
    ErrorCode.BODY_TOO_LARGE: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is longer than {max_bytes} bytes.", max_bytes=int
    ),
    ErrorCode.REQUEST_TIMEOUT: _refusal_for_now(HTTPStatus.REQUEST_TIMEOUT, "The request took too long."),
    ErrorCode.REQUEST_INCOMPLETE: _refusal_for_now(
        HTTPStatus.BAD_REQUEST, "The request was interrupted before its end."
    ),
    ErrorCode.REQUEST_MALFORMED: _refusal(HTTPStatus.BAD_REQUEST, "The request could not be read."),
    ErrorCode.REQUEST_TOO_LARGE: _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large."),
    ErrorCode.REQUEST_REFUSED: _refusal(HTTPStatus.BAD_REQUEST, "{reason}", reason=str),
    ErrorCode.NOT_FOUND: _refusal(HTTPStatus.NOT_FOUND, "There is nothing here."),
    ErrorCode.METHOD_NOT_ALLOWED: _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "This address does not support this method."),
    ErrorCode.ADDRESS_INVALID: _refusal(
        HTTPStatus.BAD_REQUEST, "The address contains an encoded character that is not allowed here."
    ),
    ErrorCode.EDGE_REQUEST_TOO_LARGE: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The request is too large: a file may have at most {max_mb} MB.",
        max_mb=int,
    ),
    ErrorCode.INTERNAL_ERROR: _refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side. It has been noted."
    ),
    ErrorCode.UNAVAILABLE: _refusal_for_now(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "A part of the service is not available at the moment. Please try again shortly.",
    ),
    ErrorCode.BUSY: _refusal_for_now(
        HTTPStatus.SERVICE_UNAVAILABLE, "The service is busy at the moment. Please try again in a few seconds."
    ),
    ErrorCode.DATABASE_UNAVAILABLE: _refusal_for_now(HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer."),
    # messages of the connector, and logs sent to the function analyse
    ErrorCode.SENDER_NOT_ALLOWED: _refusal(HTTPStatus.UNAUTHORIZED, "Messages must carry the connector secret."),
    ErrorCode.MESSAGE_INVALID: _refusal(
        HTTPStatus.BAD_REQUEST, "This function does not accept the message: {field}: {reason}.", field=str, reason=str
    ),
    ErrorCode.TOPIC_UNKNOWN: _refusal(
        HTTPStatus.BAD_REQUEST, "This function accepts analysis.result and average.result."
    ),
    ErrorCode.RESULT_NOT_STORABLE: _refusal(HTTPStatus.BAD_REQUEST, "The result has a value that cannot be stored."),
    ErrorCode.RESULT_WITHOUT_ANALYSIS: _refusal(HTTPStatus.BAD_REQUEST, "A successful result must have an analysis."),
    ErrorCode.REFERENCE_OF_OTHER_ANALYSIS: _refusal(
        HTTPStatus.BAD_REQUEST, "The reference belongs to another analysis."
    ),
    ErrorCode.REFERENCE_OF_OTHER_AVERAGE: _refusal(HTTPStatus.BAD_REQUEST, "The reference belongs to another average."),
    ErrorCode.REFERENCE_NOT_JSON: _refusal(HTTPStatus.BAD_REQUEST, "The referenced object is not JSON."),
    ErrorCode.REFERENCE_NOT_OBJECT: _refusal(HTTPStatus.BAD_REQUEST, "The referenced object is not a JSON object."),
    ErrorCode.LOG_BODY_TOO_LARGE: _refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A log may have at most {max_mb} MB.", max_mb=int
    ),
}


def reason(code: ErrorCode, params: Mapping[str, AnyParam] | None = None) -> str:
    """Return the sentence of a code without its lead.

    Raises:
        ValueError: The parameters are not those of the code's template.
    """
    given, template = params or {}, TEMPLATES[code]
    wrong = [name for name, kind in template.params.items() if type(given.get(name)) is not kind]
    if wrong or given.keys() - template.params.keys():
        raise ValueError(f"{code} takes {dict(template.params)}, not {dict(given)}")
    return template.text.format_map(given)


def message(code: ErrorCode, params: Mapping[str, AnyParam] | None = None) -> str:
    """Return the whole English message of a code, as clients see it beside `code` and `params`.

    Raises:
        ValueError: The parameters are not those of the code's template.
    """
    return TEMPLATES[code].lead + reason(code, params)


def cause(code: ErrorCode, **params: Param) -> Cause:
    """Return an error as a part of something else. Raises `ValueError` where these are not the code's parameters."""
    return Cause(message=message(code, params), code=code, params=params)


class CodedError(Exception):
    """An error with a code. `str(error)` is its message."""

    def __init__(self, code: ErrorCode, **params: Param) -> None:
        """Make the message from the code's template. Raises `ValueError` where these are not its parameters."""
        super().__init__(message(code, params))
        self.code = code
        self.params = params
