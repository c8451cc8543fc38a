"""The object store through `faplog.blobs`, against the real S3 server and each role's own key."""

import os
from pathlib import Path
from uuid import uuid4

import obstore
import pytest
from obstore.store import S3Store

from faplog.blobs import Blobs
from faplog.errors import Unavailable
from faplog.reachable import bypass_proxy
from standalone.servers import Servers
from tests import buckets
from tests.conftest import free_port

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def blobs(servers: Servers) -> Blobs:
    return buckets.of_servers(servers)


def test_what_is_put_is_got_and_gone_after_delete(blobs: Blobs) -> None:
    key = f"logs/{uuid4()}.csv"
    blobs.put(key, b"Date;Time\n")
    assert blobs.get(key) == b"Date;Time\n"
    blobs.delete(key)
    assert blobs.get(key) is None


def test_a_missing_object_is_none_and_deleting_it_no_error(blobs: Blobs) -> None:
    key = f"logs/{uuid4()}.csv"
    assert blobs.get(key) is None
    blobs.delete(key, f"series/{uuid4()}")


def test_many_objects_are_deleted_in_batches(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"series/{uuid4()}" for _ in range(5)]
    for key in keys:
        blobs.put(key, b"series")
    batches: list[int] = []
    delete = obstore.delete

    def counted(store: S3Store, paths: list[str]) -> None:
        batches.append(len(paths))
        delete(store, paths)

    monkeypatch.setattr("faplog.blobs.DELETE_BATCH", 2)
    monkeypatch.setattr(obstore, "delete", counted)
    blobs.delete(*keys)
    assert batches == [2, 2, 1]
    assert [blobs.get(key) for key in keys] == [None] * 5
    blobs.delete()
    assert batches == [2, 2, 1]


def test_an_empty_object_is_not_a_missing_one(blobs: Blobs) -> None:
    key = f"series/{uuid4()}"
    blobs.put(key, b"")
    assert blobs.get(key) == b""


def test_a_file_is_stored_without_reading_it_whole(blobs: Blobs, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"0123456789abcdef" * (1 << 20))
    key = f"logs/{uuid4()}.csv"
    blobs.put(key, path)
    assert blobs.get(key) == path.read_bytes()
    blobs.delete(key)


def test_objects_are_listed_with_their_age(blobs: Blobs) -> None:
    user = uuid4()
    keys = {f"averages/{user}/{number:064x}.json" for number in range(3)}
    for key in keys:
        blobs.put(key, b"[]")
    listed = dict(blobs.list(f"averages/{user}/"))
    assert listed.keys() == keys
    assert min(listed.values()) > 1.7e9
    blobs.delete(*keys)


def test_a_wrong_key_is_refused(servers: Servers) -> None:
    access = (servers.secrets / "faplog-api-s3-access-key").read_text("utf-8").strip()
    with pytest.raises(Unavailable):
        Blobs(servers.s3.endpoint, servers.s3.bucket, access, "wrong").get(f"logs/{uuid4()}.csv")


def test_a_store_that_is_away_is_unavailable_and_names_no_secret() -> None:
    away = Blobs("http://127.0.0.1:9", "faplog", "access", "very-secret")
    with pytest.raises(Unavailable) as caught:
        away.put("logs/x.csv", b"x")
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("role", "key"), [("analyse", "logs/x.csv"), ("average", "series/x"), ("average", "logs/x.csv")]
)
def test_a_function_may_not_write_where_it_has_no_business(servers: Servers, role: str, key: str) -> None:
    with pytest.raises(Unavailable):
        buckets.of_servers(servers, role).put(key, b"x")


def test_average_may_not_read_logs(servers: Servers, blobs: Blobs) -> None:
    key = f"logs/{uuid4()}.csv"
    blobs.put(key, b"private")
    with pytest.raises(Unavailable):
        buckets.of_servers(servers, "average").get(key)
    blobs.delete(key)


def test_no_proxy_stands_before_a_store_on_this_machine(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "intranet.example")
    with pytest.raises(Unavailable):
        buckets.of_servers(servers).get(f"logs/{uuid4()}.csv")
    bypass_proxy()
    assert buckets.of_servers(servers).get(f"logs/{uuid4()}.csv") is None
    assert os.environ["no_proxy"] == "intranet.example,127.0.0.1,localhost"
