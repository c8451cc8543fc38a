"""Errors that the client raises. Every message is a sentence for people; `ApiError.code` is for programs."""

from collections.abc import Mapping
from typing import Any


class FaplogError(Exception):
    """Base class of everything the client raises."""


class AddressInvalid(FaplogError, ValueError):
    """The address of the server is malformed."""


class TokenInvalid(FaplogError, ValueError):
    """The text does not have the form of an API token."""


class Unreachable(FaplogError):
    """The server did not answer, or a proxy answered in its place that it is not available."""


class NotFaplog(FaplogError):
    """The answer does not come from faplog: the address is wrong, or a proxy redirects."""


class OtherVersion(FaplogError):
    """The answer lacks fields, because another version of faplog made it. `Client.get_json` returns it as it is."""


class AnalysisFailed(FaplogError):
    """A log that was waited for could not be analysed.

    Attributes:
        code: Why, as in docs/errors.md; None for failures that were stored by 0.1.
        params: The parameters of the code.
    """

    def __init__(self, message: str, code: str | None, params: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.params = dict(params)


class ApiError(FaplogError):
    """The server refused a request.

    Attributes:
        status: The HTTP status.
        code: Why, as in docs/errors.md. A newer server may have codes that this client does not know.
        params: The parameters of the code.
        retry_after_sec: When the server is ready for the same request, in seconds; None if it did not say.
    """

    def __init__(
        self, message: str, *, status: int, code: str, params: Mapping[str, Any], retry_after_sec: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.params = dict(params)
        self.retry_after_sec = retry_after_sec
