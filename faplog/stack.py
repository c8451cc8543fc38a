"""Reader of stack.yml, which defines all functions and how they run."""

import os
import re
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field

PREFIX: Final = "faplog.dev/"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


class Function(BaseModel):
    """One function of stack.yml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    lang: str
    handler: str
    image: str
    build_args: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    limits: dict[str, str]
    requests: dict[str, str]
    readonly_root_filesystem: bool
    secrets: list[str] = Field(default_factory=list)
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The subject (or one wildcard) of the messages that the function gets."""
        return self.annotations["topic"]

    @property
    def reply_topic(self) -> str | None:
        """The subject of its replies, or None."""
        return self.annotations.get("reply-topic")

    @property
    def wakes(self) -> str | None:
        """The function that will soon have work when this one has, or None."""
        return self.annotations.get(PREFIX + "wakes")

    @property
    def guest_of(self) -> str | None:
        """The function in whose process this one answers where functions start from zero as pods, or None."""
        return self.annotations.get(PREFIX + "guest-of")

    @property
    def batch(self) -> int:
        """The most messages that one request brings it; one where nothing is said."""
        return int(self.annotations.get(PREFIX + "batch", "1"))

    @property
    def module(self) -> str:
        """The package of the function in the checkout, such as `functions.api`."""
        return self.handler.removeprefix("./").replace("/", ".")

    def ours(self, key: str) -> int:
        """Return one of our annotations, which are whole numbers, by its name without the prefix: `scale-max`."""
        return int(self.annotations[PREFIX + key])


def read(path: Path, environment: dict[str, str] | None = None) -> list[Function]:
    """Return the functions of a stack.yml, with `${VAR:-default}` replaced as faas-cli does.

    Args:
        path: The file.
        environment: The variables; those of the process by default.

    Raises:
        ValueError: The file is not a valid stack.yml; the message names the place.
    """
    variables = os.environ if environment is None else environment
    text = _VARIABLE.sub(lambda m: variables.get(m[1]) or m[2] or "", path.read_text("utf-8"))
    document: dict[str, Any] = yaml.safe_load(text)
    return [Function(name=name, **function) for name, function in document["functions"].items()]
