"""Who may do what at the broker: one user for each role, the same on the laptop and in the cluster."""

from typing import Final

from faplog.bus import DEAD_PREFIX, STREAM, STREAM_DEAD
from faplog.contracts.messages import Subject

ROLES: Final = ("api", "connector")

_STREAMS: Final = (
    "$JS.API.INFO",
    *(f"$JS.API.STREAM.{verb}.{name}" for verb in ("INFO", "CREATE", "UPDATE") for name in (STREAM, STREAM_DEAD)),
)
"""Whoever comes first makes the streams; neither role may delete or purge one."""

PUBLISH: Final[dict[str, tuple[str, ...]]] = {
    "api": (
        str(Subject.ANALYSIS_REQUEST),
        str(Subject.AVERAGE_REQUEST),
        *_STREAMS,
        f"$JS.API.STREAM.MSG.GET.{STREAM}",
        f"$JS.API.DIRECT.GET.{STREAM}",
        f"$JS.API.DIRECT.GET.{STREAM}.>",
        f"$JS.API.CONSUMER.INFO.{STREAM}.*",
        f"$JS.API.CONSUMER.LIST.{STREAM}",
        f"$JS.API.CONSUMER.NAMES.{STREAM}",
    ),
    "connector": (
        "analysis.*",
        "average.*",
        f"{DEAD_PREFIX}>",
        *_STREAMS,
        # How old the oldest message is; dead letters are listed, replayed and then removed.
        *(f"$JS.API.STREAM.MSG.GET.{name}" for name in (STREAM, STREAM_DEAD)),
        f"$JS.API.STREAM.MSG.DELETE.{STREAM_DEAD}",
        f"$JS.API.CONSUMER.*.{STREAM}",
        f"$JS.API.CONSUMER.*.{STREAM}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.>",
        f"$JS.ACK.{STREAM}.>",
    ),
}
"""What each role may publish, which in NATS is also what it may ask of JetStream. Both hear only their replies."""


def user(role: str, password: str) -> dict[str, object]:
    """The entry of a role in the server's `authorization.users`; `password` may be a variable of the server's own."""
    permissions = {"publish": list(PUBLISH[role]), "subscribe": ["_INBOX.>"]}
    return {"user": role, "password": password, "permissions": permissions}
