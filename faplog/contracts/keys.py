"""The keys of the bucket. Ids and references become object keys, so they are built and checked here alone."""

import re
from typing import Final
from uuid import UUID

LOGS: Final = "logs/"
SERIES: Final = "series/"
RESULTS: Final = "results/"
AVERAGES: Final = "averages/"

TRANSIENT: Final = (RESULTS, AVERAGES)
"""What is on its way from one function to another: removed when it has arrived, made again where it is lost, and not
part of a backup."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_REFERENCE = re.compile(rf"results/{_UUID}\.json|averages/{_UUID}/[0-9a-f]{{64}}(-result)?\.json")


def log_key(analysis_id: UUID) -> str:
    """Where the uploaded CSV of an analysis lies."""
    return f"{LOGS}{analysis_id}.csv"


def series_key(analysis_id: UUID) -> str:
    """Where the plot series of an analysis lies: gzip-compressed JSON."""
    return f"{SERIES}{analysis_id}"


def result_key(analysis_id: UUID) -> str:
    """Where `analyse` puts an analysis too large for a message; transient."""
    return f"{RESULTS}{analysis_id}.json"


def average_request_key(user_id: UUID, analysis_sha: str) -> str:
    """Where the API puts a list of analyses too large for a message; transient."""
    return f"{AVERAGES}{user_id}/{analysis_sha}.json"


def average_result_key(user_id: UUID, analysis_sha: str) -> str:
    """Where `average` puts an average too large for a message; transient."""
    return f"{AVERAGES}{user_id}/{analysis_sha}-result.json"


def check_reference(reference: str) -> str:
    """The reference, if it is one this system writes; a `ValueError` for any other key."""
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("not a reference of this system")
    return reference
