"""The settings of the function average."""

from pydantic import Field, SecretStr

from faplog.settings import Settings as Base


class Settings(Base):
    """Where the object store is, and the secrets that open it and this function's door."""

    s3_endpoint: str
    s3_bucket: str
    connector_secret: SecretStr = Field(validation_alias="faplog-connector-secret", min_length=1)
    s3_access_key: SecretStr = Field(validation_alias="faplog-average-s3-access-key", min_length=1)
    s3_secret_key: SecretStr = Field(validation_alias="faplog-average-s3-secret-key", min_length=1)
