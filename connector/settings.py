"""The settings of the connector."""

from typing import Final

from pydantic import Field, field_validator

from faplog.environment import Variable
from faplog.settings import Settings

HEALTH: Final = Variable("CONNECTOR_HEALTH", "127.0.0.1:8083", "Address of /healthz, /readyz and /metrics.")
GRACE: Final = Variable("CONNECTOR_GRACE", "25", "Seconds that requests in flight may take after SIGTERM.")


class ConnectorSettings(Settings):
    """Secrets come as files, the rest from the environment; the numbers need no change outside of tests."""

    nats_url: str = Field(validation_alias="faplog-connector-nats", repr=False)
    """Address of NATS, as the user `connector`."""
    secret: str = Field(validation_alias="faplog-connector-secret", repr=False, min_length=16)
    """Proves to functions that a message comes from the connector."""
    log_level: str = "INFO"
    connector_ack_wait_sec: float = Field(default=30, gt=0)
    """Seconds without a progress report after which NATS delivers a message again; three are sent in that time."""
    connector_watch_sec: float = Field(default=15, gt=0)
    """Interval in seconds at which the queue metrics are updated."""
    connector_retry_sec: float = Field(default=1, gt=0)
    """Seconds before the first retry of a failed message; each further retry waits three times longer."""

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, value: str) -> str:
        if not value.startswith(("nats://", "tls://")):
            raise ValueError("must be an address such as nats://user:password@host:4222")
        return value
