"""Logging as one JSON object per line on stderr: events with fields, never payloads, e-mails, tokens or file names.

The address of a shared report contains a token, which is cut off wherever a library logs an address.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import orjson

from faplog import telemetry
from faplog.contracts.links import without_tokens
from faplog.log_fields import extra_fields, without_values

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON line: time, level, logger, event, `extra` fields and trace ids."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its newline."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= extra_fields(record) | telemetry.trace_fields()
        if record.exc_info:
            line["exception"] = without_values(self.formatException(record.exc_info))
        return without_tokens(orjson.dumps(line, default=str).decode())


def level_of(text: str) -> str:
    """Return the level of that name; an unknown name ends the process with an error message."""
    if (level := text.strip().upper()) not in LEVELS:
        sys.exit(f"Cannot start, setting 'FAPLOG_LOG_LEVEL': must be one of {', '.join(LEVELS)} (environment).")
    return level


def setup(level: str = "INFO") -> None:
    """Send all logging of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level_of(level), handlers=[handler], force=True)
