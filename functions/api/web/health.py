"""Probes: whether the process answers, and which of the parts it depends on do."""

from dataclasses import asdict
from typing import Final, Literal

import psycopg
from flask.typing import ResponseReturnValue
from pydantic import Field

from faplog.contracts.errors import ErrorCode, Param, cause
from faplog.errors import Unavailable

from ..services import Services
from .names import PREFIX
from .operations import Answer, describe
from .outputs import Output, json_response
from .routes import Routes

TAG: Final = "health"
_PROBE_KEY: Final = "logs/00000000-0000-0000-0000-000000000000.csv"
_ANY_UNSENT: Final = """
    SELECT EXISTS (
        SELECT FROM fap_analysis
        WHERE status = 'Processing' AND stage = 'analyse' AND NOT sent AND deleted_at IS NULL)
        OR EXISTS (SELECT FROM fap_average WHERE status = 'CALCULATING' AND NOT sent) AS any
"""

blueprint = Routes("health", __name__, url_prefix=PREFIX)


class Liveness(Output):
    """The service responds."""

    status: Literal["ok"] = "ok"


class Readiness(Output):
    """Which parts are available. Without PostgreSQL nothing works; without NATS or S3 the rest still does.

    `away` means not available.
    """

    status: Literal["ok", "degraded", "unavailable"]
    postgres: Literal["ok", "away"]
    nats: Literal["ok", "away"] = Field(description="`away` also while NATS refuses the requests that are published.")
    s3: Literal["ok", "away"]
    message: str | None = Field(default=None, description="What is wrong, where this is a 503.")
    code: ErrorCode | None = Field(default=None, description="The same as a code.")
    params: dict[str, Param] | None = Field(default=None, description="The values in the sentence.")


@blueprint.get("/health/liveness")
@describe(summary="Check that the service responds", tag=TAG, responses={200: Liveness})
def liveness(_services: Services) -> ResponseReturnValue:
    """Answer that the process runs."""
    return json_response(Liveness())


@blueprint.get("/health/readiness")
@describe(
    summary="Check that the database, broker and object store respond",
    tag=TAG,
    responses={200: Readiness, 503: Answer("The database is not available.", Readiness)},
)
def readiness(services: Services) -> ResponseReturnValue:
    """Answer which parts work."""
    publisher = services.publisher
    postgres, nats, s3 = _postgres_answers(services), publisher.connected(), _store_answers(services)
    if postgres and nats and publisher.refused:
        nats = not _any_unsent(services)
    body = Readiness(
        status="unavailable" if not postgres else "ok" if nats and s3 else "degraded",
        postgres="ok" if postgres else "away",
        nats="ok" if nats else "away",
        s3="ok" if s3 else "away",
        **({} if postgres else asdict(cause(ErrorCode.DATABASE_UNAVAILABLE))),
    )
    return json_response(body, 200 if postgres else 503, exclude_none=True)


def _postgres_answers(services: Services) -> bool:
    try:
        with services.database.worker() as connection:
            connection.execute("SELECT 1")
    except (Unavailable, psycopg.Error):
        return False
    return True


def _any_unsent(services: Services) -> bool:
    """Return whether any process has requests that the stream did not accept; they are marked in the database."""
    try:
        with services.database.worker() as connection:
            row = connection.execute(_ANY_UNSENT).fetchone()
    except (Unavailable, psycopg.Error):
        return True
    return bool(row and row["any"])


def _store_answers(services: Services) -> bool:
    try:
        services.blobs.get(_PROBE_KEY)
    except Unavailable:
        return False
    return True
