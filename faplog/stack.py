"""Reads stack.yml: the one place that says which functions there are and how they run."""

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
        """The subject, or the one wildcard, whose messages the function gets."""
        return self.annotations["topic"]

    @property
    def reply_topic(self) -> str | None:
        """The subject its replies are published to, if it has any."""
        return self.annotations.get("reply-topic")

    @property
    def module(self) -> str:
        """The package of the function in the checkout, such as `functions.api`."""
        return self.handler.removeprefix("./").replace("/", ".")

    def ours(self, key: str) -> int:
        """One of our own numeric annotations: scale-min, scale-max, idle-seconds, threads, concurrency."""
        return int(self.annotations[PREFIX + key])


def read(path: Path, environment: dict[str, str] | None = None) -> list[Function]:
    """The functions of a stack.yml, `${VAR:-default}` replaced from the environment as faas-cli does.

    Raises:
        ValueError: the file is not a stack.yml this project understands; the sentence says where.
    """
    variables = os.environ if environment is None else environment
    text = _VARIABLE.sub(lambda m: variables.get(m[1]) or m[2] or "", path.read_text("utf-8"))
    document: dict[str, Any] = yaml.safe_load(text)
    return [Function(name=name, **function) for name, function in document["functions"].items()]
