"""A client of the REST API: `Client`, the models of its answers, and what it raises."""

from faplog.client.client import Client
from faplog.client.errors import (
    AddressInvalid,
    AnalysisFailed,
    ApiError,
    FaplogError,
    NotFaplog,
    OtherVersion,
    TokenInvalid,
    Unreachable,
)
from faplog.client.models import (
    AverageReport,
    Channel,
    Log,
    LogReport,
    Other,
    Period,
    RefusedEntry,
    Series,
    Span,
    Uploaded,
)

__all__ = [
    "AddressInvalid",
    "AnalysisFailed",
    "ApiError",
    "AverageReport",
    "Channel",
    "Client",
    "FaplogError",
    "Log",
    "LogReport",
    "NotFaplog",
    "Other",
    "OtherVersion",
    "Period",
    "RefusedEntry",
    "Series",
    "Span",
    "TokenInvalid",
    "Unreachable",
    "Uploaded",
]
