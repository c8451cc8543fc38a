"""The settings of the function analyse."""

from pydantic import Field, SecretStr

from faplog.function import FunctionSettings


class Settings(FunctionSettings):
    """Settings of the function; its key to the object store is its own."""

    s3_access_key: SecretStr = Field(validation_alias="faplog-analyse-s3-access-key", min_length=1)
    """Access key of this function at the object store."""

    s3_secret_key: SecretStr = Field(validation_alias="faplog-analyse-s3-secret-key", min_length=1)
    """Secret key that belongs to it."""
