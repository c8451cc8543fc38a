"""What the cluster runs on its servers, run on real ones: the broker's values and the database's roles."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sysconfig
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nats
import psycopg
import pytest
import yaml
from nats.aio.client import Client
from nats.errors import Error

from faplog import nats_users
from faplog.bus import STREAM, ensure_streams, inbox_prefix
from infra import render, seal
from infra.backup import database
from standalone.ports import HOST
from standalone.servers import Servers, running
from standalone.state import prepare
from tests.conftest import ROOT, free_port, until

pytestmark = pytest.mark.stack

PASSWORDS = {"api": "a0000000000000000001", "connector": seal.password()}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nats-server with the users the chart is given, passwords from its environment; the port."""
    folder = tmp_path_factory.mktemp("broker")
    port, monitor = free_port(), free_port()
    own = yaml.safe_load((ROOT / "infra/nats/values.yaml").read_text("utf-8"))["config"]["merge"]
    merged = own | render.nats_values()["config"]["merge"]
    configuration = merged | {"listen": f"{HOST}:{port}", "http": f"{HOST}:{monitor}"}
    configuration["jetstream"] = {"store_dir": str(folder / "jetstream")}
    # The chart writes what stands in << >> without quotes, so that the server reads a variable or a size.
    text = re.sub(r'"<< (\S+) >>"', r"\1", json.dumps(configuration))
    file = folder / "nats.conf"
    file.write_text(text, "utf-8")
    environment = {f"NATS_{role.upper()}_PASSWORD": PASSWORDS[role] for role in nats_users.ROLES}
    server = Path(sysconfig.get_path("scripts")) / "nats-server"
    process = subprocess.Popen([server, "-c", str(file)], env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(monitor))
        yield port
    finally:
        process.terminate()
        process.wait(60)


def answers(monitor: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{monitor}/healthz", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def connected(port: int, role: str, password: str) -> Client:
    async def ignore(_: Exception) -> None:
        """Ignore a refusal here: the test looks at the one that its own call raises."""

    return await nats.connect(
        f"nats://{role}:{password}@{HOST}:{port}",
        inbox_prefix=inbox_prefix(role),
        allow_reconnect=False,
        connect_timeout=60,
        error_cb=ignore,
    )


def test_the_connector_of_the_chart_makes_the_streams_and_no_role_deletes_one(broker: int) -> None:
    async def scenario() -> None:
        for role in ("connector", "api"):
            connection = await connected(broker, role, PASSWORDS[role])
            jetstream = connection.jetstream(timeout=60)
            if role == "connector":
                await ensure_streams(jetstream)
            before = (await jetstream.stream_info(STREAM)).config
            forbidden = [connection.jetstream(timeout=2).delete_stream, connection.jetstream(timeout=2).purge_stream]
            for request in forbidden:
                with pytest.raises(Error):  # a connection that is not let through gets no answer
                    await request(STREAM)
            if role == "api":
                with pytest.raises(Error):
                    await connection.jetstream(timeout=2).update_stream(before.evolve(max_bytes=1))
            assert (await jetstream.stream_info(STREAM)).config == before
            await connection.close()

    asyncio.run(scenario())


def test_a_wrong_password_is_refused(broker: int) -> None:
    with socket.create_connection((HOST, broker), timeout=60) as connection:
        stream = connection.makefile("rwb")
        assert stream.readline().startswith(b"INFO ")
        stream.write(b'CONNECT {"user": "api", "pass": "wrong", "verbose": false}\r\nPING\r\n')
        stream.flush()
        assert stream.readline() == b"-ERR 'Authorization Violation'\r\n"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(prepare(tmp_path_factory.mktemp("state"))) as servers:
        yield servers


def run_roles(servers: Servers, folder: Path) -> dict[str, str]:
    """Return the roles job with freshly made secrets, as the cluster mounts them; each role's URL at this server."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    secrets = {secret.name: secret.values[secret.name] for secret in seal.database(lambda *_: None)}
    superuser = (servers.secrets / "postgres-superuser-password").read_text("utf-8")
    for name, value in (secrets | {"postgres-superuser": superuser}).items():
        (folder / name).write_text(value, "utf-8")
    programs = Path(database.binary("psql")).parent
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": servers.postgres.host,
        "PGPORT": str(servers.postgres.port),
    }
    done = subprocess.run(
        ["bash", str(ROOT / "infra/postgres/base/roles.sh"), str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    here = f"{servers.postgres.host}:{servers.postgres.port}/"
    urls = {
        role: secrets[f"faplog-{role}-database"].replace(seal.DATABASE.partition("/")[0] + "/", here)
        for role in seal.DATABASE_ROLES
    }
    assert not any(url.split(":")[2].split("@")[0] in done.stdout + done.stderr for url in urls.values())
    return urls


def as_in_an_older_release(servers: Servers) -> None:
    """Give PUBLIC back what PostgreSQL itself gives it, and what the laptop's start took."""
    for name in ("faplog", "postgres", "template1"):
        where = f"host={servers.postgres.host} port={servers.postgres.port} dbname={name} user=postgres"
        superuser = (servers.secrets / "postgres-superuser-password").read_text("utf-8")
        with psycopg.connect(where, password=superuser, autocommit=True) as connection:
            connection.execute(f"GRANT CONNECT, TEMP ON DATABASE {name} TO PUBLIC")
            connection.execute("GRANT EXECUTE ON FUNCTION lo_create(oid), lo_creat(int) TO PUBLIC")


def test_the_roles_job_makes_rotates_and_holds_back(servers: Servers, tmp_path: Path) -> None:
    as_in_an_older_release(servers)
    first = run_roles(servers, tmp_path / "secrets")
    second = run_roles(servers, tmp_path / "secrets")
    for role in seal.DATABASE_ROLES:
        with psycopg.connect(second[role]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (f"faplog_{role}",)
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(first[role])
    with psycopg.connect(second["owner"]) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    for role in ("api", "worker", "monitor"):
        with psycopg.connect(second[role]) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE theirs (id int)")
            connection.rollback()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM mine")
            connection.rollback()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT lo_create(0)")
        for name in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(second[role], dbname=name)
    with psycopg.connect(second["monitor"]) as connection:
        assert connection.execute("SELECT pg_database_size('faplog') > 0").fetchone() == (True,)
