"""What a role of the database may not do beyond its tables, on the laptop and as the cluster's roles job leaves it."""

from pathlib import Path

import psycopg
import pytest

from infra.backup import database, drill
from standalone.servers import Servers
from tests.integration.test_standalone_servers import secret

pytestmark = pytest.mark.stack

ROLES = ("api", "worker")
LARGE_OBJECT_FUNCTIONS = r"^lo(_|read$|write$)"


def superuser(servers: Servers, name: str) -> "psycopg.Connection[tuple[object, ...]]":
    where = f"host={servers.postgres.host} port={servers.postgres.port} dbname={name} user=postgres"
    return psycopg.connect(where, password=secret(servers, "postgres-superuser-password"), autocommit=True)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT lo_export(1, '/tmp/x')",
        "SELECT lo_put(1, 0, 'x')",
        "SELECT lo_unlink(1)",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_a_role_makes_nothing_of_its_own(servers: Servers, role: str, statement: str) -> None:
    with (
        psycopg.connect(secret(servers, f"faplog-{role}-database"), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


@pytest.mark.parametrize("name", ["faplog", "template1"])
def test_no_large_object_function_is_left_to_a_role(servers: Servers, name: str) -> None:
    """In template1 too, for a new database is a copy of it."""
    with superuser(servers, name) as connection:
        left = connection.execute(
            "SELECT rolname, proname FROM pg_roles, pg_proc WHERE rolname LIKE 'faplog%%' AND proname ~ %s"
            " AND has_function_privilege(rolname, pg_proc.oid, 'EXECUTE')",
            [LARGE_OBJECT_FUNCTIONS],
        ).fetchall()
        functions = connection.execute("SELECT count(*) FROM pg_proc WHERE proname ~ %s", [LARGE_OBJECT_FUNCTIONS])
        assert functions.fetchone() != (0,)
    assert left == []


@pytest.mark.parametrize("role", ["owner", *ROLES])
@pytest.mark.parametrize("name", ["postgres", "template1"])
def test_a_role_connects_to_its_own_database_only(servers: Servers, role: str, name: str) -> None:
    url = secret(servers, f"faplog-{role}-database")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url, dbname=name)


def test_a_large_object_of_before_stops_no_backup(servers: Servers, tmp_path: Path) -> None:
    """The owner cannot read it, and it is none of faplog's."""
    with superuser(servers, "faplog") as connection:
        (made,) = connection.execute("SELECT lo_create(0)").fetchone() or (None,)
        connection.execute(f"ALTER LARGE OBJECT {made} OWNER TO faplog_api".encode())
        try:
            rows = database.dump(secret(servers, "faplog-owner-database"), tmp_path / "dump")
        finally:
            connection.execute("SELECT lo_unlink(%s)", [made])
    assert "users" in rows
    database.check(tmp_path / "dump")


@pytest.mark.parametrize("role", ROLES)
def test_default_privileges_of_a_role_stop_no_restore(servers: Servers, tmp_path: Path, role: str) -> None:
    """Every role may set its own, and only itself and the superuser may set them again."""
    with psycopg.connect(secret(servers, f"faplog-{role}-database"), autocommit=True) as connection:
        connection.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
        try:
            rows = database.dump(secret(servers, "faplog-owner-database"), tmp_path / "dump")
        finally:
            connection.execute("ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC")
    with drill.scratch() as url:
        database.restore(url, tmp_path / "dump")
        assert database.counts(url) == rows
