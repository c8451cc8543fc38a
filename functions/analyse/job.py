"""The work for one message: read the log from the store, store its series, answer with its analysis."""

import gzip
import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final, Protocol

import orjson

from faplog import telemetry
from faplog.contracts import keys
from faplog.contracts.errors import ErrorCode
from faplog.contracts.messages import (
    MAX_INLINE_BYTES,
    MESSAGE_SUCCESS,
    AnalysisRequest,
    AnalysisResult,
    AnalysisStatus,
)

from .core.analysis import analyse, read
from .core.errors import BadLog
from .core.series import series

log = logging.getLogger(__name__)

GZIP_LEVEL: Final = 4
"""8 % more bytes than at level 5, for two thirds of its time."""

ENVELOPE_BYTES: Final = 2048
"""Room in a result message for everything besides the analysis."""

_storing: Final = ThreadPoolExecutor(thread_name_prefix="series")
"""Stores the series of a log while the log is analysed; the answer waits for both. Its threads start with the first."""


class Store(Protocol):
    """The calls made to the object store."""

    def get(self, key: str) -> bytes | None:
        """Return the bytes under a key, or None."""

    def put(self, key: str, content: bytes) -> None:
        """Put bytes under a key."""


def answer(request: AnalysisRequest, store: Store) -> AnalysisResult:
    """Analyse the log a request names. A log that cannot be analysed is an answer too.

    Raises:
        Unavailable: The object store does not answer; try again.
    """
    began = perf_counter()
    data = request.data
    raw = store.get(keys.log_key(data.file_name))
    try:
        if raw is None:
            raise BadLog(ErrorCode.FILE_MISSING)
        reading = read(raw, data.day)
    except BadLog as error:
        log.info("not analysed", extra={"analysis_id": str(data.file_name), "code": error.code})
        telemetry.count("faplog.logs.analysed", status=AnalysisStatus.FAILED)
        return AnalysisResult(
            analysis_id=data.file_name,
            status=AnalysisStatus.FAILED,
            message=error.message,
            code=error.code,
            params=error.params,
            analysis=None,
            log_date=None,
            distance=None,
            **_echo(request),
        )
    curves = orjson.dumps(series(reading), option=orjson.OPT_SERIALIZE_NUMPY)
    compressed = gzip.compress(curves, GZIP_LEVEL, mtime=0)
    stored = _storing.submit(copy_context().run, store.put, keys.series_key(data.file_name), compressed)
    analysis = analyse(reading, data.profile)
    result = AnalysisResult(
        analysis_id=data.file_name,
        status=AnalysisStatus.SUCCESS,
        message=MESSAGE_SUCCESS,
        fap_regen=analysis["fapRegen"] is not None,
        log_date=datetime.fromisoformat(analysis["overall"]["date"]["date"]).replace(tzinfo=UTC),
        distance=analysis["overall"]["distance_km"],
        **_inline_or_stored(request, analysis, store),
        **_echo(request),
    )
    stored.result()
    seconds = perf_counter() - began
    telemetry.count("faplog.logs.analysed", status=AnalysisStatus.SUCCESS)
    telemetry.record("faplog.analysis.duration", seconds)
    log.info(
        "analysed",
        extra={"analysis_id": str(data.file_name), "bytes": len(raw), "ms": round(seconds * 1000, 1)},
    )
    return result


def _inline_or_stored(request: AnalysisRequest, analysis: dict[str, Any], store: Store) -> dict[str, Any]:
    """Return the analysis as a result's field, or its reference where it is too large for a message and was stored."""
    content = orjson.dumps(analysis)
    if len(content) + ENVELOPE_BYTES <= MAX_INLINE_BYTES:
        return {"analysis": analysis}
    reference = keys.result_key(request.data.file_name)
    store.put(reference, content)
    return {"analysis": None, "analysis_ref": reference}


def _echo(request: AnalysisRequest) -> dict[str, Any]:
    """Return the fields of the request that its sender recognises the answer by, if set."""
    given = {"attempt": request.data.attempt, "version": request.data.version, "traceparent": request.traceparent}
    return {name: value for name, value in given.items() if value is not None}
