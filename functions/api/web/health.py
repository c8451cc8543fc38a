"""Probes: whether the process answers, and which of its parts do."""

from typing import Final

import psycopg
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from faplog.errors import Unavailable

from .. import services
from ..analyses.schemas import Liveness, Readiness
from ..db import worker_transaction
from .operations import Answer, describe

TAG: Final = "health"
_PROBE_KEY: Final = "logs/00000000-0000-0000-0000-000000000000.csv"
_UNPUBLISHED: Final = """
    SELECT EXISTS (SELECT FROM fap_analysis WHERE status = 'Processing' AND stage = 'analyse' AND NOT sent)
        OR EXISTS (SELECT FROM fap_average WHERE status = 'CALCULATING' AND NOT sent) AS any
"""

blueprint = Blueprint("health", __name__)


@blueprint.get("/api/v1/health/liveness")
@describe(summary="Check that the service responds", tag=TAG, responses={200: Liveness})
def liveness() -> ResponseReturnValue:
    return Response(Liveness().model_dump_json(), mimetype="application/json")


@blueprint.get("/api/v1/health/readiness")
@describe(
    summary="Check that the database, broker and object store respond",
    tag=TAG,
    responses={200: Readiness, 503: Answer("The database is not available.", Readiness)},
)
def readiness() -> ResponseReturnValue:
    postgres, nats, s3 = _postgres(), services.publisher().connected(), _s3()
    if postgres and nats and services.publisher().refused:
        nats = not _requests_wait_unpublished()
    status = "unavailable" if not postgres else "ok" if nats and s3 else "degraded"
    body = Readiness(
        status=status,
        postgres="ok" if postgres else "away",
        nats="ok" if nats else "away",
        s3="ok" if s3 else "away",
    )
    return Response(body.model_dump_json(), 200 if postgres else 503, mimetype="application/json")


def _postgres() -> bool:
    try:
        with worker_transaction() as connection:
            connection.execute("SELECT 1")
    except (Unavailable, psycopg.Error):
        return False
    return True


def _requests_wait_unpublished() -> bool:
    """Return whether there are requests that the stream did not take; whoever publishes them, they are marked here."""
    try:
        with worker_transaction() as connection:
            row = connection.execute(_UNPUBLISHED).fetchone()
    except (Unavailable, psycopg.Error):
        return True
    return bool(row and row["any"])


def _s3() -> bool:
    try:
        services.blobs().get(_PROBE_KEY)
    except Unavailable:
        return False
    return True
