"""Settings: environment and secret files into one frozen model at start-up; a missing one stops the start."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_DIR = "/var/openfaas/secrets"


class SettingsError(Exception):
    """One sentence that names the setting and what is wrong with it, never its value."""


class Settings(BaseSettings):
    """The base of every room's settings. A secret is a field whose alias is the name of its secret file."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False)


S = TypeVar("S", bound=Settings)


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
