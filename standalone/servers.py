"""The three real servers together: PostgreSQL, NATS with JetStream, and S3."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from standalone import nats, postgres, s3, unsupervised
from standalone.credentials import ensure_signing_keys, password
from standalone.ports import HOST, assign
from standalone.program import Program
from standalone.state import State


@dataclass(frozen=True)
class Address:
    """Address on which a server listens."""

    host: str
    port: int


@dataclass(frozen=True)
class Nats(Address):
    """Addresses of NATS; `monitor` is its HTTP port for health and figures."""

    monitor: int
    monitor_path: str
    """Secret path below which the monitoring port answers."""


@dataclass(frozen=True)
class S3:
    """Address of the object store, and its one bucket."""

    endpoint: str
    bucket: str


@dataclass(frozen=True)
class Servers:
    """The servers of one state folder: their addresses, and how they are started."""

    state: Path
    secrets: Path
    postgres: Address
    nats: Nats
    s3: S3
    programs: tuple[Program, ...]

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings by which a process finds the servers."""
        return {
            "FAPLOG_SECRETS_DIR": str(self.secrets),
            "FAPLOG_S3_ENDPOINT": self.s3.endpoint,
            "FAPLOG_S3_BUCKET": self.s3.bucket,
        }


def prepare(state: State, avoid: Collection[int] = ()) -> Servers:
    """Prepare credentials, ports, configuration and a complete data folder for each server; nothing listens yet.

    Args:
        state: The state folder.
        avoid: Ports that other programs of the system are about to use.

    Raises:
        Problem: A server cannot run on this machine.
    """
    for name in ("faplog-connector-secret", "faplog-connector-metrics"):
        password(state, name)
    ensure_signing_keys(state)
    names = ["postgres", "nats", "nats-monitor", *s3.port_names()]
    ports = assign(state, names, avoid=avoid, second={"s3-admin": s3.GRPC_OF_ADMIN})
    programs = (
        postgres.program(state, ports["postgres"]),
        nats.program(state, ports["nats"], ports["nats-monitor"]),
        s3.program(state, ports),
    )
    return Servers(
        state=state.root,
        secrets=state.secrets,
        postgres=Address(HOST, ports["postgres"]),
        nats=Nats(HOST, ports["nats"], ports["nats-monitor"], nats.monitor_path(state)),
        s3=S3(s3.endpoint(ports), s3.BUCKET),
        programs=programs,
    )


@contextmanager
def running(state: State) -> Iterator[Servers]:
    """Run only the servers, without a supervisor; they are ready when the block begins and stop when it ends.

    Raises:
        Problem: A server could not start; the message has the last lines of its log.
    """
    servers = prepare(state)
    with unsupervised.running(state, servers.programs):
        yield servers
