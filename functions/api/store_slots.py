"""Limits on concurrent work that waits for the object store.

A store that hangs holds every request that waits for it. The limits of a process add up to less than its threads, so
that requests that need no store, such as a login, still find a thread.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Condition
from typing import IO, Final

from obstore.store import S3Store

from faplog.blobs import Blobs
from faplog.errors import Busy

SLOW_SEC: Final = 1.0
"""How long a request waits for a slot of the store."""


class Slots:
    """A number of slots for one kind of work."""

    def __init__(self, kind: str, size: int, wait_sec: float = SLOW_SEC) -> None:
        """Make the slots.

        Args:
            kind: The name of the work, for the log.
            size: How much of it may be in progress at once, at least 1.
            wait_sec: How long a request waits for a slot at most; it does not wait if the oldest work has taken longer.
        """
        self.size = max(1, size)
        self._kind = kind
        self._wait_sec = wait_sec
        self._changed = Condition()
        self._began: dict[object, float] = {}
        """When the work in each taken slot began, oldest first."""
        self._waiting: list[object] = []
        """Who waits for a slot, first come first."""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a slot until the block ends. Who waits longest gets the next one.

        Raises:
            Busy: All slots are taken, and none became free in time.
        """
        token = object()
        asked = time.monotonic()
        with self._changed:
            self._waiting.append(token)
            try:
                while len(self._began) >= self.size or self._waiting[0] is not token:
                    oldest = next(iter(self._began.values()), asked)
                    patience = min(asked, oldest) + self._wait_sec - time.monotonic()
                    if patience <= 0:
                        raise Busy(self._kind)
                    self._changed.wait(patience)
                self._began[token] = time.monotonic()
            finally:
                self._waiting.remove(token)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                del self._began[token]
                self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class StoreSlots:
    """The slots of one process. Their sum is less than its threads if it has four or more."""

    uploads: Slots
    downloads: Slots
    """Responses that are streamed from the store; each holds its slot until its last byte."""

    calls: Slots
    """Single calls of everything else."""

    @classmethod
    def of_threads(cls, threads: int) -> "StoreSlots":
        """Share the threads of a process: three eighths, a quarter, a quarter; the rest needs no store."""
        return cls(
            uploads=Slots("uploads", threads * 3 // 8),
            downloads=Slots("downloads", threads // 4),
            calls=Slots("object store", threads // 4),
        )


class SlottedBlobs(Blobs):
    """An object store that a limited number of threads may call at once. Further calls raise `Busy`."""

    def __init__(self, blobs: Blobs, slots: Slots) -> None:
        self.store = blobs.store
        self.open_store = blobs.open_store
        self._slots = slots

    def get(self, key: str) -> bytes | None:
        """Read an object, holding a slot."""
        with self._slots.hold():
            return super().get(key)

    def put(
        self,
        key: str,
        content: bytes | Path | IO[bytes],
        content_type: str | None = None,
        attachment: str | None = None,
    ) -> None:
        """Store an object, holding a slot."""
        with self._slots.hold():
            super().put(key, content, content_type, attachment)

    def read(self, key: str, part: tuple[int, int] | None = None) -> Iterator[bytes] | None:
        """Open an object, holding a slot until its first bytes can be read."""
        with self._slots.hold():
            return super().read(key, part)

    def _delete_batch(self, store: S3Store, keys: Sequence[str]) -> None:
        with self._slots.hold():
            super()._delete_batch(store, keys)

    def list(self, prefix: str) -> Iterator[tuple[str, float]]:
        """List objects, holding a slot until the last one."""
        with self._slots.hold():
            yield from super().list(prefix)
