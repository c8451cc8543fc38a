"""The bucket of real servers, with the key of a role that has its own there."""

from pathlib import Path

from faplog.blobs import Blobs
from standalone.servers import Servers
from tests.conftest import Stack


def of_servers(servers: Servers, role: str = "api", secret_key: str | None = None) -> Blobs:
    """Return the bucket of the servers alone as a role sees it, or who tries another secret key."""
    return _bucket(servers.secrets, servers.s3.endpoint, servers.s3.bucket, role, secret_key)


def of_stack(stack: Stack) -> Blobs:
    """Return the bucket of a running system as its API sees it."""
    where = stack.runtime["s3"]
    return _bucket(stack.secrets, where["endpoint"], where["bucket"], "api")


def _bucket(secrets: Path, endpoint: str, name: str, role: str, secret_key: str | None = None) -> Blobs:
    access, secret = (
        (secrets / f"faplog-{role}-s3-{half}-key").read_text("utf-8").strip() for half in ("access", "secret")
    )
    return Blobs(endpoint, name, access, secret_key or secret)
