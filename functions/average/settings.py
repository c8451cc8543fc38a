"""The settings of the function average."""

from pydantic import Field, SecretStr

from faplog.function import FunctionSettings


class Settings(FunctionSettings):
    """The key to the object store is this function's own."""

    s3_access_key: SecretStr = Field(validation_alias="faplog-average-s3-access-key", min_length=1)
    s3_secret_key: SecretStr = Field(validation_alias="faplog-average-s3-secret-key", min_length=1)
