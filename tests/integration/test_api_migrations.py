"""Migrations on the real Postgres: forward over data, twice at once, and a sentence where they cannot."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from uuid import uuid4

import psycopg
import pytest

from functions.api.migrate import MigrationError, migrate
from standalone.servers import Servers


@pytest.fixture
def scratch(servers: Servers) -> Iterator[str]:
    """The URL of an empty schema, as the tables' owner."""
    url = (servers.secrets / "faplog-owner-database").read_text()
    schema = f"scratch_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{url}?options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


def test_forward_over_data(scratch: str) -> None:
    migrate(scratch, "0001")
    with psycopg.connect(scratch) as connection:
        connection.execute("INSERT INTO users (email, password_hash) VALUES ('a@example.org', 'x')")
    migrate(scratch)
    with psycopg.connect(scratch) as connection:
        assert connection.execute("SELECT email FROM users").fetchall() == [("a@example.org",)]
        connection.execute("INSERT INTO car (user_id) SELECT id FROM users")
        insert = """
            INSERT INTO fap_average (user_id, car_id, type, sha256)
            SELECT user_id, id, 'OVERALL', repeat('0', 64) FROM car
        """
        connection.execute(insert)
        with pytest.raises(psycopg.errors.UniqueViolation):  # NULLS NOT DISTINCT: one overall average a car
            connection.execute(insert)


def test_logs_of_the_release_before_are_not_deleted(scratch: str) -> None:
    """With as many logs as an owner has, and the average over them."""
    migrate(scratch, "0003")
    with psycopg.connect(scratch) as connection:
        connection.execute("INSERT INTO users (email, password_hash) VALUES ('a@example.org', 'x')")
        connection.execute(
            """
            INSERT INTO fap_analysis (user_id, file_name, size, sha256, version)
            SELECT id, n || '.csv', 1, sha256(n::text::bytea), 1 FROM users, generate_series(1, 10000) AS n
            """
        )
        connection.execute(
            "INSERT INTO fap_average (user_id, type, sha256) SELECT id, 'OVERALL', repeat('0', 64) FROM users"
        )
    migrate(scratch)
    with psycopg.connect(scratch) as connection:
        kept = connection.execute("SELECT count(*), count(deleted_at) FROM fap_analysis").fetchone()
        assert kept == (10_000, 0)
        assert connection.execute("SELECT count(*) FROM fap_average").fetchone() == (1,)


def test_twice_at_once_and_once_more(scratch: str) -> None:
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        list(pool.map(migrate, [scratch] * 3))
    migrate(scratch)
    with psycopg.connect(scratch) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_database_that_is_away_is_a_sentence() -> None:
    with pytest.raises(MigrationError, match="does not answer"):
        migrate("postgresql://nobody:x@127.0.0.1:9/faplog")


def test_every_table_is_under_row_level_security_and_nobody_else_owns_it(servers: Servers) -> None:
    url = (servers.secrets / "faplog-owner-database").read_text()
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            """
            SELECT relname, relrowsecurity, pg_get_userbyid(relowner) FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
            """
        ).fetchall()
    assert len(tables) >= 7
    assert [table for table in tables if table[1:] != (True, "faplog_owner")] == []
