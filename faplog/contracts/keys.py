"""The keys of the object store. All keys are built and checked here."""

import re
from typing import Final
from uuid import UUID

LOGS: Final = "logs/"
SERIES: Final = "series/"
RESULTS: Final = "results/"
AVERAGES: Final = "averages/"

TRANSIENT: Final = (RESULTS, AVERAGES)
"""Prefixes of objects that pass results between functions. They are removed after delivery, made again if lost, and not
backed up."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LASTING = re.compile(rf"{LOGS}{_UUID}\.csv|{SERIES}{_UUID}")
_REFERENCE = re.compile(rf"results/{_UUID}\.json|averages/{_UUID}/[0-9a-f]{{64}}(-result)?\.json")


def log_key(analysis_id: UUID) -> str:
    """Return the key of an analysis' uploaded CSV."""
    return f"{LOGS}{analysis_id}.csv"


def series_key(analysis_id: UUID) -> str:
    """Return the key of an analysis' plot series: gzip-compressed JSON."""
    return f"{SERIES}{analysis_id}"


def result_key(analysis_id: UUID) -> str:
    """Return the key of an analysis that is too large for a message; transient."""
    return f"{RESULTS}{analysis_id}.json"


def average_request_key(user_id: UUID, analysis_sha: str) -> str:
    """Return the key of a list of analyses that is too large for a message; transient."""
    return f"{AVERAGES}{user_id}/{analysis_sha}.json"


def average_result_key(user_id: UUID, analysis_sha: str) -> str:
    """Return the key of an average that is too large for a message; transient."""
    return f"{AVERAGES}{user_id}/{analysis_sha}-result.json"


def is_lasting(key: str) -> bool:
    """Return whether this is the key of a log or a series. These are in backups; nothing else is written to stay."""
    return _LASTING.fullmatch(key) is not None


def check_reference(reference: str) -> str:
    """Return the reference.

    Raises:
        ValueError: This system writes no such key.
    """
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("not a reference of this system")
    return reference
