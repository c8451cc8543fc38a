"""The real servers of the laptop: whom they let in, and to what."""

import asyncio
import json
import os
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import nats
import psutil
import psycopg
import pytest
from nats.js import api as js

from faplog.bus import STREAM, STREAM_DEAD, ensure_streams, inbox_prefix
from faplog.errors import Unavailable
from standalone import credentials, postgres
from standalone.ports import assign
from standalone.servers import Servers
from standalone.state import Problem, State, prepare
from standalone.unsupervised import running
from tests import buckets

pytestmark = pytest.mark.stack

PATIENCE_SEC = 60.0


def secret(servers: Servers, name: str) -> str:
    return (servers.secrets / name).read_text("utf-8")


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_they_are_the_real_servers(servers: Servers) -> None:
    ours = {process.pid for process in psutil.Process().children()}
    # Other children of the tests may end meanwhile; those are left out.
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]) if process.pid in ours]
    commands = {" ".join(command[:4]) for command in found}
    for name in ("bin/postgres -D", "bin/nats-server -c", "bin/weed -logtostderr=true mini"):
        assert any(name in command for command in commands), f"no {name} among {commands}"


def test_state_and_secrets_are_private(servers: Servers) -> None:
    assert stat.S_IMODE(servers.state.stat().st_mode) == 0o700
    for file in servers.secrets.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.parametrize("role", ["owner", "api", "worker"])
def test_postgres_takes_only_the_right_password(servers: Servers, role: str) -> None:
    url = secret(servers, f"faplog-{role}-database")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (f"faplog_{role}",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(secret(servers, f"postgres-{role}-password"), "guess"))


def test_postgres_roles_are_no_superusers_and_their_passwords_are_scram(servers: Servers) -> None:
    superuser = secret(servers, "postgres-superuser-password")
    where = f"host={servers.postgres.host} port={servers.postgres.port} dbname=postgres user=postgres"
    with psycopg.connect(where, password=superuser) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, left(rolpassword, 13) FROM pg_authid WHERE rolname LIKE 'faplog%'"
        ).fetchall()
    assert sorted(roles) == [(f"faplog_{role}", False, False, "SCRAM-SHA-256") for role in ("api", "owner", "worker")]


def test_nats_takes_only_the_right_password(servers: Servers) -> None:
    def answer(**who: str) -> str:
        """Return what the server says to a client that introduces itself so."""
        with socket.create_connection((servers.nats.host, servers.nats.port), timeout=30) as connection:
            connection.sendall(f"CONNECT {json.dumps(who | {'verbose': False})}\r\nPING\r\n".encode())
            with connection.makefile("r") as lines:
                assert lines.readline().startswith("INFO")
                return lines.readline().strip()

    right = secret(servers, "nats-api-password")
    assert answer(user="api", **{"pass": right}) == "PONG"
    for who in ({"user": "api", "pass": "guess"}, {"user": "connector", "pass": right}, {}):
        assert answer(**who) == "-ERR 'Authorization Violation'"


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("api", "analysis.result"),
        ("api", "average.result"),
        ("api", "dead.analysis.request"),
        ("api", f"$JS.API.STREAM.CREATE.{STREAM}"),
        ("api", f"$JS.API.STREAM.UPDATE.{STREAM}"),
        ("api", f"$JS.API.STREAM.INFO.{STREAM_DEAD}"),
        ("api", f"$JS.API.STREAM.DELETE.{STREAM}"),
        ("api", f"$JS.API.STREAM.PURGE.{STREAM}"),
        ("api", f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.analyse"),
        ("api", "_INBOX.connector.reply"),
        ("connector", f"$JS.API.STREAM.DELETE.{STREAM}"),
        ("connector", f"$JS.API.STREAM.PURGE.{STREAM}"),
        ("connector", f"$JS.API.CONSUMER.DELETE.{STREAM}.analyse"),
        ("connector", "_INBOX.api.reply"),
        ("connector", "elsewhere"),
    ],
)
def test_nats_refuses_what_a_role_does_not_need(servers: Servers, role: str, subject: str) -> None:
    async def publish() -> None:
        refused = asyncio.get_running_loop().create_future()

        async def heard(error: Exception) -> None:
            if not refused.done():
                refused.set_result(str(error))

        connection = await nats.connect(secret(servers, f"faplog-{role}-nats"), error_cb=heard)
        try:
            await connection.publish(subject, b"{}")
            assert "permissions violation" in (await asyncio.wait_for(refused, PATIENCE_SEC)).lower()
        finally:
            await connection.close()

    run(publish())


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("api", "analysis.*"),
        ("api", "_INBOX.>"),
        ("api", "_INBOX.connector.>"),
        ("api", ">"),
        ("connector", "_INBOX.>"),
        ("connector", "_INBOX.api.>"),
        ("connector", "$JS.EVENT.>"),
    ],
)
def test_nats_lets_a_role_hear_only_replies_to_itself(servers: Servers, role: str, subject: str) -> None:
    async def listen() -> None:
        refused = asyncio.get_running_loop().create_future()

        async def heard(error: Exception) -> None:
            if not refused.done():
                refused.set_result(str(error))

        connection = await nats.connect(secret(servers, f"faplog-{role}-nats"), error_cb=heard)
        try:
            await connection.subscribe(subject)
            assert "permissions violation" in (await asyncio.wait_for(refused, PATIENCE_SEC)).lower()
        finally:
            await connection.close()

    run(listen())


def test_nats_lets_the_connector_make_the_streams_and_both_roles_look_into_them(servers: Servers) -> None:
    async def look(role: str) -> None:
        url = secret(servers, f"faplog-{role}-nats")
        connection = await nats.connect(url, inbox_prefix=inbox_prefix(role))
        try:
            stream = connection.jetstream(timeout=PATIENCE_SEC)
            if role == "connector":
                await ensure_streams(stream)
            assert (await stream.stream_info(STREAM)).config.retention == js.RetentionPolicy.WORK_QUEUE
        finally:
            await connection.close()

    run(look("connector"))
    run(look("api"))


READ, WRITE, DELETE, LIST = "read", "write", "delete", "list"


@pytest.mark.parametrize(
    ("role", "key", "may"),
    [
        ("api", "logs/x.csv", {READ, WRITE, DELETE, LIST}),
        ("api", "averages/u/x.json", {READ, WRITE, DELETE, LIST}),
        ("analyse", "logs/x.csv", {READ}),
        ("analyse", "series/x", {WRITE, DELETE}),
        ("analyse", "results/x.json", {WRITE, DELETE}),
        ("analyse", "averages/u/x.json", set()),
        ("average", "averages/u/x.json", {READ, WRITE, DELETE}),
        ("average", "logs/x.csv", set()),
        ("average", "series/x", set()),
        ("backup", "logs/x.csv", {READ, LIST}),
    ],
)
def test_s3_gives_a_role_no_more_than_it_needs(servers: Servers, role: str, key: str, may: set[str]) -> None:
    buckets.of_servers(servers).put(key, b"x")
    mine = buckets.of_servers(servers, role)
    tries: dict[str, Callable[[], object]] = {
        READ: lambda: mine.get(key),
        WRITE: lambda: mine.put(key, b"y"),
        LIST: lambda: [*mine.list(key.split("/")[0])],
        DELETE: lambda: mine.delete(key),
    }
    done = set()
    for name, attempt in tries.items():
        try:
            attempt()
        except Unavailable:
            continue
        done.add(name)
    assert done == may


def test_s3_takes_only_the_right_key(servers: Servers) -> None:
    with pytest.raises(Unavailable):
        buckets.of_servers(servers, "api", "guess").get("logs/x.csv")


def test_the_inner_file_port_of_s3_refuses_the_unsigned(servers: Servers) -> None:
    """The filer behind S3 would hand out every object to every client of its port.

    Only the server's own certificate opens the connection, and even then the request must be signed.
    """
    buckets.of_servers(servers).put("logs/private.csv", b"private")
    port = json.loads((servers.state / "ports.json").read_text("utf-8"))["s3-filer"]
    own = ssl.create_default_context(cafile=str(servers.state / "s3" / "certificate.pem"))
    own.load_cert_chain(servers.state / "s3" / "certificate.pem", servers.state / "s3" / "key.pem")
    address = f"https://127.0.0.1:{port}/buckets/{servers.s3.bucket}/logs/private.csv"
    for method in ("GET", "PUT", "DELETE"):
        with pytest.raises(httpx.TransportError):
            httpx.request(method, address, verify=False, timeout=PATIENCE_SEC)  # noqa: S501
        answer = httpx.request(method, address, verify=own, timeout=PATIENCE_SEC)
        assert answer.status_code in {401, 404}, method
    assert buckets.of_servers(servers).get("logs/private.csv") == b"private"


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    state = prepare(tmp_path / "state")
    half = state.folder("postgres") / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert serves_postgres(state)
    assert not half.exists()


def test_the_lock_of_a_killed_server_is_no_obstacle(tmp_path: Path) -> None:
    """The id in it may meanwhile be a zombie's or, after a reboot, a stranger's: here it is our own."""
    state = prepare(tmp_path / "state")
    assert serves_postgres(state)
    lock = state.folder("postgres") / "data" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n")
    assert serves_postgres(state)


def test_lost_passwords_are_replaced_and_the_data_stays(tmp_path: Path) -> None:
    state = prepare(tmp_path / "state")
    assert serves_postgres(state, "CREATE TABLE kept AS SELECT 42 AS answer")
    for file in state.secrets.glob("*"):
        file.unlink()
    assert serves_postgres(state, "SELECT answer FROM kept") == 42


def test_a_state_of_an_older_release_loses_what_public_may_do(tmp_path: Path) -> None:
    state = prepare(tmp_path / "state")
    program = postgres.program(state, assign(state, ["postgres"])["postgres"])
    with running(state, [program]):
        where = f"{(state.secrets / 'faplog-owner-database').read_text('utf-8').rsplit('@', 1)[1]}"
        superuser = (state.secrets / "postgres-superuser-password").read_text("utf-8")
        with psycopg.connect(f"postgresql://postgres:{superuser}@{where}", autocommit=True) as connection:
            connection.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
            connection.execute("GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC")
    (state.folder("postgres") / "roles.sha256").write_text("what the older release ran")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        serves_postgres(state, "SELECT lo_create(0)")


def serves_postgres(state: State, statement: str = "SELECT 1") -> int:
    """Start PostgreSQL alone and run one statement as the owner; its first value, or the number of rows."""
    program = postgres.program(state, assign(state, ["postgres"])["postgres"])
    with running(state, [program]):
        url = (state.secrets / "faplog-owner-database").read_text("utf-8")
        with psycopg.connect(url) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else cursor.rowcount


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a user namespace for PostgreSQL")
def test_root_without_user_namespaces_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Problem, match="as an ordinary user"):
        postgres.program(prepare(tmp_path / "state"), 20_000)
    assert subprocess.run(["unshare"], check=False).returncode == 1


def test_a_program_sees_only_its_own_secrets(tmp_path: Path) -> None:
    state = prepare(tmp_path / "state")
    for name in ("one", "two"):
        credentials.password(state, name)
    folder = credentials.mount(state, "program", ["one"])
    assert [file.name for file in folder.iterdir()] == ["one"]
    assert (folder / "one").read_text() == (state.secrets / "one").read_text()
