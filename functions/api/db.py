"""Postgres: two roles, neither of which owns a table, each with its own small pool and row-level security under it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from select import POLLIN, poll
from threading import Event, Lock
from typing import Any, Final, LiteralString, cast
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from faplog.errors import Unavailable

POOL_SIZE: Final = 4
POOL_WAIT_SEC: Final = 5.0
CONNECT_SEC: Final = 10.0
"""How long a connection is tried at short intervals. The pool alone pauses for 1 s, 2 s, 4 s, 8 s and so on: a process
whose connections are refused for eight seconds would answer 503 for fifteen."""

_CONNECT_PAUSE_SEC: Final = 0.25
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
    """The pools of both roles. Nothing connects before the first transaction."""

    def __init__(self, api_url: str, worker_url: str) -> None:
        self._urls = {"api": api_url, "worker": worker_url}
        self._pools: dict[str, ConnectionPool[Conn]] = {}
        self._lock = Lock()
        self._closed = Event()

    @contextmanager
    def api(self, user_id: UUID, *, durable: bool = True) -> Iterator[Conn]:
        """Open a transaction as role `faplog_api`, which sees only the rows of this user.

        Args:
            user_id: The user.
            durable: If false, a crash of the server may lose the transaction until a later durable one is committed.

        Raises:
            Unavailable: Postgres is away, busy or took too long; nothing was committed.
        """
        begin = _begin_as(user_id)
        if not durable:
            begin += b"; SET LOCAL synchronous_commit = off"
        with self._transaction("api", begin) as connection:
            yield connection

    def api_row(self, user_id: UUID, statement: LiteralString, values: Sequence[Any]) -> DictRow | None:
        """Return the first row of one statement as role `faplog_api`, which sees only the rows of this user.

        The whole transaction takes one round trip, where `api` takes three. Raises `Unavailable`.
        """
        with self._connection("api") as connection:
            query = psycopg.ClientCursor(connection).mogrify(statement, values).encode()
            found = connection.execute(b"%b; %b; COMMIT" % (_begin_as(user_id), query), prepare=False)
            while found.description is None and found.nextset():
                pass
            return found.fetchone()

    @contextmanager
    def anonymous(self) -> Iterator[Conn]:
        """Open a transaction as role `faplog_api` without a user: it sees no rows. Raises `Unavailable`."""
        with self._transaction("api") as connection:
            yield connection

    @contextmanager
    def worker(self) -> Iterator[Conn]:
        """Open a transaction as role `faplog_worker`: results, reconcile and logins. Raises `Unavailable`."""
        with self._transaction("worker") as connection:
            yield connection

    def worker_row(self, statement: LiteralString, values: Sequence[Any]) -> DictRow | None:
        """Return the first row of one statement as role `faplog_worker`, by one round trip. Raises `Unavailable`."""
        with self._connection("worker") as connection:
            return connection.execute(statement, values).fetchone()

    @contextmanager
    def advisory_lock(self, number: int) -> Iterator[bool]:
        """Try to take an advisory lock and hold it until the block ends.

        The lock has a connection of its own, because it may be held for longer than a transaction may take.

        Yields:
            Whether the lock was taken; false if another session holds it.

        Raises:
            Unavailable: Postgres is away.
        """
        try:
            with psycopg.connect(self._urls["worker"], autocommit=True, connect_timeout=3) as connection:
                row = connection.execute("SELECT pg_try_advisory_lock(%s)", [number]).fetchone()
                yield row is not None and bool(row[0])
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database did not answer ({type(error).__name__})") from error

    @contextmanager
    def _transaction(self, role: str, begin: bytes = b"BEGIN") -> Iterator[Conn]:
        """Open a transaction by statements that are sent at once; psycopg alone would take a round trip for its own."""
        with self._connection(role) as connection:
            connection.execute(begin, prepare=False)
            yield connection

    @contextmanager
    def _connection(self, role: str) -> Iterator[Conn]:
        """Lend a connection of the role's pool. A transaction that was begun on it is committed, or rolled back."""
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
                    connection_class=_persistent(self._closed),
                    kwargs={
                        "autocommit": True,
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
        """Raise if the connection is dead, after replacing all idle connections: they died with the same server.

        The pool alone would find them one by one, with a pause after each that doubles, for longer than a request may
        wait. A server that ends a connection, or ends itself, is heard on the socket, so that only then it is asked.
        """
        try:
            if _has_input(connection):
                ConnectionPool.check_connection(connection)
        except psycopg.Error:
            self._pools[role].drain()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._closed.set()
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()
        self._closed.clear()


def _persistent(closed: Event) -> type[Conn]:
    """Return the class of connections that are tried for `CONNECT_SEC`, or until the event is set."""

    class Persistent(Connection[Any]):
        @classmethod
        def connect(cls, *args: Any, **kwargs: Any) -> Any:
            give_up = time.monotonic() + CONNECT_SEC
            while True:
                try:
                    return super().connect(*args, **kwargs)
                except psycopg.OperationalError:
                    if time.monotonic() >= give_up or closed.wait(_CONNECT_PAUSE_SEC):
                        raise

    return cast("type[Conn]", Persistent)


def _has_input(connection: Conn) -> bool:
    """Return whether something has arrived on an idle connection. Raises `OperationalError` if it is closed here."""
    socket = poll()
    socket.register(connection.fileno(), POLLIN)
    return bool(socket.poll(0))


def _begin_as(user_id: UUID) -> bytes:
    """Return the statements that begin a transaction in which only the rows of this user are seen."""
    return b"BEGIN; SET LOCAL app.current_user_id = '%b'" % str(user_id).encode()


def lock_user(connection: Conn, user_id: UUID) -> bool:
    """Lock the user's row until the transaction ends, and return whether there is such a user."""
    return connection.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [user_id]).fetchone() is not None
