"""NATS with JetStream on loopback: one user a role, with only the subjects that the role needs."""

import json
from http import HTTPStatus
from typing import Final

from faplog.nats_users import ROLES, user
from standalone.credentials import password, put
from standalone.ports import HOST, responds_ok, response_status
from standalone.program import Program, bare_environment, binary
from standalone.state import State, write_private

MAX_STORE_BYTES: Final = 2 << 30
"""Must exceed the sum of the streams' limits: JetStream refuses streams that could outgrow it."""


def program(state: State, port: int, monitor: int) -> Program:
    """Return the server; write its configuration and the URLs of its users."""
    folder = state.folder("nats")
    users = [user(role, password(state, f"nats-{role}-password")) for role in ROLES]
    configuration = {
        "server_name": "faplog",
        "listen": f"{HOST}:{port}",
        "http": f"{HOST}:{monitor}",
        "http_base_path": monitor_path(state),
        "jetstream": {"store_dir": str(folder / "jetstream"), "max_file_store": MAX_STORE_BYTES},
        "authorization": {"timeout": 5, "users": users},
    }
    file = folder / "nats.json"
    write_private(file, json.dumps(configuration, indent=1))
    for role in ROLES:
        put(state, f"faplog-{role}-nats", f"nats://{role}:{password(state, f'nats-{role}-password')}@{HOST}:{port}")
    return Program(
        name="nats",
        argv=(binary("nats-server"), "-c", str(file)),
        folder=folder,
        environment=bare_environment(folder),
        ready=lambda: responds_ok(monitor, f"{monitor_path(state)}/healthz"),
        # JetStream keeps the error of a write that failed on a full disk, and takes no message until it is restarted.
        broken=lambda: response_status(monitor, f"{monitor_path(state)}/healthz") == HTTPStatus.SERVICE_UNAVAILABLE,
    )


def monitor_path(state: State) -> str:
    """Return the path below which the monitoring port answers.

    The port has no users, shows connections, subjects and stack traces, and allows pages of any origin to read them. So
    the path is a secret; every other path is 404.
    """
    return "/" + password(state, "nats-monitor-path")
