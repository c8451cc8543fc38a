"""Answers of the server, read into models or raised as errors."""

from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from faplog.client.errors import ApiError, NotFaplog, OtherVersion, Unreachable
from faplog.client.retrying import retry_after_sec

_PROXY: Final = {httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT}
T = TypeVar("T")


class _Error(BaseModel):
    """The shape of every refusal (docs/errors.md)."""

    model_config = ConfigDict(extra="ignore")

    message: str
    code: str
    params: dict[str, Any] = Field(default_factory=dict)


def not_faplog(what: str) -> NotFaplog:
    """Return the error for an answer, described by `what`, that is not one of faplog."""
    return NotFaplog(f"{what}, but not like a faplog server.")


def check(response: httpx.Response) -> None:
    """Raise the error that a response states; return if it is a success.

    Raises:
        ApiError: The server refused.
        Unreachable: A proxy answered that the server is not there.
        NotFaplog: The answer does not come from faplog.
    """
    if response.is_success:
        return
    place = f"{response.url.scheme}://{response.url.netloc.decode()}"
    if response.is_redirect:
        target = response.headers.get("Location", "")
        raise NotFaplog(f"{place} redirects to {target}: use the address it leads to.")
    try:
        error = _Error.model_validate_json(response.content)
    except ValidationError:
        if response.status_code in _PROXY:
            raise Unreachable(f"{place} is not available now ({response.status_code}).") from None
        raise not_faplog(f"{place} answers ({response.status_code})") from None
    raise ApiError(
        error.message,
        status=response.status_code,
        code=error.code,
        params=error.params,
        retry_after_sec=retry_after_sec(response.headers.get("Retry-After")),
    )


def parsed(response: httpx.Response, kind: type[T]) -> T:
    """Return a successful response as a model, without fields that are unknown here.

    Raises:
        NotFaplog: It is not JSON.
        OtherVersion: It is JSON of another shape.
    """
    if not response.headers.get("Content-Type", "").startswith("application/json"):
        place = f"{response.url.scheme}://{response.url.netloc.decode()}"
        raise not_faplog(f"{place} answers")
    try:
        return TypeAdapter(kind).validate_json(response.content, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "the answer"
        raise OtherVersion(
            f"The server's answer was made by another version of faplog: {field}: {first['msg']}."
        ) from None
