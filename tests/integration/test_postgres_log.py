"""PostgreSQL's log names slow and failed statements, and holds nothing of what they were about."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from standalone.servers import Servers
from tests.conftest import until
from tests.integration.test_standalone_servers import secret

pytestmark = pytest.mark.stack


def log(servers: Servers) -> str:
    return (servers.state / "logs" / "postgres.log").read_text("utf-8", "replace")


def marker() -> str:
    """Return a value that stands for a person's and occurs nowhere else."""
    return f"person-{uuid4().hex}@example.org"


def test_a_slow_statement_is_logged_without_its_parameters(servers: Servers) -> None:
    person = marker()
    with psycopg.connect(secret(servers, "faplog-api-database")) as connection:
        connection.execute("SELECT pg_sleep(2.2), %s::text AS slow_with_a_person", [person])
    until(lambda: "slow_with_a_person" in log(servers), what="the slow statement is in the log")
    assert person not in log(servers)


def test_a_failed_statement_is_logged_without_values_text_or_detail(servers: Servers) -> None:
    person, literal = marker(), marker()
    address = secret(servers, "faplog-owner-database")  # whom row-level security keeps no DETAIL from
    insert = "INSERT INTO users (email, password_hash) VALUES (%s, 'x')"
    with psycopg.connect(address) as connection:
        connection.execute(insert, [person])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(insert, [person])
    with psycopg.connect(address) as connection, pytest.raises(psycopg.errors.NotNullViolation):
        connection.execute("INSERT INTO users (email, password_hash) VALUES (%s, NULL)", [person])
    with psycopg.connect(address) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute(f"SELECT '{literal}' FROM no_such_table_here".encode())
    until(lambda: "no_such_table_here" in log(servers), what="the last failure is in the log")
    assert "duplicate key value violates unique constraint" in log(servers)
    assert person not in log(servers)
    assert literal not in log(servers)


def test_a_deadlock_is_logged_without_the_statements_it_was_between(servers: Servers) -> None:
    """Its DETAIL quotes both."""
    literal = marker()
    address = secret(servers, "faplog-worker-database")
    with psycopg.connect(address) as one, psycopg.connect(address) as other:
        one.execute("SELECT pg_advisory_xact_lock(71)")
        other.execute("SELECT pg_advisory_xact_lock(72)")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(one.execute, f"SELECT pg_advisory_xact_lock(72), '{literal}'".encode())
            failed = 0
            try:
                other.execute(f"SELECT pg_advisory_xact_lock(71), '{literal}'".encode())
            except psycopg.errors.DeadlockDetected:
                failed += 1
            other.rollback()
            try:
                waiting.result(60)
            except psycopg.errors.DeadlockDetected:
                failed += 1
        assert failed == 1
    until(lambda: "deadlock detected" in log(servers), what="the deadlock is in the log")
    assert literal not in log(servers)
