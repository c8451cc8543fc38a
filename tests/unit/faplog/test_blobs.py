"""What the object store's client does not repeat by itself; everything else is proven against the real store."""

import io
import time

import obstore
import pytest
from obstore import exceptions

from faplog.blobs import Blobs
from faplog.errors import Unavailable

NOT_READY = "Generic S3 error: HTTP error: error sending request … hyper::Error(Canceled, connection was not ready)"
OTHER = "Generic S3 error: server returned 500"


class Store:
    """Fails the first calls, and keeps what the others were given."""

    def __init__(self, failures: int, text: str = NOT_READY) -> None:
        self.calls = 0
        self.put: list[bytes] = []
        self._failures = failures
        self._text = text

    def __call__(self, store: object, key: str, content: io.BytesIO, **_: object) -> None:
        """Take the place of `obstore.put`: the content is read before the call fails."""
        self.calls += 1
        read = content.read()
        if self.calls <= self._failures:
            raise exceptions.GenericError(self._text)
        self.put.append(read)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Blobs:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return Blobs("http://127.0.0.1:9", "faplog", "access", "secret", retries=3)


def test_a_call_that_was_never_sent_is_made_again_from_the_files_beginning(
    store: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = Store(failures=3)
    monkeypatch.setattr(obstore, "put", fake)
    file = io.BytesIO(b"head,log")
    file.seek(5)
    store.put("logs/x.csv", file)
    assert fake.put == [b"log"]


def test_it_ends_after_the_retries(store: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Store(failures=4)
    monkeypatch.setattr(obstore, "put", fake)
    with pytest.raises(Unavailable):
        store.put("logs/x.csv", io.BytesIO(b"log"))
    assert fake.calls == 4


def test_what_the_client_has_repeated_itself_is_not_repeated(store: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Store(failures=1, text=OTHER)
    monkeypatch.setattr(obstore, "put", fake)
    with pytest.raises(Unavailable):
        store.put("logs/x.csv", io.BytesIO(b"log"))
    assert fake.calls == 1
