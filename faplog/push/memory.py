"""The record of sent logs: a small SQLite database. A process killed at any time loses at most its last entry.

Without this note the next start sends one file again, and the server recognises its content.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import platformdirs

from faplog.push.exits import Exit, Stopped
from faplog.push.folder import Stamp

BUSY_SEC: Final = 30.0
_SCHEMA: Final = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;  -- does not wait for the disk: a power cut may lose notes, but tears none
    CREATE TABLE IF NOT EXISTS sent (
        account BLOB NOT NULL, sha256 BLOB NOT NULL, sent_at TEXT NOT NULL, PRIMARY KEY (account, sha256)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS file (
        path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 BLOB NOT NULL
    ) WITHOUT ROWID;
"""
_IS_SENT: Final = "SELECT 1 FROM sent WHERE account = ? AND sha256 = ?"
_NOTE_SENT: Final = "INSERT OR IGNORE INTO sent (account, sha256, sent_at) VALUES (?, ?, ?)"
_NOTE_FILE: Final = "INSERT OR REPLACE INTO file (path, size, mtime_ns, sha256) VALUES (?, ?, ?, ?)"
_SENT_FILES: Final = """
    SELECT path, size, mtime_ns FROM file JOIN sent USING (sha256) WHERE account = ?
"""


class Memory:
    """The logs that were sent to one server with one token."""

    def __init__(self, connection: sqlite3.Connection, account: bytes) -> None:
        """Use an open database.

        Args:
            connection: The database.
            account: Stands for the server and the token; see `account_key`.
        """
        self._connection = connection
        self._account = account

    def is_sent(self, digest: bytes) -> bool:
        """Return whether content with this SHA-256 was sent."""
        return self._connection.execute(_IS_SENT, [self._account, digest]).fetchone() is not None

    def note(self, path: Path, stamp: Stamp, digest: bytes) -> None:
        """Note that the content of a file was sent. A process that is killed after this does not lose it."""
        with self._connection:
            self._connection.execute(_NOTE_SENT, [self._account, digest, datetime.now(UTC).isoformat()])
            self._connection.execute(_NOTE_FILE, [os.fsencode(path), stamp.size, stamp.mtime_ns, digest])

    def sent_files(self) -> dict[Path, Stamp]:
        """Return the files that were sent and their stamps: with the same stamp they need not be read again."""
        rows = self._connection.execute(_SENT_FILES, [self._account])
        return {Path(os.fsdecode(path)): Stamp(size, mtime_ns) for path, size, mtime_ns in rows}


@contextmanager
def opened(file: Path, account: bytes) -> Iterator[Memory]:
    """Open the memory for one account; create it if there is none.

    Raises:
        Stopped: The file cannot be used, also later on.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=BUSY_SEC)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(file, error) from None
    try:
        connection.executescript(_SCHEMA)
        yield Memory(connection, account)
    except sqlite3.Error as error:
        raise _unusable(file, error) from None
    finally:
        connection.close()


def account_key(url: str, token: str) -> bytes:
    """Return what stands for a server and an account in the memory. The token cannot be computed from it."""
    return sha256(f"{url}\n{token}".encode()).digest()


def default_file() -> Path:
    """Return the place of the memory on this platform."""
    return platformdirs.user_state_path("faplog", appauthor=False) / "push.sqlite3"


def _unusable(file: Path, error: Exception) -> Stopped:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Stopped(
        Exit.USAGE,
        f"The state file {file} cannot be used ({reason}). Name another with --state, or remove it: the server "
        "recognises what it was sent before.",
    )
