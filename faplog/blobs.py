"""The object store: plain S3 through obstore, so that MinIO, SeaweedFS, Garage or AWS serve alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from urllib.parse import quote

import obstore
from obstore import exceptions
from obstore.store import S3Store

from faplog import telemetry
from faplog.errors import Unavailable


class Blobs:
    """One bucket, seen with one role's access key. Cheap to make: nothing connects before the first call."""

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str) -> None:
        self.store = S3Store(
            bucket,
            endpoint=endpoint,
            access_key_id=access_key,
            secret_access_key=secret_key,
            region="us-east-1",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True, "timeout": "30s", "connect_timeout": "3s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None where there is none. Raises `Unavailable` while the store is away."""
        with _call("get"):
            try:
                return bytes(obstore.get(self.store, key).bytes())
            except (FileNotFoundError, exceptions.NotFoundError):
                return None

    def put(
        self,
        key: str,
        content: bytes | Path | IO[bytes],
        content_type: str | None = None,
        attachment: str | None = None,
    ) -> None:
        """Store bytes, or a file read in parts, under the key. Raises `Unavailable` while the store is away.

        `attachment` is the name a browser saves the object under that gets it by a signed address.
        """
        attributes = {"Content-Type": content_type} if content_type else {}
        if attachment:
            attributes["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment, safe='')}"
        with _call("put"):
            obstore.put(self.store, key, content, attributes=attributes, max_concurrency=2)

    def read(self, key: str, part: tuple[int, int] | None = None) -> Iterator[bytes] | None:
        """The object's bytes in pieces, or those of a part (from, up to), or None where there is no such object.

        Raises `Unavailable` while the store is away, before the first piece or in the middle.
        """
        with _translated():
            try:
                result = obstore.get(self.store, key, options={"range": part} if part else None)
            except (FileNotFoundError, exceptions.NotFoundError):
                return None
        return _pieces(result)

    def sign(self, key: str, seconds: int) -> str:
        """An address at which anybody can get the object for so many seconds; made without asking the store."""
        return str(obstore.sign(self.store, "GET", key, timedelta(seconds=seconds)))

    def delete(self, *keys: str) -> None:
        """Remove the objects; one that is not there is no error. Raises `Unavailable` while the store is away."""
        with _call("delete"):
            try:
                obstore.delete(self.store, list(keys))
            except (FileNotFoundError, exceptions.NotFoundError):
                return

    def list(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Key and time of last change (seconds since the epoch) of each object under the prefix, page by page."""
        with _translated():
            for page in obstore.list(self.store, prefix):
                for item in page:
                    yield item["path"], item["last_modified"].timestamp()


def _pieces(result: "obstore.GetResult") -> Iterator[bytes]:
    with _translated():
        for piece in result.stream(min_chunk_size=256 * 1024):
            yield bytes(piece)


@contextmanager
def _call(what: str) -> Iterator[None]:
    """One whole exchange with the store: a span around it, errors in our words."""
    with _translated(), telemetry.span(f"object store: {what}", kind="client"):
        yield


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (exceptions.BaseError, OSError) as error:
        raise Unavailable(f"the object store did not answer ({type(error).__name__})") from error
