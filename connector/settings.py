"""What the connector is told at its start."""

from pydantic import Field, field_validator

from faplog.settings import Settings


class ConnectorSettings(Settings):
    """Secrets come as files, the rest from the environment; the numbers need no change outside of tests."""

    nats_url: str = Field(validation_alias="faplog-connector-nats", repr=False)
    secret: str = Field(validation_alias="faplog-connector-secret", repr=False, min_length=16)
    metrics_token: str | None = Field(
        default=None, validation_alias="faplog-connector-metrics", repr=False, min_length=16
    )
    """Bearer token that /metrics asks for. Without one anybody may read it: for a network that keeps others out."""
    log_level: str = "INFO"
    connector_ack_wait_sec: float = Field(default=30, gt=0)
    """How long NATS waits for a sign of life before it delivers a message again; one comes three times in it."""
    connector_watch_sec: float = Field(default=15, gt=0)
    """How often the length and age of the queues are looked up."""
    connector_retry_sec: float = Field(default=1, gt=0)
    """Pause before the second try of a failed message; each further one waits three times longer."""

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, value: str) -> str:
        if not value.startswith(("nats://", "tls://")):
            raise ValueError("must be an address such as nats://user:password@host:4222")
        return value.strip()

    @field_validator("secret", "metrics_token")
    @classmethod
    def _without_newline(cls, value: str | None) -> str | None:
        return value.strip() if value else value
