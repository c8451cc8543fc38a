"""Who may do what at the broker: one user for each role, the same on the laptop and in the cluster."""

from typing import Final

from faplog.bus import DEAD_PREFIX, STREAM, STREAM_DEAD, inbox_prefix
from faplog.contracts.messages import Subject

ROLES: Final = ("api", "connector")

PUBLISH: Final[dict[str, tuple[str, ...]]] = {
    "api": (
        str(Subject.ANALYSIS_REQUEST),
        str(Subject.AVERAGE_REQUEST),
        # Whether the stream is full, and what still waits in it.
        f"$JS.API.STREAM.INFO.{STREAM}",
        f"$JS.API.STREAM.MSG.GET.{STREAM}",
    ),
    "connector": (
        "analysis.*",
        "average.*",
        f"{DEAD_PREFIX}>",
        "$JS.API.INFO",
        # Only the connector creates and updates the streams; no role may delete or purge one.
        *(f"$JS.API.STREAM.{verb}.{name}" for verb in ("INFO", "CREATE", "UPDATE") for name in (STREAM, STREAM_DEAD)),
        # How old the oldest message is; dead letters are listed, replayed and then removed.
        *(f"$JS.API.STREAM.MSG.GET.{name}" for name in (STREAM, STREAM_DEAD)),
        f"$JS.API.STREAM.MSG.DELETE.{STREAM_DEAD}",
        f"$JS.API.CONSUMER.CREATE.{STREAM}",
        f"$JS.API.CONSUMER.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.INFO.{STREAM}.*",
        f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.*",
        f"$JS.ACK.{STREAM}.>",
    ),
}
"""What each role may publish, which in NATS is also what it may ask of JetStream."""


def user(role: str, password: str) -> dict[str, object]:
    """Return the entry of a role in the server's `authorization.users`; it hears the replies to its own requests only.

    Args:
        role: One of `ROLES`.
        password: The password, or a variable of the server's own.
    """
    permissions = {"publish": list(PUBLISH[role]), "subscribe": [f"{inbox_prefix(role)}.>"]}
    return {"user": role, "password": password, "permissions": permissions}
