"""The client: one connection to one server, with one token."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from faplog.client import answers
from faplog.client.errors import (
    AddressInvalid,
    AnalysisFailed,
    ApiError,
    FaplogError,
    TokenInvalid,
    Unreachable,
)
from faplog.client.models import AverageReport, Log, LogPage, LogReport, Period, Series, Uploaded
from faplog.client.progress import Reading
from faplog.client.retrying import repeated
from faplog.contracts import messages
from faplog.contracts.limits import Severity
from faplog.contracts.messages import AnalysisStatus
from faplog.version import VERSION

PREFIX: Final = "/api/v1"
PAGE: Final = 100
POLL_SEC: Final = 1.0
Progress = Callable[[int, int], None]
"""Called with the bytes that were sent so far, and the bytes of the file."""

T = TypeVar("T")


class Client:
    """A connection to a faplog server. Close it, or use it in `with`.

    Requests that were refused for now (429, 503) or not answered are repeated, after the time the server asks for.
    Uploads too: the same content is stored once.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience_sec: float = 60.0,
        timeout_sec: float = 60.0,
        on_wait: Callable[[FaplogError, float], None] = lambda _error, _seconds: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare the connection; nothing is sent yet.

        Args:
            url: The address of the server, such as https://faplog.example.org.
            token: An API token, made on the account page.
            patience_sec: How long one call waits in total before it repeats a request.
            timeout_sec: How long the server may be silent.
            on_wait: Called before each wait, with the reason and the seconds.
            sleep: Waits the given number of seconds.

        Raises:
            AddressInvalid: The address is not an http or https URL.
            TokenInvalid: The text does not have the form of an API token.
        """
        self.url: Final = base_address(url)
        self._patience_sec = patience_sec
        self._on_wait = on_wait
        self._sleep = sleep
        if not token.isascii() or not token.isprintable() or not token:
            raise TokenInvalid(
                "This is not an API token: one begins with faplog_, and it is shown once, when it is made."
            )
        self._http = httpx.Client(
            base_url=self.url + PREFIX,
            timeout=timeout_sec,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "User-Agent": f"faplog-client/{VERSION}",
            },
        )

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def check(self) -> None:
        """Check that a faplog answers at the address and accepts the token, whatever its scope.

        Raises:
            ApiError: The token is not valid (401).
            Unreachable: Nothing answers.
            NotFaplog: Something else answers.
        """
        alive = self.get_json("/health/liveness")
        if not isinstance(alive, dict) or alive.get("status") != "ok":
            raise answers.not_faplog(f"{self.url} answers")
        try:
            self.get_json("/analyses", limit=1)
        except ApiError as error:
            if error.status != httpx.codes.FORBIDDEN:  # the token is valid and may not read
                raise

    def upload(
        self, log: Path | BinaryIO | bytes, name: str | None = None, *, progress: Progress | None = None
    ) -> Uploaded:
        """Upload a log or a zip of logs, and return the ids of the analyses; they are made in the background.

        Args:
            log: A file's path, an open file (it is read from its start), or its content.
            name: The file's name; needed for bytes. Model and day of the car are read from it.
            progress: Called with the bytes that were sent.

        Raises:
            ApiError: The server refused the file; `code` says why.
            ValueError: There is no name.
        """
        with ExitStack() as stack:
            if isinstance(log, Path):
                file: BinaryIO = stack.enter_context(log.open("rb"))
            else:
                file = BytesIO(log) if isinstance(log, bytes) else log
            called = name or (log.name if isinstance(log, Path) else None)
            if not called:
                raise ValueError("A log that is no path needs a name.")
            return self._request(
                "POST",
                "/analyses",
                lambda response: answers.parsed(response, Uploaded),
                files=lambda: {"file": (called, Reading(file, progress), "application/octet-stream")},
            )

    def logs(
        self,
        *,
        status: AnalysisStatus | None = None,
        verdict: Severity | None = None,
        q: str | None = None,
        superseded: bool | None = None,
    ) -> Iterator[Log]:
        """Yield the account's logs in the order of their upload, a page at a time.

        Args:
            status: Only those with this status.
            verdict: Only those with this verdict.
            q: A part of the file name.
            superseded: False leaves out earlier versions of other logs, True lists only them.
        """
        filters = {"status": status, "verdict": verdict, "q": q, "superseded": superseded}
        query = {"sortBy": "createdAt", "order": "asc", "limit": PAGE} | _given(filters)
        page, pages = 1, 1
        while page <= pages:
            answer = self.get("/analyses", LogPage, **query, page=page)
            yield from answer.data
            page, pages = page + 1, answer.pagination.total_pages

    def log(self, log_id: UUID | str) -> LogReport:
        """Return one log with its analysis, if there is one yet.

        Raises:
            OtherVersion: The analysis was made by another version; the server repeats old ones in the background.
        """
        return self.get(f"/analyses/{UUID(str(log_id))}", LogReport)

    def wait(self, log_id: UUID | str, *, timeout_sec: float = 300.0) -> LogReport:
        """Return one log as soon as it is analysed.

        Raises:
            AnalysisFailed: It could not be analysed.
            Unreachable: It was not analysed in this time.
        """
        deadline = time.monotonic() + timeout_sec
        while (report := self.log(log_id)).status == AnalysisStatus.PROCESSING:
            if time.monotonic() > deadline:
                raise Unreachable(f"The log was not analysed within {timeout_sec:.0f} s.")
            self._sleep(POLL_SEC)
        if report.status == AnalysisStatus.FAILED:
            raise AnalysisFailed(report.message or "The log could not be analysed.", report.code, report.params or {})
        return report

    def series(self, log_id: UUID | str) -> Series:
        """Return the points for plots of an analysed log."""
        return self.get(f"/analyses/{UUID(str(log_id))}/series", Series)

    def file(self, log_id: UUID | str) -> bytes:
        """Return the log as it was uploaded."""
        path = f"/analyses/{UUID(str(log_id))}/file"
        # The server may redirect to the object store; httpx does not send the token there.
        return self._request("GET", path, lambda response: response.content, follow_redirects=True)

    def average(self, year: int | None = None, month: int | None = None) -> AverageReport:
        """Return the average over all logs, over a year, or over a month of a year.

        Raises:
            ApiError: There are no analyses in this period (AVERAGE_NOT_FOUND).
        """
        period = messages.Period.OVERALL if year is None else messages.Period.YEARLY
        period = period if month is None else messages.Period.MONTHLY
        return self.get("/average", AverageReport, type=period, **_given({"year": year, "month": month}))

    def periods(self) -> list[Period]:
        """Return the periods that have an average: first the overall one, then newest first."""
        return self.get("/average/available", list[Period])

    def get(self, path: str, kind: type[T], **query: Any) -> T:
        """Return the answer to a GET of a path below /api/v1, read as this type."""
        return self._request("GET", path, lambda response: answers.parsed(response, kind), params=query)

    def get_json(self, path: str, **query: Any) -> Any:
        """Return the answer to a GET of a path below /api/v1 as plain JSON values."""
        return self.get(path, object, **query)

    def _request(
        self,
        method: str,
        path: str,
        read: Callable[[httpx.Response], T],
        *,
        files: Callable[[], dict[str, Any]] | None = None,
        **options: Any,
    ) -> T:
        """Send a request, repeat it where that may help, and return what was read from the response."""

        def once() -> T:
            try:
                response = self._http.request(method, path, files=files() if files else None, **options)
            except httpx.TransportError as error:
                raise Unreachable(f"{self.url} does not answer: {_reason(error)}.") from error
            except (httpx.DecodingError, httpx.TooManyRedirects):
                raise answers.not_faplog(f"{self.url} answers") from None
            answers.check(response)
            return read(response)

        return repeated(once, patience_sec=self._patience_sec, sleep=self._sleep, on_wait=self._on_wait)


def base_address(url: str) -> str:
    """Return the address of a server without a path at its end, given with or without /api/v1.

    Raises:
        AddressInvalid: It is no http or https address, or contains a password.
    """
    address = url.strip().rstrip("/").removesuffix(PREFIX).rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise AddressInvalid(f"'{url}' is not the address of a server, such as https://faplog.example.org.")
    if parts.username is not None or parts.query or parts.fragment:
        raise AddressInvalid("The address of the server must not contain a user, a query or a fragment.")
    return address


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in options.items()
        if value is not None
    }


def _reason(error: httpx.TransportError) -> str:
    """Return why a server was not reached, without the number of the system's error."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__
    said = (cause and cause.strerror) or str(error)
    return said.rstrip(".") or "the connection broke off"
