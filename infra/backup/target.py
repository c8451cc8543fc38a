"""The source of a backup and the target of a restore, from environment variables and secret files."""

import os
from dataclasses import dataclass

from pydantic import Field, SecretStr

from faplog import reachable
from faplog.blobs import Blobs
from faplog.settings import DatabaseAddress, HttpAddress, Settings, load


class BackupSettings(Settings):
    """Settings of a backup: the tables' owner, and the key that may read the whole bucket but change nothing."""

    database: DatabaseAddress = Field(validation_alias="faplog-owner-database")
    """Address of the database, as the owner of the tables."""

    access_key: SecretStr = Field(validation_alias="faplog-backup-s3-access-key", min_length=1)
    """Access key at the object store."""

    secret_key: SecretStr = Field(validation_alias="faplog-backup-s3-secret-key", min_length=1)
    """Secret key that belongs to it."""

    s3_endpoint: HttpAddress
    """Address of the object store."""

    s3_bucket: str = Field(min_length=1)
    """Name of the bucket."""


class RestoreSettings(Settings):
    """Settings of a restore: the tables' owner, and the API's key, which may write."""

    database: DatabaseAddress = Field(validation_alias="faplog-owner-database")
    """Address of the database, as the owner of the tables."""

    access_key: SecretStr = Field(validation_alias="faplog-api-s3-access-key", min_length=1)
    """Access key at the object store."""

    secret_key: SecretStr = Field(validation_alias="faplog-api-s3-secret-key", min_length=1)
    """Secret key that belongs to it."""

    s3_endpoint: HttpAddress
    """Address of the object store."""

    s3_bucket: str = Field(min_length=1)
    """Name of the bucket."""


@dataclass(frozen=True)
class Target:
    """A database's URL and a bucket."""

    database: str
    blobs: Blobs


def target(model: type[BackupSettings] | type[RestoreSettings]) -> Target:
    """Return the target that the environment describes, after waiting for its servers for a limited time.

    Raises:
        SettingsError: A setting is missing; the message names it.
    """
    settings = load(model)
    keys = settings.access_key.get_secret_value().strip(), settings.secret_key.get_secret_value().strip()
    blobs = Blobs(settings.s3_endpoint, settings.s3_bucket, *keys)
    database = settings.database.get_secret_value().strip()
    for server in (database, settings.s3_endpoint):
        reachable.wait_for_server(server)
    return Target(database, blobs)


def use_state(state: "os.PathLike[str]") -> None:
    """Take the settings from a laptop's state folder: its secrets, and the addresses of the system that runs there.

    Raises:
        NotRunning: No system runs there.
    """
    import json
    from pathlib import Path

    folder = Path(state)
    reachable.bypass_proxy()
    try:
        store = json.loads((folder / "runtime.json").read_text("utf-8"))["s3"]
    except FileNotFoundError:
        raise NotRunning(
            f"No faplog runs with the state {folder}: start it with `make run` (its servers are needed)."
        ) from None
    os.environ |= {
        "FAPLOG_SECRETS_DIR": str(folder / "secrets"),
        "FAPLOG_S3_ENDPOINT": store["endpoint"],
        "FAPLOG_S3_BUCKET": store["bucket"],
    }


class NotRunning(Exception):
    """No system runs with that state folder."""
