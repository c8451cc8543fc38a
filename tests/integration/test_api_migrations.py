"""Migrations on the real Postgres: forward over data, twice at once, and a sentence where they cannot."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row, tuple_row

from functions.api.averages.staleness import mark_stale_averages
from functions.api.cars import membership
from functions.api.migrate import MigrationError, migrate
from standalone.servers import Servers


@pytest.fixture
def scratch(servers: Servers) -> Iterator[str]:
    """Yield the URL of an empty schema, as the tables' owner."""
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


def test_sessions_of_the_release_before_go_on(scratch: str) -> None:
    """When one was used last is known from when it expires."""
    migrate(scratch, "0007")
    with psycopg.connect(scratch) as connection:
        connection.execute("INSERT INTO users (email, password_hash) VALUES ('a@example.org', 'x')")
        connection.execute(
            """
            INSERT INTO sessions (user_id, csrf_digest, created_at, expires_at)
            SELECT id, sha256('x'), now() - interval '9 days', now() + interval '27 days' FROM users
            """
        )
    migrate(scratch)
    with psycopg.connect(scratch) as connection:
        row = connection.execute(
            "SELECT expires_at - last_used_at = interval '30 days', browser, device, ended_at FROM sessions"
        ).fetchone()
    assert row == (True, None, None, None)


LOGS = 10_000


def test_logs_of_two_cars_and_their_averages_of_the_first_release(scratch: str) -> None:
    """The averages are there after the migration and while `reconcile` distributes 10,000 logs of two like cars.

    A user with one car keeps the averages as they are.
    """
    migrate(scratch, "0003")
    with psycopg.connect(scratch) as connection:
        for user, cars, logs in (("two", 2, LOGS), ("one", 1, 50)):
            _release_0_1(connection, f"{user}@example.org", cars, logs)
        before = _averages(connection)
    migrate(scratch)
    with psycopg.connect(scratch, row_factory=dict_row) as connection:
        assert _averages(connection) == before
        users = {row["email"]: row["id"] for row in connection.execute("SELECT id, email FROM users").fetchall()}
        assert connection.execute("SELECT FROM fap_analysis WHERE car_id IS NULL").fetchone() is None
        assert {*membership.unsorted_users(connection)} == {*users.values()}
        for user_id in users.values():
            membership.sort_all(connection, user_id)
        assert membership.unsorted_users(connection) == []
        found = connection.execute(
            """
            SELECT min(file_name) AS first, max(life_km) - min(life_km) AS km, count(*) AS logs,
                count(DISTINCT split_part(file_name, '.', 2)) AS cars, user_id
            FROM fap_analysis GROUP BY user_id, car_id ORDER BY user_id, first
            """
        ).fetchall()
        mixed = [row for row in found if row["user_id"] == users["two@example.org"]]
        assert [(row["logs"], row["cars"]) for row in mixed] == [(LOGS // 2, 1)] * 2
        assert [row["logs"] for row in found if row["user_id"] == users["one@example.org"]] == [50]
        assert _averages(connection) == before  # the old ones are shown until the new ones are there
        requests = mark_stale_averages(connection, users["one@example.org"])
        assert requests == []
        assert _averages(connection) == before
        requests = mark_stale_averages(connection, users["two@example.org"])
        assert len({request.car_id for request in requests}) == 2
        assert before.items() <= _averages(connection).items()


def _release_0_1(connection: psycopg.Connection[Any], email: str, cars: int, logs: int) -> None:
    """Insert a user of the first release: logs of so many cars in turn, five a day, and the averages over all."""
    connection.execute("INSERT INTO users (email, password_hash) VALUES (%s, 'x')", [email])
    connection.execute(
        """
        INSERT INTO fap_analysis (user_id, file_name, size, sha256, version, stage, status, analysis, digest, verdict,
            log_date, log_year, log_month)
        SELECT id, 'DCM62v2_20200101.' || n %% %(cars)s || '.' || n || '.csv', 1, sha256(n::text::bytea), 1, 'analyse',
            'Success', jsonb_build_object(
                'fap', jsonb_build_object(
                    'life', jsonb_build_object('life_km', 10000 + 100000 * (n %% %(cars)s) + 6 * n),
                    'additive', jsonb_build_object('vol_ml', 1260)),
                'drives', repeat(md5(n::text), 150)),
            sha256(n::text::bytea), 'good', day, extract(year FROM day), extract(month FROM day)
        FROM users, generate_series(1, %(logs)s) AS n,
            LATERAL (SELECT timestamptz '2020-01-01Z' + make_interval(days => n / 5) AS day) AS at
        WHERE email = %(email)s
        """,
        {"cars": cars, "logs": logs, "email": email},
    )
    connection.execute(
        """
        INSERT INTO fap_average (user_id, type, year, month, status, average, sha256)
        SELECT user_id, CASE WHEN grouping(log_year) = 1 THEN 'OVERALL'
                WHEN grouping(log_month) = 1 THEN 'YEARLY' ELSE 'MONTHLY' END, log_year, log_month, 'SUCCESS',
            jsonb_build_object('logs', count(*)),
            encode(sha256(string_agg(digest, ''::bytea ORDER BY log_date, fap_analysis.id)), 'hex')
        FROM fap_analysis JOIN users ON users.id = user_id WHERE email = %s
        GROUP BY GROUPING SETS ((user_id), (user_id, log_year), (user_id, log_year, log_month))
        """,
        [email],
    )


def _averages(connection: psycopg.Connection[Any]) -> dict[tuple[Any, ...], Any]:
    """Return the averages that can be shown, by user and period."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        rows = cursor.execute(
            "SELECT user_id, type, year, month, average FROM fap_average WHERE average IS NOT NULL"
        ).fetchall()
    return {row[:4]: row[4] for row in rows}


def test_twice_at_once_and_once_more(scratch: str) -> None:
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        list(pool.map(migrate, [scratch] * 3))
    migrate(scratch)
    with psycopg.connect(scratch) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_database_that_is_away_is_a_sentence() -> None:
    with pytest.raises(MigrationError, match="does not answer"):
        migrate("postgresql://nobody:x@127.0.0.1:9/faplog")


def test_every_table_is_under_row_level_security_and_owned_by_the_owner_role(servers: Servers) -> None:
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
