"""Why a file was refused or could not be analysed, in the reader's language.

The API says it in one English sentence; this knows the usual ones. Another one is shown as it is.
"""

import re
from typing import Any, Final

from flask_babel import lazy_gettext as _

LEAD: Final = r"(?:Failed to (?:read csv file|process data): )?"

REASONS: Final[tuple[tuple[str, Any], ...]] = (
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
    (r"no row has a valid date and time", _("No row has a valid date and time.")),
    (r"[Tt]he file is empty\.?", _("The file is empty.")),
    (
        r"The file is not a text file: expected the CSV the FAP app writes\.",
        _("This is not a text file. Expected is the CSV the FAP app writes."),
    ),
    (
        r"The file has no header line: expected the CSV the FAP app writes, with columns like Date and Time\.",
        _("The file has no header line. Expected is the CSV the FAP app writes, with columns like Date and Time."),
    ),
    (r"The file is not a zip, or is damaged\.", _("The file is not a zip, or it is damaged.")),
    (
        r"The zip is encrypted: please make it without a password\.",
        _("The zip is encrypted. Please make it without a password."),
    ),
    (r"There is no \.csv file in the zip\.", _("There is no .csv file in the zip.")),
    (r"The upload broke off before its end\.", _("The upload broke off before its end.")),
)
"""What the API says (a regular expression, the same for Python and JavaScript), and how it is said here."""


def reason(message: str | None) -> str:
    """The API's sentence in the reader's language, or as it is where it is not a usual one."""
    for pattern, text in REASONS:
        if match := re.fullmatch(LEAD + pattern, message or ""):
            return str(text).format(*match.groups())
    return message or ""


def for_scripts() -> list[list[str]]:
    """The same table for the scripts of the upload page."""
    return [[f"^{LEAD}{pattern}$", str(text)] for pattern, text in REASONS]
