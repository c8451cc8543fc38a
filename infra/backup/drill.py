"""The drill: restore a snapshot into a scratch PostgreSQL and compare the rows of every table."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.backup import database
from infra.backup.manifest import DUMP, BadBackup, Manifest, verify

ROLES: Final = ("faplog_owner", "faplog_api", "faplog_worker")
START_SEC: Final = 60
SOCKETS: Final = "/tmp"  # noqa: S108
"""Where the scratch server's socket lies. The kernel limits its path to 107 bytes, and `TMPDIR` may be long."""


def drill(folder: Path) -> Manifest:
    """Verify a snapshot's files, restore its database into a scratch server, and compare the rows of every table.

    Raises:
        BadBackup: The snapshot would not restore; the message says why.
        DatabaseProblem: The scratch server could not be made.
    """
    manifest = verify(folder)
    with scratch() as url:
        try:
            database.restore(url, folder / DUMP)
        except database.DatabaseProblem as error:
            raise BadBackup(f"The database of {folder} does not restore: {error}") from error
        rows = database.counts(url)
    if rows != manifest.rows:
        raise BadBackup(f"The database of {folder} restores to other numbers of rows than were counted.")
    return manifest


@contextmanager
def scratch() -> Iterator[str]:
    """Start a private PostgreSQL with faplog's roles and an empty database, and yield the owner's URL.

    Its data lie in the temporary folder (`TMPDIR`), which needs room for the database. It listens only on a socket in a
    folder of its own.
    """
    wrap = _unprivileged()
    with (
        tempfile.TemporaryDirectory(prefix="drill-") as temporary,
        tempfile.TemporaryDirectory(prefix="drill-", dir=SOCKETS) as sockets,
    ):
        data = Path(temporary) / "data"
        _run([*wrap, database.binary("initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-locale"])
        statements = [f"CREATE ROLE {role} LOGIN;" for role in ROLES]
        statements.append("CREATE DATABASE faplog OWNER faplog_owner;")
        _run(
            [*wrap, database.binary("postgres"), "--single", "-D", str(data), "postgres"], "\n".join(statements) + "\n"
        )
        options = ["-c", "listen_addresses=", "-k", sockets, "-c", "fsync=off"]
        server = subprocess.Popen(
            [*wrap, database.binary("postgres"), "-D", str(data), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"host={sockets} user=faplog_owner dbname=faplog"
        try:
            _wait(url, server)
            yield url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SEC
    while True:
        try:
            database.counts(url)
            return
        except database.DatabaseProblem:
            if server.poll() is not None or time.monotonic() > deadline:
                raise database.DatabaseProblem("The scratch PostgreSQL did not start.") from None
            time.sleep(0.05)


def _unprivileged() -> list[str]:
    """Return a command prefix. PostgreSQL refuses root, so root runs it as another user in a namespace of its own."""
    if os.geteuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"]


def _run(argv: list[str], given: str = "") -> None:
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise database.DatabaseProblem(f"The scratch PostgreSQL could not be made: {done.stderr.strip()[-300:]}")
