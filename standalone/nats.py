"""NATS with JetStream on loopback: a user for each role, each allowed no subject more than it needs."""

import json
import urllib.error
import urllib.request
from typing import Final

from faplog.bus import DEAD_PREFIX, STREAM, STREAM_DEAD
from standalone.credentials import NATS_ROLES, password, put
from standalone.ports import HOST
from standalone.program import Program, bare_environment, binary
from standalone.state import State, write_private

_STREAMS: Final = [
    "$JS.API.INFO",
    *(f"$JS.API.STREAM.{verb}.{name}" for verb in ("INFO", "CREATE", "UPDATE") for name in (STREAM, STREAM_DEAD)),
]
"""Whoever comes first makes the streams; neither role may delete or purge one."""

PUBLISH: Final = {
    "api": [
        "analysis.request",
        "average.request",
        *_STREAMS,
        f"$JS.API.STREAM.MSG.GET.{STREAM}",
        f"$JS.API.DIRECT.GET.{STREAM}",
        f"$JS.API.DIRECT.GET.{STREAM}.>",
        f"$JS.API.CONSUMER.INFO.{STREAM}.*",
        f"$JS.API.CONSUMER.LIST.{STREAM}",
        f"$JS.API.CONSUMER.NAMES.{STREAM}",
    ],
    "connector": [
        "analysis.*",
        "average.*",
        f"{DEAD_PREFIX}>",
        *_STREAMS,
        f"$JS.API.CONSUMER.*.{STREAM}",
        f"$JS.API.CONSUMER.*.{STREAM}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.>",
        f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.>",
        f"$JS.ACK.{STREAM}.>",
    ],
}
"""What each role may publish, which in NATS is also what it may ask of JetStream. Both hear only their replies."""


def program(state: State, port: int, monitor: int) -> Program:
    """The server with its configuration written and its users' URLs among the secrets."""
    folder = state.folder("nats")
    users = [
        {
            "user": role,
            "password": password(state, f"nats-{role}-password"),
            "permissions": {"publish": PUBLISH[role], "subscribe": ["_INBOX.>"]},
        }
        for role in NATS_ROLES
    ]
    configuration = {
        "server_name": "faplog",
        "listen": f"{HOST}:{port}",
        "http": f"{HOST}:{monitor}",
        "jetstream": {"store_dir": str(folder / "jetstream"), "max_file_store": 2 << 30},
        "authorization": {"timeout": 5, "users": users},
    }
    file = folder / "nats.json"
    write_private(file, json.dumps(configuration, indent=1))
    for role in NATS_ROLES:
        put(state, f"faplog-{role}-nats", f"nats://{role}:{password(state, f'nats-{role}-password')}@{HOST}:{port}")
    return Program(
        name="nats",
        argv=(binary("nats-server"), "-c", str(file)),
        folder=folder,
        environment=bare_environment(folder),
        ready=lambda: _answers(monitor),
    )


def _answers(monitor: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{monitor}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
