"""Settings: the environment and secret files, read into one frozen model at start."""

import os
import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_DIR = "/var/openfaas/secrets"


class SettingsError(Exception):
    """A setting is missing or malformed. The message names it and the reason, never its value."""


class Settings(BaseSettings):
    """Base class of all settings. A secret is a field whose alias is the name of its secret file."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)


S = TypeVar("S", bound=Settings)
T = TypeVar("T", str, SecretStr)


def _like(pattern: str, example: str) -> AfterValidator:
    """Return the validator of an address. It never shows the value, which may hold a password."""

    def check(value: T) -> T:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not re.fullmatch(pattern, text.strip()):
            raise ValueError(f"must be an address such as {example}")
        return value

    return AfterValidator(check)


HttpAddress = Annotated[str, _like(r"https?://[^/\s]\S*", "http://host:9000")]
NatsAddress = Annotated[SecretStr, _like(r"(nats|tls)://[^/\s]\S*", "nats://user:password@host:4222")]
DatabaseAddress = Annotated[SecretStr, _like(r"postgresql://\S+", "postgresql://user:password@host:5432/faplog")]


def load(model: type[S]) -> S:
    """Read `model` from the environment and from the folder of secret files.

    The folder is `SECRETS_DIR` of the environment, else where OpenFaaS and our Knative Services mount secrets.

    Raises:
        SettingsError: a setting is missing or malformed; the sentence names each such setting.
    """
    folder = Path(os.environ.get("SECRETS_DIR", SECRETS_DIR))
    try:
        return model(_secrets_dir=folder if folder.is_dir() else None)
    except ValidationError as error:
        wrong = "; ".join(f"setting '{_name(e['loc'])}': {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError(f"Cannot start, {wrong} (environment, or a file of that name in {folder}).") from None


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
