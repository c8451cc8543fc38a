"""The content of a log event: the fields the caller passed as `extra`, and tracebacks without personal values."""

import logging
import re
from typing import Final

_STANDARD_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_QUOTING: Final = re.compile(r"\n(DETAIL|CONTEXT|QUERY|HINT|LINE \d+):.*(\n\s*\^)?")


def extra_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return the fields that were passed to the event as `extra`."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD_ATTRIBUTES}


def without_values(traceback: str) -> str:
    """Return the traceback without the lines in which PostgreSQL quotes values, such as the key of a duplicate."""
    return _QUOTING.sub("", traceback)
