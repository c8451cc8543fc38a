"""The settings of the function analyse."""

from pydantic import Field, SecretStr

from faplog.function import FunctionSettings


class Settings(FunctionSettings):
    """The key to the object store is this function's own."""

    s3_access_key: SecretStr = Field(validation_alias="faplog-analyse-s3-access-key", min_length=1)
    s3_secret_key: SecretStr = Field(validation_alias="faplog-analyse-s3-secret-key", min_length=1)
