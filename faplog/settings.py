"""Settings: the environment and secret files, read into one frozen model at start."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AliasChoices, SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from faplog import environment


class SettingsError(Exception):
    """A setting is missing or malformed. The message names it and the reason, never its value."""


class Settings(BaseSettings):
    """Base class of all settings.

    A secret is a field whose alias is the name of its secret file, or of a variable where a function has no volumes.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        case_sensitive=False,
        env_prefix=environment.PREFIX,
        str_strip_whitespace=True,  # as secret files are read; a Secret made by hand often ends with a new line
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the signature is pydantic's)
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment by new names, then by former ones, then the secret files."""
        return init_settings, env_settings, _FormerNames(settings_cls), file_secret_settings


class _FormerNames(EnvSettingsSource):
    """Variables named as in release 0.1, without `FAPLOG_`; each one that is used is warned of."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, env_prefix="")

    def __call__(self) -> dict[str, Any]:
        """Return the values that are set by a former name alone."""
        given = {name.lower() for name in os.environ}
        values = {
            name: value
            for name, value in super().__call__().items()
            if name in self.settings_cls.model_fields and (environment.PREFIX + name).lower() not in given
        }
        for name in values:
            environment.warn_of_former_name(name)
        return values


S = TypeVar("S", bound=Settings)
T = TypeVar("T", str, SecretStr)


def _like(pattern: str, example: str) -> AfterValidator:
    """Return the validator of an address. It never shows the value, which may hold a password."""

    def check(value: T) -> T:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be an address such as {example}")
        return value

    return AfterValidator(check)


HttpAddress = Annotated[str, _like(r"https?://[^/\s]\S*", "http://host:9000")]
NatsAddress = Annotated[SecretStr, _like(r"(nats|tls)://[^/\s]\S*", "nats://user:password@host:4222")]
SmtpAddress = Annotated[
    SecretStr,
    _like(r"smtps?://([^@/\s]+@)?(\[[\da-fA-F:]+\]|[\w.-]+)(:\d{1,5})?/?", "smtp://user:password@host:587"),
]
DatabaseAddress = Annotated[SecretStr, _like(r"postgresql://\S+", "postgresql://user:password@host:5432/faplog")]


def load(model: type[S]) -> S:
    """Read `model` from the environment and from the folder of secret files.

    The folder is `FAPLOG_SECRETS_DIR`, by default where OpenFaaS and our Knative Services mount secrets.

    Raises:
        SettingsError: a setting is missing or malformed; the sentence names each such setting.
    """
    folder = Path(environment.SECRETS_DIR.read())
    try:
        return model(_secrets_dir=folder if folder.is_dir() else None)
    except ValidationError as error:
        wrong = "; ".join(f"setting '{_name(model, e['loc'])}': {e['msg']}" for e in error.errors(include_input=False))
        raise SettingsError(f"Cannot start, {wrong} (environment, or a file of that name in {folder}).") from None


def setting_name(model: type[Settings], field: str) -> str:
    """Return the name under which operators set a field: its secret file, or its environment variable."""
    alias = model.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return alias if isinstance(alias, str) else environment.PREFIX + field.upper()


def _name(model: type[Settings], location: tuple[int | str, ...]) -> str:
    first = str(location[0])
    return setting_name(model, first) if first in model.model_fields else ".".join(map(str, location))
