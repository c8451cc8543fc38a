"""The route of trials: a log is sent to the function `analyse`, and its answer to the client."""

import gzip
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from faplog.contracts.direct import DirectCall
from faplog.contracts.errors import ErrorCode
from faplog.contracts.log_rules import MAX_LOG_MB
from faplog.errors import Unavailable
from faplog.http_errors import Error, Refused, refused

from ..accounts import rate_limit
from ..accounts.rate_limit import RateLimited
from ..accounts.session_views import too_many_requests
from ..services import Services
from ..store_slots import Slots
from ..uploads import contents
from ..uploads.receive import Spooled, uploaded
from ..web import client_address
from ..web.names import PREFIX
from ..web.operations import Answer, describe
from ..web.routes import Routes
from .analyser import Analyser
from .schemas import Trial

TAG: Final = "trial"
AT_ONCE: Final = 1
"""Trials of one process at once: each holds one of few threads, and a replica of `analyse` that uploads wait for."""

GZIP_LEVEL: Final = 5
_WAIT: Final = {"Retry-After": "Seconds to wait."}
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": ["file"],
    "additionalProperties": False,
}

log = logging.getLogger(__name__)


def blueprint(analyser: Analyser | None) -> Routes:
    """Return the route of trials.

    Args:
        analyser: The function `analyse`; None if this server does not offer trials.
    """
    routes = Routes("trial", __name__, url_prefix=PREFIX)
    slots = Slots("trials", AT_ONCE, wait_sec=0)

    @routes.post("/try")
    @describe(
        summary="Analyse a log without an account",
        tag=TAG,
        description=f"One .csv file of at most {MAX_LOG_MB} MB. Answers its analysis and series; neither the file nor "
        "the result is stored. One log at a time from each network address, and a limited number in an hour; while the "
        "server is busy, trials give way to uploads. Repeat after `Retry-After` seconds.",
        form=_FORM,
        responses={
            200: Answer("The analysis and the series.", Trial),
            404: "This server does not offer it.",
            422: "The file cannot be analysed; the code says why.",
            429: Answer("Too many logs from this network address.", Error, headers=_WAIT),
            503: Answer("The service is busy, or a part of it is not available.", Error, headers=_WAIT),
        },
    )
    def analyse(services: Services) -> ResponseReturnValue:
        if analyser is None:
            raise refused(ErrorCode.TRIAL_NOT_OFFERED)
        with slots.hold(), _counted(services, client_address.address(request)), uploaded(request) as spooled:
            _check_file(spooled)
            began = perf_counter()
            content = analyser.analyse(spooled.file, spooled.size, DirectCall.for_file(spooled.file_name))
            log.info("trial", extra={"bytes": spooled.size, "ms": round((perf_counter() - began) * 1000, 1)})
        return _compressed(content)

    return routes


@contextmanager
def _counted(services: Services, address: str) -> Iterator[None]:
    """Count a trial of this address, and keep it from a second one until the block ends.

    Raises:
        TooManyRequests: Another one is being analysed, or there were too many.
    """
    database = services.database
    if client_address.is_this_machine(address):
        yield
        return
    try:
        with database.worker() as connection:
            rate_limit.begin_trial(connection, address)
    except rate_limit.TrialRunning:
        raise _running() from None
    except RateLimited as error:
        raise too_many_requests(error) from None
    try:
        yield
    finally:
        try:
            with database.worker() as connection:
                rate_limit.end_trial(connection, address)
        except Unavailable as error:  # must not take the answer away; the next trial of the address waits a little
            log.warning("end of a trial not recorded", extra={"reason": str(error)})


def _running() -> Refused:
    seconds = rate_limit.TRIAL_RETRY_SEC
    limited = refused(ErrorCode.TRIAL_RUNNING, retry_after_sec=seconds)
    return limited.with_headers({"Retry-After": str(seconds)})


def _check_file(spooled: Spooled) -> None:
    """Raise `BadRequest` if the file cannot be a log."""
    if not spooled.file_name.lower().endswith(".csv"):
        raise refused(ErrorCode.CSV_EXPECTED)
    if reason := contents.refusal(spooled.head):
        raise refused(reason.code, **reason.params)


def _compressed(content: bytes) -> Response:
    """Return the JSON, gzip-compressed if the client accepts that."""
    response = Response(mimetype="application/json")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, GZIP_LEVEL, mtime=0)
    response.set_data(content)
    return response
