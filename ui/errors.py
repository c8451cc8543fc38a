"""What went wrong, in the reader's language: the text of every error code.

A text says what to do, and may leave out parameters of its code. Codes of a later release have no text here; of those
the English message is shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _

from faplog.contracts.errors import TEMPLATES, ErrorCode

_OF_FILES: Final[Mapping[str, Any]] = {
    # errors of the analysis of a file
    ErrorCode.FILE_MISSING: _("The file is no longer there. Please upload it again."),
    **dict.fromkeys(
        (
            ErrorCode.EMPTY_FILE,
            ErrorCode.UPLOAD_EMPTY,
        ),
        _("The file is empty. Please copy it from the phone again."),
    ),
    **dict.fromkeys(
        (
            ErrorCode.LOG_TOO_LARGE,
            ErrorCode.UPLOAD_TOO_LARGE,
            ErrorCode.LOG_BODY_TOO_LARGE,
            ErrorCode.EDGE_REQUEST_TOO_LARGE,
        ),
        _("The file is larger than {max_mb} MB. Please split it, or choose another."),
    ),
    ErrorCode.TOO_MANY_LINES: _(
        "With more than {max_lines} lines this is not the log of one day. Please upload one file per day."
    ),
    ErrorCode.TOO_MANY_ROWS: _("With {rows} rows this is not the log of one day. Please upload one file per day."),
    ErrorCode.LINE_TOO_LONG: _("It has a line longer than {max_kb} kB. Please upload the file as the app wrote it."),
    ErrorCode.TOO_MANY_COLUMNS: _("It has more than {max_columns} columns. No log of the FAP app has so many."),
    ErrorCode.TOO_MANY_COLUMN_CHANGES: _(
        "Its columns change more than {max_changes} times. Please upload the file as the app wrote it."
    ),
    ErrorCode.OTHER_APP: _("This looks like a log of {app}. faplog reads the CSV files of the Android app FAP."),
    ErrorCode.NO_HEADER: _("It has no header line with the columns “Date” and “Time”."),
    ErrorCode.COLUMN_MISSING: _("The column “{column}” is missing."),
    ErrorCode.DATE_AND_TIME_MISSING: _("The columns “Date” and “Time” are missing."),
    ErrorCode.NO_KNOWN_COLUMN: _("Besides “Date” and “Time” it has no column of a FAP log."),
    ErrorCode.NO_ROWS: _("There are no rows under the header."),
    ErrorCode.NO_VALID_TIME: _(
        "No row has a valid date and time. A spreadsheet may have changed them: upload it as the app wrote it."
    ),
    ErrorCode.HOURS_MISSING: _(
        "Its times have no hours (“{example}”): a spreadsheet removed them. Please upload the file as the app wrote it."
    ),
    ErrorCode.SECONDS_MISSING: _(
        "Its times have no seconds (“{example}”), and they cannot be restored. Please upload the file as the "
        "app wrote it."
    ),
    ErrorCode.TOO_DAMAGED: _("{damaged} of its {rows} rows are damaged. Please copy the file from the phone again."),
    ErrorCode.TWO_CARS: _(
        "It mixes the logs of two cars: “FAP life” is {low_km} km in some rows and {high_km} km in others. "
        "Please upload each car’s log as a file of its own."
    ),
    ErrorCode.CLOCK_UNUSABLE: _(
        "Its clock jumps {jumps} times, so the order of the rows cannot be known. Please check the date and "
        "time of the phone."
    ),
    # time-outs of the API
    ErrorCode.ANALYSIS_TIMED_OUT: _(
        "The analysis did not finish, although it was tried {tries} times. Upload the log again to try once more."
    ),
    ErrorCode.UPLOAD_NOT_FINISHED: _("The upload did not finish. Please upload the log again."),
    # uploads
    ErrorCode.UPLOAD_TIMEOUT: _("The upload took too long. Please try again on a better connection."),
    ErrorCode.UPLOAD_INCOMPLETE: _("The upload was interrupted. Please try again."),
    **dict.fromkeys(
        (
            ErrorCode.FORM_EXPECTED,
            ErrorCode.FORM_MALFORMED,
            ErrorCode.FORM_BOUNDARY_INVALID,
            ErrorCode.FORM_FILE_MISSING,
            ErrorCode.FORM_FIELD_UNKNOWN,
            ErrorCode.FORM_FILE_REPEATED,
            ErrorCode.FORM_FILE_EXPECTED,
        ),
        _("The file did not arrive as it was sent. Please try again."),
    ),
    ErrorCode.FILE_NAME_MISSING: _("The file has no name. Please give it one."),
    ErrorCode.FILE_NAME_TOO_LONG: _("The name of the file is too long. Please give it a shorter one."),
    ErrorCode.FILE_TYPE_UNKNOWN: _("Only .csv and .zip files can be read."),
    **dict.fromkeys(
        (
            ErrorCode.CSV_EXPECTED,
            ErrorCode.ZIP_ENTRY_NOT_CSV,
        ),
        _("Only .csv files can be read here."),
    ),
    ErrorCode.NOT_TEXT: _("This is not a text file. Please choose a CSV file written by the FAP app."),
    ErrorCode.HEADER_EXPECTED: _(
        "The file has no header line. Please choose a CSV file written by the FAP app, with columns like Date and Time."
    ),
    # zips
    ErrorCode.ZIP_INVALID: _("The file is not a zip, or it is damaged. Please create it again."),
    ErrorCode.ZIP_TOO_LARGE: _(
        "The zip holds more than is allowed: {max_entries} files, {max_entry_mb} MB each, {max_total_mb} MB "
        "in all. Please split it into several."
    ),
    ErrorCode.ZIP_TABLE_TOO_LONG: _(
        "The zip holds more than {max_entries} files, or their names are too long. Please split it into several."
    ),
    ErrorCode.ZIP_ENCRYPTED: _("The zip is encrypted. Please create it without a password."),
    ErrorCode.ZIP_METHOD_UNKNOWN: _(
        "The zip uses an unusual compression method. Please create it with the usual one (deflate)."
    ),
    ErrorCode.ZIP_RATIO_TOO_HIGH: _("The zip is compressed more than any log can be. Please choose another file."),
    ErrorCode.ZIP_WITHOUT_CSV: _("There is no .csv file in the zip. Please put the files of the FAP app into it."),
    ErrorCode.ZIP_WITHOUT_LOGS: _("There is no log in the zip. {file_name}: {reason}"),
    ErrorCode.ZIP_ENTRY_DAMAGED: _("The file is damaged in the zip. Please create the zip again."),
    ErrorCode.ZIP_PARTLY_STORED: _("{reason} {stored} logs of the zip were stored."),
    # trials without an account
    ErrorCode.TRIAL_NOT_OFFERED: _("This server does not analyse logs without an account."),
    ErrorCode.TRIAL_RUNNING: _(
        "Another log from your network is being analysed. Please try again in {retry_after_sec} s."
    ),
    # quotas
    ErrorCode.QUOTA_EXCEEDED: _("You have {kept} logs and may keep {quota}. Delete some that you no longer need."),
    ErrorCode.DELETED_QUOTA_EXCEEDED: _(
        "You have deleted {deleted} logs that can still be restored. Please try again in an hour."
    ),
}
"""What is wrong with a file, or with the upload of one: the upload page alone carries these for its script."""

_OF_REQUESTS: Final[Mapping[str, Any]] = {
    ErrorCode.RESTORE_QUOTA_EXCEEDED: _("There is no room to restore this log. Delete others that you no longer need."),
    # analyses, links, averages
    ErrorCode.ANALYSIS_NOT_FOUND: _("This log does not exist, or it has been deleted."),
    ErrorCode.FILE_NOT_STORED: _("The file of this log is not stored. Please upload it again."),
    **dict.fromkeys(
        (
            ErrorCode.FILE_CHANGED,
            ErrorCode.RANGE_NOT_SATISFIABLE,
        ),
        _("The file has changed. Please download it again."),
    ),
    ErrorCode.SERIES_NOT_FOUND: _("There is nothing to plot: the log has not been analysed yet, or could not be."),
    ErrorCode.LINK_NOT_FOUND: _("There is no open link to this report."),
    ErrorCode.LINK_NOT_VALID: _(
        "This link does not work: it has expired, was ended, or is incomplete. Ask for a new one."
    ),
    ErrorCode.AVERAGE_NOT_FOUND: _("There is no average yet: no log of this period has been analysed."),
    # cars and their notes
    ErrorCode.CAR_NOT_FOUND: _("This car no longer exists: it was deleted or merged. Please choose another one."),
    ErrorCode.CAR_LIMIT_REACHED: _("You may have {max_cars} cars at most. Please merge or delete some first."),
    ErrorCode.CAR_IS_LAST: _("Your only car cannot be deleted. You can delete its logs in the history."),
    ErrorCode.CAR_MERGED_WITH_ITSELF: _("A car cannot be merged with itself. Please choose another one."),
    ErrorCode.CAR_WITHOUT_QUESTION: _("This question has been answered already. Please reload the page."),
    ErrorCode.NOTE_NOT_FOUND: _("This note no longer exists. Please reload the page."),
    ErrorCode.NOTE_LIMIT_REACHED: _("A car may have {max_notes} notes at most. Please delete some first."),
    ErrorCode.COMPARISON_NOT_OFFERED: _("This server cannot say what changed most."),
    ErrorCode.COMPARISON_SAME_LOG: _("Please choose two different logs."),
    ErrorCode.COMPARISON_LOG_WITHOUT_RESULT: _("One of these logs has no result yet."),
    ErrorCode.COMPARISON_NOTE_NOT_DONE: _(
        "The work of this note is not done yet. Mark it as done, then you can compare the logs before and after it."
    ),
    ErrorCode.NOTE_NOT_PLACED: _("A note needs a date or a number of kilometres."),
    ErrorCode.NOTE_DATE_OUT_OF_RANGE: _("The date of a note must be between {first} and {last}."),
    ErrorCode.NOTE_KM_OUT_OF_RANGE: _("The kilometres of a note must be between 0 and {max_km}."),
    ErrorCode.AVERAGE_TIMED_OUT: _(
        "The average could not be calculated, although it was tried {tries} times. It is calculated again "
        "after your next upload."
    ),
    **dict.fromkeys(
        (
            ErrorCode.AVERAGE_EMPTY,
            ErrorCode.AVERAGE_WITHOUT_LIST,
            ErrorCode.AVERAGE_LIST_MISSING,
            ErrorCode.AVERAGE_LIST_MALFORMED,
            ErrorCode.AVERAGE_LIST_EXPECTED,
            ErrorCode.AVERAGE_LIST_UNUSABLE,
        ),
        _("The average could not be calculated. It is tried again automatically."),
    ),
    # accounts and sessions
    ErrorCode.EMAIL_INVALID: _("This does not look like an e-mail address."),
    ErrorCode.EMAIL_TOO_LONG: _("An e-mail address has at most {max_chars} characters."),
    ErrorCode.EMAIL_TAKEN: _("There is already an account with this e-mail address."),
    ErrorCode.PASSWORD_LENGTH: _("The password needs {min_chars} to {max_chars} characters."),
    ErrorCode.PASSWORD_REPETITIVE: _("This password has too few different characters. Please choose another."),
    ErrorCode.PASSWORD_IS_EMAIL: _("The password must not be your e-mail address. Please choose another."),
    ErrorCode.PASSWORD_COMMON: _(
        "This password is one of the most common ones and easy to guess. Please choose another."
    ),
    ErrorCode.PASSWORD_REQUIRED: _("Please enter your password."),
    ErrorCode.PASSWORD_WRONG: _("The password is wrong."),
    ErrorCode.CREDENTIALS_WRONG: _("E-mail or password is wrong."),
    ErrorCode.REGISTRATION_CLOSED: _("Registration is closed here. Only an invite lets you create an account."),
    ErrorCode.INVITE_REQUIRED: _("You need an invite to create an account here. Ask the operator for one."),
    ErrorCode.INVITE_INVALID: _(
        "This invite does not work: it was used, has expired, or is incomplete. Ask for a new one."
    ),
    ErrorCode.RESET_LINK_INVALID: _(
        "This link does not work: it was used, has expired, or is incomplete. Ask for a new one."
    ),
    ErrorCode.RESET_NOT_BY_MAIL: _(
        "This server does not send e-mail. Ask the operator for a link to set a new password."
    ),
    ErrorCode.SESSION_NOT_FOUND: _("This session has already ended."),
    ErrorCode.RATE_LIMITED: _("Too many attempts. Please try again in {retry_after_sec} s."),
    **dict.fromkeys(
        (
            ErrorCode.LOGIN_REQUIRED,
            ErrorCode.ACCESS_TOKEN_INVALID,
            ErrorCode.SESSION_ENDED,
            ErrorCode.REFRESH_TOKEN_MISSING,
            ErrorCode.REFRESH_TOKEN_REUSED,
            ErrorCode.REFRESH_TOKEN_INVALID,
        ),
        _("Your session has ended. Please log in again."),
    ),
    ErrorCode.ACCOUNT_DELETED: _("This account has been deleted."),
    **dict.fromkeys(
        (
            ErrorCode.CSRF_TOKEN_INVALID,
            ErrorCode.ORIGIN_NOT_ALLOWED,
            ErrorCode.PARAMETER_REPEATED,
            ErrorCode.JSON_EXPECTED,
            ErrorCode.REQUEST_MALFORMED,
            ErrorCode.METHOD_NOT_ALLOWED,
            ErrorCode.ADDRESS_INVALID,
        ),
        _("This page is out of date. Reload it and try again."),
    ),
    # API tokens
    **dict.fromkeys(
        (
            ErrorCode.API_TOKEN_INVALID,
            ErrorCode.API_TOKEN_NOT_ALLOWED,
            ErrorCode.API_TOKEN_SCOPE_MISSING,
        ),
        _("This API token cannot be used for that."),
    ),
    ErrorCode.API_TOKEN_RATE_LIMITED: _("Too many requests. Please try again in {retry_after_sec} s."),
    ErrorCode.API_TOKEN_NOT_FOUND: _("This API token has already been revoked."),
    ErrorCode.API_TOKENS_EXCEEDED: _(
        "You have {max_tokens} API tokens, which is the maximum. Revoke some that you no longer need."
    ),
    # notifications
    ErrorCode.CHANNEL_NOT_OFFERED: _("The operator of this instance does not offer this kind of notification."),
    ErrorCode.CHANNEL_OFF: _("These notifications are off. Switch them on first."),
    ErrorCode.EMAIL_CODE_WRONG: _("The code is wrong or has expired. After five wrong codes ask for a new one."),
    ErrorCode.RECEIVER_URL_INVALID: _(
        "The address must begin with https:// and name a host, without a user name, a # or spaces."
    ),
    ErrorCode.NTFY_URL_INVALID: _("The address must end with a topic of ntfy, such as https://ntfy.sh/my-topic."),
    ErrorCode.RECEIVER_NOT_ALLOWED: _(
        "Messages may not be sent to this address: it is in a private network, uses an unusual port, or belongs to "
        "this service."
    ),
    ErrorCode.RECEIVER_HOST_UNKNOWN: _("The host of this address cannot be found. Please check its spelling."),
    ErrorCode.RECEIVER_UNREACHABLE: _("The receiver cannot be reached."),
    ErrorCode.RECEIVER_TLS_FAILED: _("The receiver has no valid certificate for this address."),
    ErrorCode.RECEIVER_TIMED_OUT: _("The receiver did not answer in time."),
    ErrorCode.RECEIVER_ANSWER_INVALID: _("The receiver gave an answer that cannot be read."),
    ErrorCode.RECEIVER_REDIRECTS: _("The receiver redirects to another address. Please enter that one."),
    ErrorCode.RECEIVER_REFUSED: _("The receiver refused the message with status {http_status}."),
    ErrorCode.MAIL_REFUSED: _("The mail server refuses messages to your address."),
    ErrorCode.MAIL_UNAVAILABLE: _("The mail server is not available right now. Please try again later."),
    # any request
    ErrorCode.INVALID_INPUT: _("This was not accepted: {field}: {reason}. Please check what you entered."),
    ErrorCode.REQUEST_TIMEOUT: _("The request took too long. Please try again."),
    ErrorCode.REQUEST_INCOMPLETE: _("The request was interrupted. Please try again."),
    ErrorCode.REQUEST_REFUSED: _("The request was refused: {reason}"),
    **dict.fromkeys(
        (
            ErrorCode.BODY_TOO_LARGE,
            ErrorCode.REQUEST_TOO_LARGE,
        ),
        _("This is larger than the service accepts."),
    ),
    ErrorCode.NOT_FOUND: _("There is nothing at this address."),
    **dict.fromkeys(
        (
            ErrorCode.UNAVAILABLE,
            ErrorCode.DATABASE_UNAVAILABLE,
        ),
        _("The service is not available right now. Please try again in a moment."),
    ),
    ErrorCode.BUSY: _("The service is busy right now. Please try again in a few seconds."),
    **dict.fromkeys(
        (
            ErrorCode.INTERNAL_ERROR,
            ErrorCode.SENDER_NOT_ALLOWED,
            ErrorCode.MESSAGE_INVALID,
            ErrorCode.TOPIC_UNKNOWN,
            ErrorCode.RESULT_NOT_STORABLE,
            ErrorCode.RESULT_WITHOUT_ANALYSIS,
            ErrorCode.REFERENCE_OF_OTHER_ANALYSIS,
            ErrorCode.REFERENCE_OF_OTHER_AVERAGE,
            ErrorCode.REFERENCE_NOT_JSON,
            ErrorCode.REFERENCE_NOT_OBJECT,
        ),
        _("Something went wrong on our side. Please try again later."),
    ),
}

TEXTS: Final[Mapping[str, Any]] = {**_OF_FILES, **_OF_REQUESTS}
"""The text of each code."""


def text(error: Mapping[str, Any]) -> str:
    """Return the text of an error (`message`, `code`, `params`), or its message where the code has no text here."""
    params = error.get("params") or {}
    try:
        return str(TEXTS[error["code"]]).format_map({name: _parameter_text(value) for name, value in params.items()})
    except KeyError:  # no code, an unknown one, or a parameter that is missing
        return str(error.get("message") or "")


def _parameter_text(value: object) -> str:
    """Return a parameter as the reader writes it: a number, another error, or a name."""
    if isinstance(value, Mapping):
        return text(value)
    return str(format_decimal(value)) if isinstance(value, int) else str(value)


def texts_for_scripts(*, of_files: bool) -> dict[str, str]:
    """Return the text of each code for the scripts of a page; with `of_files` of a page that sends files."""
    return {str(code): str(said) for code, said in (TEXTS if of_files else _OF_REQUESTS).items()}


def may_help_to_repeat() -> list[str]:
    """Return the codes whose cause is not the file: sent again, the same file may be accepted."""
    return [str(code) for code, template in TEMPLATES.items() if template.may_help_to_repeat]
