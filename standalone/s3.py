"""SeaweedFS as the S3 server on loopback: one bucket, and an access key for each role with only the rights it needs.

The S3 port answers signed requests only. Every other port belongs to the server's own parts: it speaks TLS and accepts
only the certificate that `standalone.certificate` makes at each start.
"""

import errno
import json
import os
import signal
import tomllib
from typing import Final

from faplog.blobs import Blobs
from faplog.contracts.keys import AVERAGES, LOGS, RESULTS, SERIES
from faplog.errors import Unavailable
from standalone import certificate, disk, logs
from standalone.credentials import S3_ROLES, password
from standalone.ports import HOST
from standalone.program import Program, bare_environment, binary
from standalone.state import State, write_private

BUCKET: Final = "faplog"
GRPC_OF_ADMIN: Final = 10_000
"""How far above the admin port its gRPC port lies: we cannot choose it, the server's own worker expects it there."""
PORTS: Final = ("s3", "master", "volume", "filer", "admin")
"""The parts of the server; each listens on one loopback port for HTTP and one for gRPC."""

_ACTIONS: Final = {
    "api": [f"{verb}:{BUCKET}" for verb in ("Read", "Write", "List")],
    "analyse": [f"Read:{BUCKET}/{LOGS}*", f"Write:{BUCKET}/{SERIES}*", f"Write:{BUCKET}/{RESULTS}*"],
    "average": [f"{verb}:{BUCKET}/{AVERAGES}*" for verb in ("Read", "Write")],
    "backup": [f"{verb}:{BUCKET}" for verb in ("Read", "List")],
}
_INNER_KEYS: Final = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_GRPC: Final = ("master", "volume", "filer", "s3", "admin", "worker", "client")
_HTTPS: Final = ("master", "volume", "filer", "admin", "client")
_FULL: Final = tuple(os.strerror(number).lower().encode() for number in (errno.ENOSPC, errno.EDQUOT))
"""Error texts as Go writes them."""
_FIXED: Final = "admin-grpc"


def port_names() -> list[str]:
    """Return the names of all ports that the server needs."""
    return [f"s3-{part}{kind}" for part in PORTS for kind in ("", "-grpc") if part + kind != _FIXED]


def program(state: State, ports: dict[str, int]) -> Program:
    """Return the server; write its identities, keys and certificate.

    Args:
        state: The state folder.
        ports: A port for each of `port_names()`.
    """
    folder = state.folder("s3")
    identities = [
        {
            "name": role,
            "credentials": [
                {
                    "accessKey": password(state, f"faplog-{role}-s3-access-key"),
                    "secretKey": password(state, f"faplog-{role}-s3-secret-key"),
                }
            ],
            "actions": _ACTIONS[role],
        }
        for role in S3_ROLES
    ]
    write_private(folder / "identities.json", json.dumps({"identities": identities}, indent=1))
    write_private(folder / "security.toml", _security(state, certificate.make(folder)))
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    flags = {
        "dir": "data",
        "ip": HOST,
        "ip.bind": HOST,
        "bucket": BUCKET,
        # The inner parts talk by gRPC, so their HTTP, which TLS does not cover, is off.
        "disableHttp": "true",
        "master.telemetry": "false",
        "webdav": "false",
        "admin.ui": "false",
        "s3.config": "identities.json",
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.autoCreateBucket": "false",
        "s3.iam": "false",
        # Pages of other origins may not read answers.
        "s3.allowedOrigins": endpoint(ports),
        "filer.allowedOrigins": endpoint(ports),
        "s3.allowDeleteBucketNotEmpty": "false",
        "filer.localSocket": "filer.sock",
        "s3.localSocket": "s3.sock",
    }
    for part in PORTS:
        flags[f"{part}.port"] = str(ports[f"s3-{part}"])
        if f"{part}-grpc" != _FIXED:
            flags[f"{part}.port.grpc"] = str(ports[f"s3-{part}-grpc"])
    return Program(
        name="s3",
        argv=(binary("weed"), "-logtostderr=true", "mini", *(f"-{flag}={value}" for flag, value in flags.items())),
        folder=folder,
        environment=bare_environment(folder),
        ready=lambda: _answers(state, endpoint(ports)),
        broken=StuckWrites(state, endpoint(ports)).is_confirmed,
        stop_signal=signal.SIGINT,
    )


def _security(state: State, tls: certificate.Files) -> str:
    """Return security.toml: keys that sign requests between the server's parts, and mutual TLS on their ports."""
    sections: dict[str, dict[str, str | bool]] = {key: {"key": password(state, f"s3-{key}")} for key in _INNER_KEYS}
    pair: dict[str, str | bool] = {"cert": str(tls.certificate), "key": str(tls.key)}
    ca: dict[str, str | bool] = {"ca": str(tls.certificate)}
    sections["grpc"] = ca
    sections |= {f"grpc.{part}": pair for part in _GRPC}
    sections |= {f"https.{part}": pair | ca for part in _HTTPS}
    sections["https.client"] = sections["https.client"] | {"enabled": True}
    lines = []
    for name, values in sections.items():
        # A JSON string or truth value is TOML too.
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    text = "\n".join(lines) + "\n"
    tomllib.loads(text)
    return text


def endpoint(ports: dict[str, int]) -> str:
    """Return the S3 address."""
    return f"http://{HOST}:{ports['s3-s3']}"


def _answers(state: State, address: str, *folders: str) -> bool:
    """Return whether an object can be written and removed, in the bucket or in each of the folders."""
    access, secret = (password(state, f"faplog-api-s3-{kind}") for kind in ("access-key", "secret-key"))
    blobs = Blobs(address, BUCKET, access, secret)
    try:
        for folder in folders or ("",):
            blobs.put(f"{folder}ready", b"")
            blobs.delete(f"{folder}ready")
    except Unavailable:
        return False
    return True


class StuckWrites:
    """Detects a write error of a full disk that the server still keeps.

    Each folder's LevelDB refuses every write after one that found no room, until the server is restarted. Only a write
    reveals that, and each leaves a trace in the server's journal. So writes are tried only after the disk was full or
    the server's log said so, and until all of them succeed.
    """

    def __init__(self, state: State, address: str) -> None:
        self._state = state
        self._address = address
        self._log = logs.path(state, "s3")
        self._read_to = self._log.stat().st_size if self._log.exists() else 0
        self._suspected = False

    def is_confirmed(self) -> bool:
        """Return whether writes fail although the disk has room."""
        self._suspected = self._log_reports_full_disk() or self._suspected
        if not disk.has_room_for(self._state, self._state.folder("s3")):
            self._suspected = True
            return False
        if self._suspected:
            self._suspected = not _answers(self._state, self._address, LOGS, SERIES, RESULTS, AVERAGES)
        return self._suspected

    def _log_reports_full_disk(self) -> bool:
        size = self._log.stat().st_size if self._log.exists() else 0
        start = self._read_to if size >= self._read_to else 0  # it was shortened
        self._read_to = size
        if start == size:
            return False
        with self._log.open("rb") as content:
            content.seek(start)
            said = content.read(size - start)
        return any(words in said for words in _FULL)
