"""One request, one result: fetch the list if it was too large for the message, average it, hand large averages over."""

import logging
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol

import orjson

from faplog import telemetry
from faplog.contracts.errors import CodedError, ErrorCode
from faplog.contracts.keys import average_result_key
from faplog.contracts.messages import (
    MAX_INLINE_BYTES,
    AverageRequest,
    AverageRequestData,
    AverageResult,
    AverageStatus,
    Period,
)

from .core import average
from .items import BadList, read_items, without_collector

log = logging.getLogger(__name__)

MESSAGE_SUCCESS: Final = "Average calculated successfully."


class RequestData(AverageRequestData):
    """As in the contract, but analyses and notes as they are: a malformed one is left out, not the request refused."""

    analysis: list[Any] | None = None
    notes: list[Any] | None = None


class Request(AverageRequest):
    """`average.request`, its analyses unchecked."""

    data: RequestData


class Store(Protocol):
    """The calls made to the object store."""

    def read(self, key: str) -> Iterator[bytes] | None:
        """Return the bytes under a key in pieces, or None."""

    def put(self, key: str, content: bytes) -> None:
        """Put bytes under a key."""


class NothingToAverage(CodedError):
    """No analyses; the code says why."""


def answer(request: Request, store: Store) -> AverageResult:
    """Return SUCCESS with the average or the reference of a large one, or FAILED with the reason.

    Raises:
        Unavailable: The object store does not answer; try again.
    """
    began = perf_counter()
    data = request.data
    try:
        with without_collector():
            result = average(_items(data, store), data.notes or (), _last_day(data))
        if not result.overall.logs:
            raise NothingToAverage(ErrorCode.AVERAGE_LIST_UNUSABLE)
    except (NothingToAverage, BadList) as error:
        log.info("not averaged", extra={"code": error.code})
        failed = AverageStatus.FAILED
        return _result(data, failed, str(error), code=error.code, params=error.params)
    content = orjson.dumps(result.model_dump(mode="json", by_alias=True))
    seconds = perf_counter() - began
    telemetry.record("faplog.average.duration", seconds)
    log.info(
        "averaged",
        extra={
            "logs": result.overall.logs,
            "bytes": len(content),
            "milliseconds": round(seconds * 1000),
        },
    )
    if len(content) <= MAX_INLINE_BYTES:
        return _result(data, AverageStatus.SUCCESS, MESSAGE_SUCCESS, average=orjson.loads(content))
    reference = average_result_key(data.user_id, data.analysis_sha)
    store.put(reference, content)
    return _result(data, AverageStatus.SUCCESS, MESSAGE_SUCCESS, average_ref=reference)


def _items(data: RequestData, store: Store) -> list[Any]:
    if data.analysis is not None:
        return data.analysis
    if data.analysis_ref is None:
        raise NothingToAverage(ErrorCode.AVERAGE_WITHOUT_LIST)
    return read_items(partial(_pieces, store, data.analysis_ref))


def _last_day(data: RequestData) -> date | None:
    """Return the last day of the year or month that is averaged; None for all time, and for no such year or month."""
    month = data.month if data.type is Period.MONTHLY else 12
    if data.type is Period.OVERALL or data.year is None or month is None:
        return None
    try:
        return date(data.year, month, monthrange(data.year, month)[1])
    except (ValueError, OverflowError):
        return None


def _pieces(store: Store, reference: str) -> Iterator[bytes]:
    pieces = store.read(reference)
    if pieces is None:
        raise NothingToAverage(ErrorCode.AVERAGE_LIST_MISSING)
    return pieces


def _result(data: RequestData, status: AverageStatus, message: str, **average: Any) -> AverageResult:
    """Return the result, with all fields by which the API recognises its request."""
    return AverageResult(
        user_id=data.user_id,
        car_id=data.car_id,
        analysis_sha=data.analysis_sha,
        status=status,
        message=message,
        type=data.type,
        year=data.year,
        month=data.month,
        generation=data.generation,
        traceparent=telemetry.traceparent(),
        **average,
    )
