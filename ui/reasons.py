"""Why a file was refused or could not be analysed, in the reader's language.

API and analysis say it in one English sentence each; this knows them all. A new one is shown as it is.
"""

import re
from typing import Any, Final

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _

LEAD: Final = r"(?:Failed to (?:read csv file|process data): )?"

_QUOTA: Final = r"You keep ([\d,]+) logs and may keep ([\d,]+): delete some that you no longer need\."
_QUOTA_IN_ZIP: Final = _QUOTA + r" ([\d,]+) logs of the zip were stored\."
_QUOTA_OF_DELETED: Final = (
    r"You have deleted ([\d,]+) logs that can still be restored: try again in an hour\."
    r"(?: [\d,]+ logs of the zip were stored\.)?"
)
_BROKE_OFF: Final = r"The \w+ broke off before its end\."
_BAD_FORM: Final = (
    r"There is no file in the form: .+"
    r"|The multipart (?:form cannot be read|boundary is not ASCII)\."
    r"|Send (?:the file as multipart/form-data|one file at a time).+"
    r"|The form may have one field.+"
    r"|The field `file` must .+"
)

REASONS: Final[tuple[tuple[str, Any], ...]] = (
    # what the analysis says of a file
    (r"the column '(.+)' is missing", _("The column “{0}” is missing.")),
    (r"the columns 'Date' and 'Time' are missing", _("The columns “Date” and “Time” are missing.")),
    (
        r"it has no header line with the columns 'Date' and 'Time'",
        _("It has no header line with the columns “Date” and “Time”."),
    ),
    (
        r"besides 'Date' and 'Time' it has no column of a FAP log",
        _("Besides “Date” and “Time” it has no column of a FAP log."),
    ),
    (r"there are no rows under the header", _("There are no rows under the header.")),
    (
        r"no row has a valid date and time",
        _("No row has a valid date and time. A spreadsheet may have changed them: upload it as the app wrote it."),
    ),
    (
        r"it has (?:more than )?(\d+) (?:lines|rows), a log of one day cannot",
        _("With {0} rows it is no log of one day."),
    ),
    (r"it has more than (\d+) columns", _("It has more than {0} columns. No log of the FAP app has so many.")),
    (r"it has a line longer than (\d+) kB", _("It has a line longer than {0} kB.")),
    (r"its columns change more than (\d+) times", _("Its columns change more than {0} times.")),
    (r"the file is no longer there", _("The file is no longer there. Please upload it again.")),
    (
        r"(?:it|The file) is larger than (\d+) MB\.?",
        _("The file is larger than {0} MB. Please split it, or choose another."),
    ),
    (r"[Tt]he file is empty\.?", _("The file is empty. Please copy it from the phone again.")),
    # what the API says of an upload
    (r"The file must be a \.csv or a \.zip\.", _("Only .csv and .zip files can be read.")),
    (r"The file must be a \.csv\.", _("Only .csv files can be read here.")),
    (r"The file has no name\.", _("The file has no name. Please give it one.")),
    (
        r"The name of the file is too long\. Please give it a shorter one\.",
        _("The name of the file is too long. Please give it a shorter one."),
    ),
    (
        r"The file is not a text file: expected the CSV the FAP app writes\.",
        _("This is not a text file. Expected is the CSV the FAP app writes."),
    ),
    (
        r"The file has no header line: expected the CSV the FAP app writes, with columns like Date and Time\.",
        _("The file has no header line. Expected is the CSV the FAP app writes, with columns like Date and Time."),
    ),
    (_BROKE_OFF, _("The upload broke off before its end. Please try again.")),
    (r"The \w+ took too long\.", _("The upload took too long. Please try again on a better connection.")),
    (_BAD_FORM, _("The file did not arrive as it was sent. Please try again.")),
    (
        _QUOTA_IN_ZIP,
        _("You keep {0} logs and may keep {1}. {2} logs of the zip were stored; delete some others to make room."),
    ),
    (
        _QUOTA_OF_DELETED,
        _("You have deleted {0} logs that can still be restored. Please try again in an hour."),
    ),
    (_QUOTA, _("You keep {0} logs and may keep {1}. Delete some that you no longer need.")),
    (
        r"The [\w-]+ header does not belong to this session\..+|This request must come from the site itself\.",
        _("This page is out of date. Reload it and try again."),
    ),
    # what the API says of a zip
    (r"The file is not a zip, or is damaged\.", _("The file is not a zip, or it is damaged. Please make it anew.")),
    (
        r"The zip is encrypted: please make it without a password\.",
        _("The zip is encrypted. Please make it without a password."),
    ),
    (
        r"The zip is packed in an unusual way: please make it with the usual method \(deflate\)\.",
        _("The zip is packed in an unusual way. Please make it with the usual method (deflate)."),
    ),
    (
        r"The zip unpacks to more than is allowed: ([\d,]+) entries, (\d+) MB each, (\d+) MB in all\.",
        _("The zip holds more than is allowed: {0} files, {1} MB each, {2} MB in all. Please make several of it."),
    ),
    (
        r"The zip has more than ([\d,]+) entries, or names that are too long\.",
        _("The zip holds more than {0} files, or their names are too long. Please make several of it."),
    ),
    (
        r"The zip is packed far better than any log can be\.",
        _("The zip is packed far better than any log can be. Please choose another file."),
    ),
    (
        r"There is no \.csv file in the zip\.",
        _("There is no .csv file in the zip. Please put the files of the FAP app into it."),
    ),
    (r"The file is damaged in the zip\.", _("The file is damaged in the zip. Please make the zip anew.")),
    (r"No log in the zip: (.+?): (.+)", _("There is no log in the zip. {0}: {1}")),
    # what the API says when it gave up waiting
    (
        r"The analysis did not finish, although it was tried (\d+) times\. Upload the log again to retry\.",
        _("The analysis did not finish, although it was tried {0} times. Upload the log again to try once more."),
    ),
    (
        r"The upload did not finish\. Please upload the log again\.",
        _("The upload did not finish. Please upload the log again."),
    ),
)
"""What is said there (a regular expression, the same for Python and JavaScript), and how it is said here."""

NOT_THE_FILE: Final = frozenset({_BROKE_OFF, _BAD_FORM, _QUOTA, _QUOTA_IN_ZIP, _QUOTA_OF_DELETED})
"""Of these the file is innocent: it arrived badly, or there was no room. Sent again, the same file may be taken."""


def reason(message: str | None) -> str:
    """The sentence in the reader's language, or as it is where it is a new one."""
    for pattern, text in REASONS:
        if match := re.fullmatch(f"{LEAD}(?:{pattern})", message or ""):
            return str(text).format(*(_part(part) for part in match.groups()))
    return message or ""


def _part(part: str) -> str:
    """A part of a sentence: a number as the reader writes it, a sentence within the sentence, or a name."""
    return str(format_decimal(int(part.replace(",", "")))) if re.fullmatch(r"[\d,]*\d", part) else reason(part)


def for_scripts() -> list[tuple[str, str, bool]]:
    """The same table for the script of the upload page, and whether sending the file again may help."""
    return [(f"^{LEAD}(?:{pattern})$", str(text), pattern in NOT_THE_FILE) for pattern, text in REASONS]
