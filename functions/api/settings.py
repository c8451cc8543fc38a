"""What the function `api` needs to know, from the environment and its secret files."""

from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from faplog.function import FunctionSettings
from faplog.settings import DatabaseAddress, HttpAddress, NatsAddress
from faplog.settings import Settings as BaseSettings


class Settings(FunctionSettings):
    """Settings of the function; frozen, made once at start-up. Secrets never show in a repr."""

    api_database: DatabaseAddress = Field(validation_alias="faplog-api-database")
    worker_database: DatabaseAddress = Field(validation_alias="faplog-worker-database")
    nats: NatsAddress = Field(validation_alias="faplog-api-nats")
    s3_access_key: SecretStr = Field(validation_alias="faplog-api-s3-access-key", min_length=1)
    s3_secret_key: SecretStr = Field(validation_alias="faplog-api-s3-secret-key", min_length=1)
    signing_keys: SecretStr = Field(validation_alias="faplog-signing-keys")

    public_s3_endpoint: HttpAddress | None = None
    """Address of the bucket as browsers reach it; with it, files are handed out by a redirect to a signed address."""

    threads: int = Field(default=128, gt=0)
    """How many requests are answered at once; under gunicorn the variable is always set. Limits the work that waits for
    the object store."""

    cookie_secure: bool = False
    cors_origins: Annotated[tuple[HttpAddress, ...], NoDecode] = ()
    """Origins other than our own that may call the API with credentials, with commas between; none by default."""

    quota_logs: int = Field(default=20_000, gt=0)
    """How many logs one user may keep."""

    overdue_sec: float = Field(default=60, gt=0)
    """After so long without a result reconcile looks whether a request is still in the stream."""

    upload_sec: float = Field(default=900, gt=0)
    """After so long an upload that did not get as far as its object is ended."""

    orphan_sec: float = Field(default=3600, gt=0)
    """So old must an object without a row be to be removed."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _each_origin(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value


class OwnerSettings(BaseSettings):
    """Settings of the migration job, the only one that holds the tables' owner."""

    owner_database: DatabaseAddress = Field(validation_alias="faplog-owner-database")
