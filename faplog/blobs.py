"""The object store: plain S3 through obstore, so that MinIO, SeaweedFS, Garage and AWS all work."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

import obstore
from obstore import exceptions
from obstore.store import S3Store

from faplog import telemetry
from faplog.errors import Unavailable

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import BackoffConfig

T = TypeVar("T")

DELETE_BATCH: Final = 300
"""Objects removed by one request. S3 takes 1,000; a store needs about a millisecond for each, and a smaller batch does
not keep others waiting for long."""

HASTY_SEC: Final = 2
"""How long `delete_hastily` waits for the store."""

RETRIES: Final = 2
"""How often a call is repeated where a caller waits, some 100 ms apart."""

PATIENT_RETRIES: Final = 22
"""How often a function that starts from nothing repeats a call, so for some three seconds. The first connections of a
new pod may be refused until network policies know it, and a message that is given back waits for five seconds. Its
first repeat comes after 20 ms, since the refusals of most starts end within 100."""

_LONGEST_PAUSE_SEC: Final = 0.25

_NEVER_SENT: Final = "connection was not ready"
"""What the HTTP client says where a connection was closed between its start and the request. The store's client repeats
calls after every other broken connection, but takes this one for an answer that it does not know."""


class Blobs:
    """One bucket, accessed with the key of one role. Nothing connects before the first call.

    Every method raises `Unavailable` while the store does not answer.
    """

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, *, retries: int = RETRIES) -> None:
        """Name the bucket and the key, and how often a call is repeated while the store does not answer."""
        self.open_store = partial(_open, endpoint, bucket, access_key, secret_key)
        self.store = self.open_store(30, retries)

    @cached_property
    def hasty_store(self) -> S3Store:
        """The store for `delete_hastily`. It takes milliseconds to make, and few processes need it."""
        return self.open_store(HASTY_SEC, 0)

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is no such object."""
        with _call("get"):
            try:
                return bytes(_sent(self.store, lambda: obstore.get(self.store, key)).bytes())
            except (FileNotFoundError, exceptions.NotFoundError):
                return None

    def put(
        self,
        key: str,
        content: bytes | Path | IO[bytes],
        content_type: str | None = None,
        attachment: str | None = None,
    ) -> None:
        """Store an object.

        Args:
            key: Its key.
            content: Bytes, or a file that is read in parts.
            content_type: Its media type.
            attachment: The file name under which a browser saves it when it downloads it by a signed address.
        """
        attributes = {"Content-Type": content_type} if content_type else {}
        if attachment:
            attributes["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment, safe='')}"
        beginning = 0 if isinstance(content, bytes | Path) else content.tell()

        def put() -> None:
            if not isinstance(content, bytes | Path):
                content.seek(beginning)
            obstore.put(self.store, key, content, attributes=attributes, max_concurrency=1)

        with _call("put"):
            _sent(self.store, put)

    def read(self, key: str, part: tuple[int, int] | None = None) -> Iterator[bytes] | None:
        """Return the object's bytes in chunks, or None if there is no such object.

        `Unavailable` may come before the first chunk or in between.

        Args:
            key: Its key.
            part: A range of bytes (first, end), the end excluded; the whole object without it.
        """
        options: GetOptions | None = {"range": part} if part else None
        with _translated():
            try:
                result = _sent(self.store, lambda: obstore.get(self.store, key, options=options))
            except (FileNotFoundError, exceptions.NotFoundError):
                return None
        return _pieces(result)

    def sign(self, key: str, seconds: int) -> str:
        """Return a signed address that serves the object for `seconds` to any client. The store is not asked."""
        return str(obstore.sign(self.store, "GET", key, timedelta(seconds=seconds)))

    def delete(self, *keys: str) -> None:
        """Remove any number of objects, `DELETE_BATCH` at a time. A missing one is no error.

        If it raises `Unavailable`, the batches before stay removed.
        """
        for start in range(0, len(keys), DELETE_BATCH):
            self._delete_batch(self.store, keys[start : start + DELETE_BATCH])

    def delete_hastily(self, *keys: str) -> None:
        """Remove at most `DELETE_BATCH` objects, and give up after `HASTY_SEC`, for callers that hold a lock.

        If it raises `Unavailable`, the store may still remove them.
        """
        self._delete_batch(self.hasty_store, keys)

    def _delete_batch(self, store: S3Store, keys: Sequence[str]) -> None:
        with _call("delete"):
            try:
                _sent(store, lambda: obstore.delete(store, [*keys]))
            except (FileNotFoundError, exceptions.NotFoundError):
                return

    def list(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Yield key and time of last change (seconds since the epoch) of each object under the prefix."""
        with _translated():
            for page in obstore.list(self.store, prefix):
                for item in page:
                    yield item["path"], item["last_modified"].timestamp()


def _sent(store: S3Store, call: Callable[[], T]) -> T:
    """Return the call's result; it is made again, as often as the store repeats calls, where nothing was sent."""
    repeats = (store.retry_config or {}).get("max_retries", 0)
    for _ in range(repeats):
        try:
            return call()
        except exceptions.GenericError as error:
            if _NEVER_SENT not in str(error):
                raise
            time.sleep(_LONGEST_PAUSE_SEC)
    return call()


def _pieces(result: "obstore.GetResult") -> Iterator[bytes]:
    with _translated():
        for piece in result.stream(min_chunk_size=256 * 1024):
            yield bytes(piece)


def _open(endpoint: str, bucket: str, access_key: str, secret_key: str, timeout_sec: int, retries: int) -> S3Store:
    return S3Store(
        bucket,
        endpoint=endpoint,
        access_key_id=access_key,
        secret_access_key=secret_key,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": True,
            "timeout": f"{timeout_sec}s",
            "connect_timeout": f"{min(timeout_sec, 3)}s",
        },
        retry_config={"max_retries": retries, "backoff": _backoff(retries), "retry_timeout": timedelta(seconds=10)},
    )


def _backoff(retries: int) -> "BackoffConfig":
    """Return the pauses between repeats; who repeats often begins sooner."""
    first = timedelta(milliseconds=100 if retries <= RETRIES else 20)
    return {"init_backoff": first, "max_backoff": timedelta(seconds=_LONGEST_PAUSE_SEC), "base": 2}


@contextmanager
def _call(what: str) -> Iterator[None]:
    """Trace one exchange with the store, and translate its errors."""
    with _translated(), telemetry.span(f"object store: {what}", kind="client"):
        yield


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (exceptions.BaseError, OSError) as error:
        raise Unavailable(f"the object store did not answer ({type(error).__name__})") from error
