"""Postgres: two roles, neither of which owns a table, each with its own small pool and row-level security under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Final, cast
from uuid import UUID

import psycopg
from flask import current_app
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from faplog.errors import Unavailable

EXTENSION: Final = "faplog.database"
"""Where `handler.create_app` puts the `Database` among the app's extensions."""

POOL_SIZE: Final = 4
POOL_WAIT_SEC: Final = 5.0
_SERVER_OPTIONS: Final = " ".join(
    f"-c {name}={milliseconds}"
    for name, milliseconds in {
        "statement_timeout": 15_000,
        "lock_timeout": 10_000,
        "idle_in_transaction_session_timeout": 60_000,
    }.items()
)

Conn = Connection[DictRow]


class Database:
    """The pools of both roles. Nothing connects before the first transaction, which is after gunicorn's fork."""

    def __init__(self, api_url: str, worker_url: str) -> None:
        self._urls = {"api": api_url, "worker": worker_url}
        self._pools: dict[str, ConnectionPool[Conn]] = {}
        self._lock = Lock()

    @contextmanager
    def api(self, user_id: UUID, *, durable: bool = True) -> Iterator[Conn]:
        """A transaction as role `faplog_api`, which sees the rows of this user and no others.

        One that is not `durable` may be forgotten by a crash of the server until a later durable one is committed.

        Raises:
            Unavailable: Postgres is away, busy or took too long; nothing was committed.
        """
        with self._transaction("api") as connection:
            connection.execute(
                """
                SELECT set_config('app.current_user_id', %s, true),
                    CASE WHEN %s THEN '' ELSE set_config('synchronous_commit', 'off', true) END
                """,
                [str(user_id), durable],
            )
            yield connection

    @contextmanager
    def visitor(self) -> Iterator[Conn]:
        """A transaction as role `faplog_api` for nobody in particular: it sees no rows. Raises `Unavailable`."""
        with self._transaction("api") as connection:
            yield connection

    @contextmanager
    def worker(self) -> Iterator[Conn]:
        """A transaction as role `faplog_worker`: results, reconcile and the login look-up. Raises `Unavailable`."""
        with self._transaction("worker") as connection:
            yield connection

    @contextmanager
    def alone(self, number: int) -> Iterator[bool]:
        """Whether nobody else holds the advisory lock of this number; held until the block ends. Raises `Unavailable`.

        On a connection of its own: the lock lives as long as the process, not as long as a transaction may.
        """
        try:
            with psycopg.connect(self._urls["worker"], autocommit=True, connect_timeout=3) as connection:
                row = connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
                yield row is not None and bool(row[0])
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database did not answer ({type(error).__name__})") from error

    @contextmanager
    def _transaction(self, role: str) -> Iterator[Conn]:
        try:
            with self._pool(role).connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise Unavailable(f"the database did not answer ({type(error).__name__})") from error

    def _pool(self, role: str) -> ConnectionPool[Conn]:
        with self._lock:
            if role not in self._pools:
                self._pools[role] = ConnectionPool(
                    self._urls[role],
                    connection_class=cast("type[Conn]", Connection),
                    kwargs={
                        "row_factory": dict_row,
                        "options": _SERVER_OPTIONS,
                        "connect_timeout": 3,
                        "application_name": f"faplog-{role}",
                    },
                    min_size=1,
                    max_size=POOL_SIZE,
                    timeout=POOL_WAIT_SEC,
                    max_idle=120,
                    check=partial(self._check, role),
                    name=role,
                    open=True,
                )
            return self._pools[role]

    def _check(self, role: str, connection: Conn) -> None:
        """Raise what a dead connection raises, and make its idle siblings anew: they died with the same server.

        The pool alone finds them one by one, with a pause after each that doubles, for longer than a request may wait.
        """
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.Error:
            self._pools[role].drain()
            raise

    def close(self) -> None:
        """Give all connections back to the server."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()


def database() -> Database:
    """The database of the running app."""
    return cast("Database", current_app.extensions[EXTENSION])


@contextmanager
def api_transaction(user_id: UUID) -> Iterator[Conn]:
    """`Database.api` of the running app."""
    with database().api(user_id) as connection:
        yield connection


@contextmanager
def visitor_transaction() -> Iterator[Conn]:
    """`Database.visitor` of the running app."""
    with database().visitor() as connection:
        yield connection


@contextmanager
def worker_transaction() -> Iterator[Conn]:
    """`Database.worker` of the running app."""
    with database().worker() as connection:
        yield connection
