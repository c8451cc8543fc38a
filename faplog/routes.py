"""The connector's routes: which subject goes to which function's address, rendered from stack.yml."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from faplog.stack import Function

TIMEOUT_MARGIN_SEC: Final = 10
"""Seconds the connector waits beyond a function's own time-out, so that the function's answer comes first."""

_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class Route(BaseModel):
    """One function: messages of `topic` are POSTed to `url`, replies published to `reply_topic`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, alias_generator=to_camel)

    function: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    url: str = Field(pattern=r"^https?://\S+$")
    topic: str = Field(pattern=r"^[a-z*]+(\.[a-z*]+)*$")
    reply_topic: str | None = Field(default=None, pattern=r"^[a-z]+(\.[a-z]+)*$")
    concurrency: int = Field(default=1, ge=1, le=256)
    """Maximum number of requests in flight over all replicas."""
    batch: int = Field(default=1, ge=1, le=64)
    """Maximum number of messages in one request."""
    timeout_sec: float = Field(default=130, gt=0)
    wakes: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9-]*$")
    """The function that its replies will lead to: it is woken while this one works."""


_ROUTES: Final = TypeAdapter(list[Route])


def from_stack(functions: Collection[Function], url: str, *, guests: bool = False) -> list[Route]:
    """Return the routes of the functions of a stack.yml.

    Args:
        functions: The functions.
        url: A pattern such as `http://{function}.faplog-fn:8080/`.
        guests: Whether a function that is a guest answers in the process of its host, which nothing needs to wake.
    """
    hosts = {function.name: function.guest_of for function in functions if guests and function.guest_of}

    def address(function: Function) -> str:
        host = hosts.get(function.name)
        return url.format(function=host) + f"{function.name}/" if host else url.format(function=function.name)

    return [
        Route(
            function=function.name,
            url=address(function),
            topic=function.topic,
            reply_topic=function.reply_topic,
            concurrency=function.ours("concurrency") * function.ours("scale-max"),
            batch=function.batch,
            timeout_sec=seconds(function.environment.get("exec_timeout", "120s")) + TIMEOUT_MARGIN_SEC,
            wakes=None if function.wakes in hosts else function.wakes,
        )
        for function in functions
    ]


def render(routes: list[Route]) -> str:
    """Return the content of the routes file."""
    return _ROUTES.dump_json(routes, by_alias=True, indent=2).decode() + "\n"


def read(path: Path) -> list[Route]:
    """Read a routes file.

    Raises:
        ValueError: The file is missing, or not a list of routes with distinct functions; the message names the place.
    """
    try:
        routes = _ROUTES.validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(f"The routes file {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"The routes file {path} is wrong at {where}: {first['msg']}.") from None
    names = [route.function for route in routes]
    if not routes or len(set(names)) < len(names):
        raise ValueError(f"The routes file {path} must name at least one function, and each only once.")
    return routes


def seconds(duration: str) -> int:
    """Parse a duration of stack.yml (`90s`, `2m`, `1h30m`) into seconds.

    Raises:
        ValueError: The text is not a duration.
    """
    match = _DURATION.fullmatch(duration)
    if not match or not duration:
        raise ValueError(f"'{duration}' is not a duration such as 90s or 2m.")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
